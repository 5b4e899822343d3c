import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Row } from "../../src/engine/index.ts";
import { writeExport, type ExportContents, type WrittenExport } from "../builders/dynamodb-export.ts";
import { item, number, type Item } from "../builders/dynamodb-item.ts";
import { oneTableLakes, writeOneTableLake, type OneTable, type OneTableLakes } from "./one-table-lake.ts";
import { runJson, sluice, sluiceOk } from "./product.ts";

let lakes: OneTableLakes;

beforeAll(async () => {
  lakes = await oneTableLakes();
});

afterAll(async () => {
  await lakes[Symbol.asyncDispose]();
});

const FULL = "2026-01-01T00:00:00Z";
const LATER = "2026-01-01T01:00:00Z";

function deliver(lake: { readonly exports: string }, contents: ExportContents): WrittenExport {
  return writeExport(lake.exports, contents, { table: "things", files: 3 });
}

function things(count: number, of: (index: number) => Parameters<typeof item>[0] = () => ({})): Item[] {
  return Array.from({ length: count }, (_, index) => item({ id: `t${index}`, ...of(index) }));
}

async function countOf(lake: string, path: string, where = "true"): Promise<number> {
  const [row] = await lakes.reader.rows(lake, `SELECT count(*) AS n FROM t WHERE ${where}`, { t: path });
  return Number(row?.["n"] ?? 0);
}

describe("lines that are no records", () => {
  const BAD = [
    "not json",
    '{"Item":{"id":{"S":"torn',
    "",
    "[]",
    "42",
    '"text"',
    "{}",
    '{"Thing":{"id":{"S":"a"}}}',
    '{"Item":[]}',
    '{"Item":{"other":{"S":"no key"}}}',
    '{"Item":{"id":{"N":"5"}}}',
    '{"Item":{"id":{"NULL":true}}}',
    '{"Item":{"id":{"S":"a","N":"1"}}}',
    '{"Item":{"id":{"X":"unknown tag"}}}',
    '{"Item":{"id":{"S":"b"},"x":"bare"}}',
    '{"Item":{"id":{"S":"twice"},"id":{"S":"twice"}}}',
    '{"Item":{"id":{"S":"ctl\u0001"}}}',
    '{"Item":{"id":{"S":"Łódź 😀"}}} and more',
  ];

  test(
    "are set aside with their bytes, file, line and offset, once, and the others come in",
    { timeout: 60_000 },
    async () => {
      const lake = lakes.newLake({});
      const good = things(2_000);
      // A blank line is none, and counts nowhere.
      const bad = BAD.filter((line) => line !== "");
      const lines = good.flatMap((one, index) => [
        ...bad.slice(index % 100 === 50 ? index / 100 - 0.5 : bad.length, index / 100 + 0.5),
        one,
      ]);
      const written = deliver(lake, { full: FULL, items: lines });
      const report = await runJson(lake);
      expect(report.tables[0]).toMatchObject({ outcome: "changed", rows: good.length + 1, quarantined: bad.length });
      const rows = await lakes.reader.rows(lake.lake, "SELECT * FROM t", { t: "quarantine/bronze_things" });
      expect(rows.map((row) => rawOf(row).toString()).toSorted()).toEqual(bad.toSorted());
      for (const row of rows) expectInPlace(row, written);
      expect(await countOf(lake.lake, "silver/things")).toBe(good.length);

      // Delivered again, under another id, they are the same lines of another file.
      writeExport(lake.exports, { full: FULL, items: lines }, { table: "things", files: 3, id: "again" });
      expect(await runJson(lake)).toMatchObject({ exitCode: 0 });
      expect(await countOf(lake.lake, "quarantine/bronze_things")).toBe(bad.length);
      const { stdout } = await sluiceOk(lake, "quarantine", "show", "bronze.things", "--limit", "100", "--json");
      expect((JSON.parse(stdout) as { rows: unknown[] }).rows).toHaveLength(bad.length);
    },
  );

  test.for([
    [200, 2, "let in the rest"],
    [199, 2, "stop the table"],
    [100, 1, "let in the rest"],
    [99, 1, "stop the table"],
  ] as const)("of %i lines %i %s by default", async ([lines, bad, outcome]) => {
    const lake = lakes.newLake({});
    const good = things(lines - bad);
    deliver(lake, { full: FULL, items: [...good, ...Array.from({ length: bad }, (_, index) => `bad ${index}`)] });
    const report = await runJson(lake);
    // The lines are there to be looked at, whether or not the table stopped.
    expect(await countOf(lake.lake, "quarantine/bronze_things")).toBe(bad);
    if (outcome === "let in the rest") {
      expect(report).toMatchObject({ exitCode: 0 });
      expect(await countOf(lake.lake, "silver/things")).toBe(good.length);
      return;
    }
    expect(report).toMatchObject({ exitCode: 4 });
    expect(report.tables[0]).toMatchObject({ outcome: "failed", error: { code: "quality.threshold" } });
    expect(report.tables[0]?.error?.message).toContain(".json.gz");
    expect(report.tables[0]?.error?.advice).toContain("sluice quarantine show bronze.things");
    expect(await countOf(lake.lake, "bronze/things")).toBe(0);

    // With another share the same export comes in, and no line is set aside twice.
    writeOneTableLake(lake.folder, { bronze: "unreadable: 0.05," });
    expect(await runJson(lake)).toMatchObject({ exitCode: 0 });
    expect(await countOf(lake.lake, "silver/things")).toBe(good.length);
    expect(await countOf(lake.lake, "quarantine/bronze_things")).toBe(bad);
  });
});

describe("values that fit no declared type", () => {
  test("set their event aside, whole, and leave the row as it was", { timeout: 60_000 }, async () => {
    const lake = lakes.newLake({
      columns: `amount: s.decimal(6, 2), count: s.integer(), at: s.timestamp(), on: s.date(), ok: s.boolean(),
        tags: s.array(s.string()), city: s.string().from("address.city"),`,
    });
    const wrong: readonly (readonly [string, Parameters<typeof item>[0]])[] = [
      ["fits:amount", { amount: "nineteen" }],
      ["fits:amount", { amount: number("19.999") }],
      ["fits:amount", { amount: number("12345.00") }],
      ["fits:amount", { amount: true }],
      ["fits:count", { count: number("1.5") }],
      ["fits:count", { count: number("3000000000") }],
      ["fits:at", { at: "yesterday" }],
      ["fits:at", { at: "2026-02-30T00:00:00Z" }],
      ["fits:on", { on: "2026-13-01" }],
      ["fits:ok", { ok: "maybe" }],
      ["fits:tags", { tags: "a, b" }],
    ];
    const right = { amount: number("12.5"), count: 1, at: "2026-01-01T00:00:00Z", on: "2026-01-01", ok: true };
    deliver(lake, { full: FULL, items: things(wrong.length, () => right) });
    await sluiceOk(lake, "run");
    const before = await silverOf(lake.lake);
    deliver(lake, {
      from: FULL,
      to: LATER,
      events: wrong.map(([, values], index) => ({
        at: Date.parse(FULL) + 1_000,
        keys: item({ id: `t${index}` }),
        before: item({ id: `t${index}`, ...right }),
        after: item({ id: `t${index}`, ...right, ...values }),
      })),
    });
    const report = await runJson(lake);
    expect(report).toMatchObject({ exitCode: 0 });
    expect(await silverOf(lake.lake)).toEqual(before);
    const rows = await lakes.reader.rows(lake.lake, "SELECT * FROM t ORDER BY len(_key), _key", {
      t: "quarantine/silver_things",
    });
    expect(rows.map((row) => row["reasons"])).toEqual(wrong.map(([reason]) => [reason]));
    for (const [index, row] of rows.entries()) {
      expect(row).toMatchObject({ _key: `S:t${index}`, raw_encoding: "json", _batch_id: 1n });
      const raw = JSON.parse(String(row["raw"])) as Record<string, unknown>;
      expect(raw).toMatchObject({ _key: `S:t${index}`, _op: "U", _event_id: row["_event_id"] });
    }
  });
});

describe("rules", () => {
  test.for([
    [".orWarn().atMost(0.03)", 100, 0],
    [".orDrop().atMost(0.03)", 97, 0],
    [".orQuarantine().atMost(0.03)", 97, 3],
    [".orFail().atMost(0.03)", 100, 0],
  ] as const)("that 3 of 100 rows break let the table go on by %s", async ([rule, rows, quarantined]) => {
    const lake = lakes.newLake(ruled(rule));
    deliver(lake, { full: FULL, items: amounts(3, 100) });
    const report = await runJson(lake);
    expect(report).toMatchObject({ exitCode: 0 });
    expect(report.tables[1]).toMatchObject({ quality: { judged: 100, passed: 97, violations: { positive: 3 } } });
    expect(await countOf(lake.lake, "silver/things")).toBe(rows);
    expect(await countOf(lake.lake, "quarantine/silver_things")).toBe(quarantined);
  });

  test.for([
    [".orWarn().atMost(0.03)", "quality.threshold"],
    [".orDrop().atMost(0.03)", "quality.threshold"],
    [".orQuarantine().atMost(0.03)", "quality.threshold"],
    [".orFail().atMost(0.03)", "quality.failed"],
    [".orFail()", "quality.failed"],
  ] as const)("that 4 of 100 rows break stop the table by %s, and what reads it", async ([rule, code]) => {
    const lake = lakes.newLake(ruled(rule));
    deliver(lake, { full: FULL, items: amounts(0, 200) });
    await sluiceOk(lake, "run");
    const before = await lakes.reader.versions(lake.lake);
    const events = amounts(4, 100).map((after) => ({
      at: Date.parse(FULL) + 1_000,
      keys: { id: after["id"] ?? {} },
      after,
    }));
    deliver(lake, { from: FULL, to: LATER, events });
    const report = await runJson(lake);
    expect(report).toMatchObject({ exitCode: 4 });
    expect(report.tables.map(({ outcome }) => outcome)).toEqual(["changed", "failed", "blocked"]);
    expect(report.tables[1]?.error).toMatchObject({ code, message: expect.stringContaining("positive") });
    const after = await lakes.reader.versions(lake.lake);
    expect(after["silver/things"]).toBe(before["silver/things"]);
    expect(after["gold/counts"]).toBe(before["gold/counts"]);
    expect(await countOf(lake.lake, "silver/things", "amount = 1")).toBe(200);
    expect(await lakes.reader.faults(lake.lake, { strays: true })).toEqual([]);
  });

  test(
    "may be changed: another threshold goes on, another action asks for a rebuild, which judges all of Bronze",
    { timeout: 60_000 },
    async () => {
      const lake = lakes.newLake(ruled(".orQuarantine().atMost(0.01)"));
      deliver(lake, { full: FULL, items: amounts(4, 100) });
      expect(await runJson(lake)).toMatchObject({ exitCode: 4 });
      writeOneTableLake(lake.folder, ruled(".orQuarantine().atMost(0.05)"));
      expect(await runJson(lake)).toMatchObject({ exitCode: 0 });
      expect(await countOf(lake.lake, "silver/things")).toBe(96);
      writeOneTableLake(lake.folder, ruled(".orWarn()"));
      const { status, stderr } = await sluice(lake, ["run"]);
      expect({ status, stderr }).toMatchObject({
        status: 3,
        stderr: expect.stringContaining("sluice rebuild silver.things"),
      });
      await sluiceOk(lake, "rebuild", "silver.things", "--yes");
      await sluiceOk(lake, "run");
      expect(await countOf(lake.lake, "silver/things")).toBe(100);
      expect(await countOf(lake.lake, "gold/counts", "things = 100")).toBe(1);
    },
  );
});

async function silverOf(lake: string): Promise<readonly Row[]> {
  return await lakes.reader.rows(lake, "SELECT * FROM t ORDER BY _key", { t: "silver/things" });
}

function amounts(wrong: number, of: number): Item[] {
  return things(of, (index) => ({ amount: index < wrong ? -1 : 1 }));
}

function ruled(rule: string): OneTable {
  return {
    columns: "amount: s.integer(),",
    expect: `positive: expect("amount > 0")${rule},`,
    gold: "select count(*) as things from ${things}",
  };
}

function rawOf(row: Row): Buffer {
  expect(row["raw_encoding"]).toBe("base64");
  return Buffer.from(String(row["raw"]), "base64");
}

/** The line that the row names is the one it holds, by its number and by its place among the bytes. */
function expectInPlace(row: Row, { files }: WrittenExport): void {
  const file = files.find(({ path }) => path.endsWith(String(row["_ingest_file"])));
  const bytes = gunzipSync(readFileSync(file?.path ?? ""));
  const raw = rawOf(row);
  const offset = Number(row["byte_offset"]);
  expect(bytes.subarray(offset, offset + raw.length)).toEqual(raw);
  expect(bytes[offset + raw.length]).toBe(0x0a);
  expect(bytes.subarray(0, offset).filter((byte) => byte === 0x0a)).toHaveLength(Number(row["line"]) - 1);
}
