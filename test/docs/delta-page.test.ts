import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { codeBlocksOf, ROOT } from "./code-blocks.ts";

const PAGE = "docs/sluice-delta.md";
// Inside the repository, so that the compiler and Node find the package by its name.
const CACHE = join(ROOT, ".cache");
const RUN_MS = 120_000;

describe("the page about sluice/delta", () => {
  const code = codeBlocksOf(PAGE)
    .filter((block) => block.language === "ts")
    .map((block) => block.code)
    .join("\n");
  let folder: string;
  beforeAll(() => {
    mkdirSync(CACHE, { recursive: true });
    folder = mkdtempSync(join(CACHE, "delta-page-"));
    // Paths of the page are relative to where it is run.
    const inFolder = code.replaceAll(/"\.\/(orders|nowhere)"/g, (_, name: string) =>
      JSON.stringify(join(folder, name)),
    );
    writeFileSync(join(folder, "page.ts"), inFolder);
    const settings = { extends: "../../tsconfig.json", include: ["."] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is a program that the compiler takes", { timeout: RUN_MS }, () => {
    const compiler = join(ROOT, "node_modules/.bin/tsc");
    expect(() => execFileSync(compiler, ["--noEmit", "-p", folder], { encoding: "utf8" })).not.toThrow();
  });

  test("prints what the page says", { timeout: RUN_MS }, async () => {
    const lines: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
      lines.push(...format(...values).split("\n"));
    });
    try {
      await import(join(folder, "page.ts"));
    } finally {
      log.mockRestore();
    }
    const said = [...code.matchAll(/^\/\/ → ?(.*)$/gm)].map(([, line]) => line);
    expect(said.length).toBeGreaterThan(10);
    expect(lines).toEqual(said);
  });
});
