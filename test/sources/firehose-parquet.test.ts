import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunReport } from "../../src/orchestration/index.ts";
import { kinesisRecord, type Change } from "../builders/change-record.ts";
import { item, number } from "../builders/dynamodb-item.ts";
import { LAYOUTS, writeParquet, type Layout } from "../builders/firehose-parquet.ts";
import { FirehoseLake } from "./firehose-lake.ts";

const AT = Date.parse("2026-03-09T10:00:00Z") * 1_000;

function fullItem(id: string, total: string): ReturnType<typeof item> {
  return item({
    id,
    total: number(total),
    tags: new Set(["b", "a\n\"'"]),
    note: "",
    raw: Uint8Array.of(0, 255, 7),
    list: [number("12345678901234567890123456789012345678"), "x", null, [true], { deepName: number("1") }],
    deep: { Inner: { N_: number("-0.50"), bytes: Uint8Array.of(1) }, empty: {} },
    flag: false,
    nothing: null,
  });
}

/** An item of two writes and one that is gone, of which the second went by its time to live. */
function changes(prefix: string): readonly Change[] {
  const [a, b] = [`${prefix}-a`, `${prefix}-b`];
  const first = fullItem(a, "1.00");
  return [
    { id: a, micros: AT, after: first },
    { id: a, micros: AT + 1, before: first, after: fullItem(a, "99999999999999999999999999999999999.99") },
    { id: b, micros: AT, after: item({ id: b, total: number("1") }) },
    { id: b, micros: AT + 2, before: item({ id: b, total: number("1") }), isTtl: true },
  ];
}

const BRONZE =
  "select * exclude (_batch_id, _ingestion_timestamp, _ingestion_date, _ingest_file, _source_meta) from bronze.orders order by _event_id";

function failures(report: RunReport): readonly unknown[] {
  return report.tables.map(({ error, outcome }) => error ?? outcome);
}

describe("Parquet files of Firehose", { timeout: 60_000 }, () => {
  let duckdb: DuckDBConnection;
  beforeAll(async () => {
    duckdb = await (await DuckDBInstance.create(":memory:")).connect();
  });
  afterAll(() => duckdb.closeSync());

  const put = async (lake: FirehoseLake, path: string, records: readonly object[], layout: Layout) => {
    const file = join(lake.place, path);
    mkdirSync(dirname(file), { recursive: true });
    await writeParquet(duckdb, file, records, layout);
    lake.putBytes(path, readFileSync(file));
  };

  test("are the same table as JSON, however their columns are laid out, and the same changes", async () => {
    await using asJson = new FirehoseLake();
    await using asParquet = new FirehoseLake({ firehose: { files: "./place", exactAttributes: true } });
    const layouts = Object.keys(LAYOUTS) as Layout[];
    for (const layout of layouts) {
      const records = changes(layout).map((one) => kinesisRecord(one));
      asJson.put(`2026/03/09/10/${layout}`, records);
      await put(asParquet, `2026/03/09/10/${layout}.parquet`, records, layout);
    }
    for (const lake of [asJson, asParquet]) expect(failures(await lake.run())).toEqual(["changed", "changed"]);
    const [fromJson, fromParquet] = [await asJson.rows(BRONZE), await asParquet.rows(BRONZE)];
    expect(fromJson).toHaveLength(layouts.length * 4);
    expect(fromParquet).toEqual(fromJson);
    // What is told of a change beside its images, so that its record can be shown as it was.
    const told = "select _source_meta::json->>'$.change' as change from bronze.orders order by _event_id";
    expect(await asParquet.rows(told)).toEqual(await asJson.rows(told));
    const silver = "select * exclude (_batch_id) from silver.orders order by id";
    expect((await asParquet.rows(silver)).map(({ id, total }) => [id, total])).toEqual(layouts.toSorted().map((one) => [`${one}-a`, "99999999999999999999999999999999999.99"])); // prettier-ignore
    const ttl = "select count(*) as n from bronze.orders where _source_meta like '%\"ttl\":true%'";
    expect(await asParquet.rows(ttl)).toEqual([{ n: BigInt(layouts.length) }]);
    // What comes again in another form is no change of its own.
    for (const layout of layouts) asParquet.put(`2026/03/09/10/${layout}-again`, changes(layout).map((one) => kinesisRecord(one))); // prettier-ignore
    await asParquet.run();
    expect(await asParquet.rows(BRONZE)).toEqual(fromJson);
  });

  test("below the prefix of errors are told and not read; other tables' changes are passed over", async () => {
    await using lake = new FirehoseLake();
    const [first] = changes("x");
    const records = [kinesisRecord(first as Change), kinesisRecord(first as Change, { table: "customers" })];
    await put(lake, "9f/2026/03/09/10/x.parquet", records, "images");
    lake.putBytes("format-conversion-failed/2026/03/09/10/y", Buffer.from("PAR1?"));
    const report = await lake.run();
    expect(failures(report)).toEqual(["changed", "changed"]);
    expect(report.tables[0]).toMatchObject({
      rows: 1,
      skipped: [{ what: "format-conversion-failed/2026/03/09/10/y" }],
    });
  });

  test("that cannot be read without loss stop the table: nothing of them is in, and once they are gone it goes on", async () => {
    await using lake = new FirehoseLake();
    const records = changes("x").map((one) => kinesisRecord(one));
    await put(lake, "2026/03/09/10/a.parquet", records.slice(0, 1), "images");
    const bad = "2026/03/09/11/b.parquet";
    await put(lake, bad, records, "maps");
    const refusal = { code: "source.invalid", facts: { file: bad }, advice: expect.stringMatching(/exactAttributes/) };
    expect(failures(await lake.run())[0]).toMatchObject(refusal);
    // One batch: the good file before it waits with it.
    expect(await lake.rows("select * from bronze.orders")).toEqual([]);
    await put(lake, bad, records, "images");
    const whole = readFileSync(join(lake.place, bad));
    // Cut short, without its end, and damaged in the middle of its data.
    const damaged = Buffer.concat([whole.subarray(0, 4), Buffer.alloc(400, 0xff), whole.subarray(404)]);
    for (const bytes of [whole.subarray(0, -20), whole.subarray(0, 60), damaged]) {
      lake.putBytes(bad, bytes);
      expect(failures(await lake.run())[0]).toMatchObject({ code: "source.corrupt", facts: { file: bad } });
    }
    rmSync(join(lake.place, bad));
    expect(failures(await lake.run())).toEqual(["changed", "changed"]);
    expect(await lake.totals()).toEqual({ "x-a": "1.00" });
  });

  test("with rows that say less than the record did: these are in quarantine, by their number", async () => {
    await using lake = new FirehoseLake({}, { unreadable: 0.9 });
    const [first, second] = changes("x").map((one) => kinesisRecord(one));
    const lossy = structuredClone(second) as { dynamodb: { NewImage: Record<string, unknown> } };
    lossy.dynamodb.NewImage["note"] = { X: "?" };
    const wrong = structuredClone(second) as typeof lossy;
    wrong.dynamodb.NewImage["id"] = { S: "another" };
    await put(lake, "2026/03/09/10/a", [first as object, lossy, wrong], "texts");
    await lake.run();
    expect(await lake.totals()).toEqual({ "x-a": "1.00" });
    const rows = await lake.rows(
      'select reasons[1] as reason, line, raw from "quarantine.bronze_orders" order by line',
    );
    expect(rows.map(({ line }) => line)).toEqual([2n, 3n]);
    expect(rows.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/no value of DynamoDB with its type/),
      expect.stringMatching(/Keys differs/),
    ]);
    const raw = JSON.parse(Buffer.from(String(rows[0]?.["raw"]), "base64").toString()) as Record<string, unknown>; // oxlint-disable-line typescript/no-base-to-string
    expect(raw).toMatchObject({ eventname: "MODIFY", dynamodb: { newimage: { note: '{"X":"?"}' } } });
  });
});
