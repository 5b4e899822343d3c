import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./code-blocks.ts";

const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

test.each(PAGES)("every link of %s leads somewhere", (page) => {
  const targets = [...textOf(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map((match) => match[1] ?? "");
  const broken = targets.filter((target) => !/^https?:/.test(target) && !existsSync(join(ROOT, dirname(page), target)));
  expect(broken).toEqual([]);
});

test("every page of the docs can be reached from the README", () => {
  const reached = new Set<string>();
  const visit = (page: string): void => {
    if (reached.has(page) || !existsSync(join(ROOT, page))) return;
    reached.add(page);
    for (const [, target = ""] of textOf(page).matchAll(/\]\(([^)#]+\.md)/g)) visit(join(dirname(page), target));
  };
  visit("README.md");
  expect(PAGES.filter((page) => !reached.has(page) && page !== "CHANGELOG.md")).toEqual([]);
});

describe("the page on architecture", () => {
  test("tells of every room what it leans on", () => {
    const told = [...textOf("ARCHITECTURE.md").matchAll(/^\| `(\w+)` +\|[^|]*\|([^|]*)\|$/gm)];
    const rooms = told.map(([, room = "", leans = ""]) => [room, leans.trim() === "–" ? [] : leans.trim().split(", ")]);
    expect(Object.fromEntries(rooms)).toEqual(importsByRoom());
  });

  test("leads to five files that are there", () => {
    const files = [...textOf("ARCHITECTURE.md").matchAll(/^\d\. `(src\/\S+)`/gm)].map((match) => match[1] ?? "");
    expect(files).toHaveLength(5);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe("the page on invariants", () => {
  const rows = [...textOf("docs/invariants/README.md").matchAll(/^\| (I\d+) +\|.*\| *([^|]+?) *\|$/gm)];

  test("has numbers without a gap", () => {
    expect(rows.map(([, number]) => number)).toEqual(rows.map((_row, index) => `I${index + 1}`));
  });

  test.each(rows.map(([, number = "", tried = ""]) => [number, tried] as const))(
    "%s is tried by tests that are there: %s",
    (_number, tried) => {
      const files = [...tried.matchAll(/`([^`]+\.test\.ts)`/g)].map((match) => match[1] ?? "");
      expect(files).not.toEqual([]);
      expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    },
  );
});

/** Rooms in the order of the list, with the rooms that they import, in the same order. */
function importsByRoom(): Readonly<Record<string, readonly string[]>> {
  const order = [...textOf("ARCHITECTURE.md").matchAll(/^\| `(\w+)`/gm)].map((match) => match[1] ?? "");
  const rooms = readdirSync(join(ROOT, "src"));
  return Object.fromEntries(
    rooms.map((room) => {
      const files = readdirSync(join(ROOT, "src", room), { recursive: true, encoding: "utf8" });
      const code = files
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
        .map((name) => textOf(join("src", room, name)))
        .join("\n");
      const imported = new Set([...code.matchAll(/from "(?:\.\.\/)+(\w+)\//g)].map((match) => match[1] ?? ""));
      return [room, order.filter((other) => other !== room && imported.has(other))];
    }),
  );
}

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}
