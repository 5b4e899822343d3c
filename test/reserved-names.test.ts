import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isReservedName } from "../src/contract/index.ts";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));

/** Rooms whose SQL runs over the rows of users. */
const ROOMS = ["engine", "quality", "layers", "lake"];

/** Names that are no columns. */
const OTHER = new Set(["__proto__", "__dirname", "__HIVE_DEFAULT_PARTITION__"]);

test("every column that our SQL gives to rows on their way has a name that no column of a user can have", () => {
  const names = new Set(ROOMS.flatMap((room) => namesIn(join(SOURCE, room))));
  expect(names.size).toBeGreaterThan(15);
  expect([...names].filter((name) => !isReservedName(name))).toEqual([]);
});

test("other names that begin alike stay the user's", () => {
  expect(["__typename", "__v", "__key", "__k", "__at1", "_at"].filter((name) => isReservedName(name))).toEqual([]);
});

function namesIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/\b__[A-Za-z]\w*(?:\$\{)?/g)])
    .map(([name]) => name.replace("${", "0")) // `__k${index}` stands for `__k0`, `__k1` …
    .filter((name) => !OTHER.has(name));
}
