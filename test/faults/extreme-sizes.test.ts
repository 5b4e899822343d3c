import { afterAll, beforeAll, expect, test } from "vitest";
import { writeExport } from "../builders/dynamodb-export.ts";
import { attribute, item, type Attribute, type Item } from "../builders/dynamodb-item.ts";
import { oneTableLakes, type OneTableLakes } from "./one-table-lake.ts";
import { runJson, sluiceOk } from "./product.ts";
import { sorted, tracedRecord } from "./traced-record.ts";

const HOURS = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", "2026-01-01T03:00:00Z"] as const;

let lakes: OneTableLakes;

beforeAll(async () => {
  lakes = await oneTableLakes();
});

afterAll(async () => {
  await lakes[Symbol.asyncDispose]();
});

test(
  "an item of 400 KB, 10,000 attributes, 32 levels: each comes through and is rebuilt (F42)",
  { timeout: 120_000 },
  async () => {
    const lake = lakes.newLake({ columns: "size: s.long(), deep: s.string().from(['nest', 'x', 'x', 'v'])," });
    let nest: Attribute = attribute({ v: "bottom" });
    for (let level = 0; level < 30; level += 1) nest = { M: { x: nest, v: { S: `level ${level}` } } };
    const items: readonly Item[] = [
      item({ id: "large", text: 'é"\\\n'.repeat(66_000), size: 1 }),
      item({ id: "wide", size: 2, ...many((n) => `attribute${n}`) }),
      item({ id: "wide in names that no column can have", size: 3, ...many((n) => `attribute ${n}`) }),
      { ...item({ id: "deep", size: 4 }), nest },
    ];
    writeExport(lake.exports, { full: HOURS[0], items }, { table: "things" });
    const report = await runJson(lake);
    expect({ code: report.exitCode, said: report.said }).toMatchObject({ code: 0 });
    const silver = await lakes.reader.rows(lake.lake, "SELECT id, size, deep FROM t ORDER BY size", {
      t: "silver/things",
    });
    expect(silver.map((row) => row["deep"])).toEqual([null, null, null, "level 27"]);
    for (const sent of items) {
      expect(sorted(await tracedRecord(lake, String(sent["id"]?.["S"])))).toBe(sorted(JSON.stringify({ Item: sent })));
    }
  },
);

test(
  "exports without a line count as covered: what follows them has no gap before it",
  { timeout: 60_000 },
  async () => {
    const lake = lakes.newLake({});
    writeExport(lake.exports, { full: HOURS[0], items: [] }, { table: "things" });
    writeExport(lake.exports, { from: HOURS[0], to: HOURS[1], events: [] }, { table: "things" });
    expect(await runJson(lake)).toMatchObject({ exitCode: 0 });
    const late = item({ id: "late" });
    const event = { at: HOURS[2], keys: late, after: late };
    writeExport(lake.exports, { from: HOURS[2], to: HOURS[3], events: [event] }, { table: "things" });
    const gap = await runJson(lake);
    expect(gap).toMatchObject({ exitCode: 5, tables: [{ error: { code: "source.gap" } }, {}] });
    expect(gap.tables[0]?.error?.advice).toContain("2026-01-01T01:00:00");
    writeExport(lake.exports, { from: HOURS[1], to: HOURS[2], events: [] }, { table: "things", files: 0 });
    expect(await runJson(lake)).toMatchObject({ exitCode: 0 });
    expect(await lakes.reader.rows(lake.lake, "SELECT id FROM t", { t: "silver/things" })).toEqual([{ id: "late" }]);
    expect((await sluiceOk(lake, "run")).stdout).toContain("Nothing new");
  },
);

test("an export of 200 files with an item each is one batch (F55)", { timeout: 60_000 }, async () => {
  const lake = lakes.newLake({});
  const items = Array.from({ length: 200 }, (_, n) => item({ id: `t${n}` }));
  writeExport(lake.exports, { full: HOURS[0], items }, { table: "things", files: 200 });
  expect(await runJson(lake)).toMatchObject({ exitCode: 0 });
  const counts = `SELECT count(DISTINCT _ingest_file) AS files, count(DISTINCT _batch_id) AS batches,
    count(DISTINCT _event_id) AS events FROM t WHERE _op = 'R'`;
  const [row] = await lakes.reader.rows(lake.lake, counts, { t: "bronze/things" });
  expect(row).toEqual({ files: 200n, batches: 1n, events: 200n });
});

/** 10,000 attributes with a text each. */
function many(name: (n: number) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [name(n), `v${n}`]));
}
