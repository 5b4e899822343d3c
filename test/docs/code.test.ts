import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/cli/load-config.ts";
import { codeBlocksOf, ROOT, wholeConfig } from "./code-blocks.ts";

const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    // The page about sluice/delta is a program of its own.
    .filter((name) => name.endsWith(".md") && name !== "sluice-delta.md")
    .map((name) => `docs/${name}`),
];
const BLOCKS = PAGES.flatMap((page) => codeBlocksOf(page)).filter((block) => block.language === "ts");
// Inside the repository, so that the compiler finds its settings and the package by its name.
const FOLDER = join(ROOT, ".cache", "docs-code");

describe("code in the docs", () => {
  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    for (const [index, block] of BLOCKS.entries()) {
      mkdirSync(join(FOLDER, String(index)), { recursive: true });
      writeFileSync(join(FOLDER, String(index), "sluice.config.ts"), wholeConfig(block.code));
    }
    const settings = { extends: "../../tsconfig.json", compilerOptions: { noUnusedLocals: false }, include: ["."] };
    writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(settings));
  });
  afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

  test("there is some", () => {
    expect(BLOCKS.length).toBeGreaterThan(8);
  });

  test("the compiler takes all of it", () => {
    expect(compile).not.toThrow();
  });

  test.each(BLOCKS.map((block, index) => [`${block.page}:${block.line}`, index] as const))(
    "%s is a configuration without a mistake",
    async (_place, index) => {
      const { definition } = await loadConfig(join(FOLDER, String(index)), { env: {} });
      expect(definition.tables.length).toBeGreaterThan(0);
    },
  );
});

describe("the configuration page", () => {
  test("has every option that the builders take", () => {
    const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
    const builders = ["table.ts", "lake.ts", "dynamodb.ts"].map((name) => `definition/builders/${name}`);
    const options = [...builders, "storage/s3/s3-options.ts"].flatMap((name) => {
      const code = readFileSync(join(ROOT, "src", name), "utf8");
      const interfaces = code.matchAll(/interface (?:\w+Options|TableMeaning)\b.*?\n\}/gs);
      return [...interfaces].flatMap(([body]) =>
        [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? ""),
      );
    });
    expect(options.length).toBeGreaterThan(25);
    expect(options.filter((name) => !new RegExp(`\`(?:engine\\.)?${name}[\`,]`).test(page))).toEqual([]);
  });
});

describe("the page on AWS DMS", () => {
  test("has every option of the source, and every setting of the endpoint that matters", () => {
    const page = readFileSync(join(ROOT, "docs/dms.md"), "utf8");
    const code = readFileSync(join(ROOT, "src/definition/builders/dms.ts"), "utf8");
    const options = [...code.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? "");
    expect(options.length).toBeGreaterThan(15);
    expect(options.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

describe("the page on publishing", () => {
  test("has every option that a target takes", () => {
    const page = readFileSync(join(ROOT, "docs/publish.md"), "utf8");
    const code = readFileSync(join(ROOT, "src/definition/builders/dynamodb-target.ts"), "utf8");
    const options = [...code.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? "");
    const own = options.filter((name) => name !== "system" && name !== "options");
    expect(own.length).toBeGreaterThan(8);
    expect(own.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
  });
});

function compile(): string {
  return execFileSync(join(ROOT, "node_modules", ".bin", "tsc"), ["--noEmit", "-p", FOLDER], { encoding: "utf8" });
}
