import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import lock from "../package-lock.json" with { type: "json" };
import { countTests } from "../scripts/test-count.mjs";

describe("a fresh clone", () => {
  test("is not refused by npm ci: the lock file has the packages of every platform, also of those that its author has not", () => {
    const packages = lock.packages as Readonly<Record<string, { readonly optionalDependencies?: object }>>;
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined,
      ),
    );
    expect(missing).toEqual([]);
  });
});

describe("the number of tests that continuous integration tells", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-report-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["all passed", true, [file("a", "passed", "passed", "passed")], { passed: 2, failed: 0, skipped: 0 }],
    ["some skipped", true, [file("a", "passed", "passed", "pending", "todo")], { passed: 1, failed: 0, skipped: 2 }],
    ["one failed", false, [file("a", "failed", "passed", "failed")], { passed: 1, failed: 1, skipped: 0 }],
    [
      "a file that could not be loaded",
      false,
      [file("a", "failed"), file("b", "passed", "passed")],
      { passed: 1, failed: 1, skipped: 0 },
    ],
    ["an error outside of every test", false, [file("a", "passed", "passed")], { passed: 1, failed: 1, skipped: 0 }],
  ])("%s", (_title, success, testResults, expected) => {
    const report = join(folder, "report.json");
    writeFileSync(report, JSON.stringify({ success, testResults }));
    expect(countTests(report)).toEqual(expected);
  });

  test("no report at all", () => {
    expect(countTests(join(folder, "none.json"))).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

function file(name: string, status: string, ...tests: readonly string[]): object {
  return { name, status, assertionResults: tests.map((one) => ({ status: one })) };
}
