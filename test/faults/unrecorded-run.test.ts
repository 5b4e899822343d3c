import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeExport } from "../builders/dynamodb-export.ts";
import { item } from "../builders/dynamodb-item.ts";
import { oneTableLakes, type OneTableLakes } from "./one-table-lake.ts";
import { sluice } from "./product.ts";

let lakes: OneTableLakes;

beforeAll(async () => {
  lakes = await oneTableLakes();
});

afterAll(async () => {
  await lakes[Symbol.asyncDispose]();
});

test("a run that cannot be recorded has done its work all the same, and says so (F57)", async () => {
  const lake = lakes.newLake({});
  writeExport(lake.exports, { full: "2026-01-01T00:00:00Z", items: [item({ id: "a" })] }, { table: "things" });
  // A file stands where the table of runs is to be.
  mkdirSync(join(lake.lake, "system"), { recursive: true });
  writeFileSync(join(lake.lake, "system", "runs"), "");
  const { status, stdout, stderr } = await sluice(lake, ["run", "--json"]);
  const report = JSON.parse(stdout) as { readonly unrecorded: { readonly code: string } | null };
  expect({ status, code: report.unrecorded?.code }).toEqual({
    status: 0,
    code: expect.stringMatching(/^storage\./) as string,
  });
  expect(stderr).toContain("not recorded in system.runs");
  const rows = await lakes.reader.rows(lake.lake, "SELECT id FROM t", { t: "silver/things" });
  expect(rows).toEqual([{ id: "a" }]);
});
