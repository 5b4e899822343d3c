import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { partFolder, requirePart } from "../../../test/services/parts.ts";
import { DmsBench, bySequence, type DmsBucket } from "../../../test/sources/dms-bench.ts";

const WRITER = fileURLToPath(new URL("../../../test/services/write_dms_parquet.py", import.meta.url));

describe.skipIf(!requirePart("delta-1.6.6"))("Parquet files that pyarrow wrote as AWS DMS does", () => {
  let bench: DmsBench;
  const folder = mkdtempSync(join(tmpdir(), "sluice-dms-parquet-"));
  beforeAll(async () => {
    execFileSync(join(partFolder("delta-1.6.6"), "bin", "python"), [WRITER, folder]);
    bench = await DmsBench.open();
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const bucketOf = (): DmsBucket =>
    bench.bucket({ settings: { timestampColumnName: "ts" } as DmsBucket["options"]["settings"] });
  const put = async (bucket: DmsBucket, name: string): Promise<void> =>
    await bucket.put(`shop/orders/${name}`, readFileSync(join(folder, name)));

  test("keep their declared types and every value; what fits no type of a table is text", async () => {
    const bucket = bucketOf();
    await put(bucket, "LOAD00000001.parquet");
    const { rows, schema, unreadable } = await bucket.run();
    expect(unreadable).toEqual([]);
    const types = Object.fromEntries(schema?.fields.map(({ name, type }) => [name, type]) ?? []);
    expect(types).toMatchObject({
      id: "long",
      u1: "short",
      u8: "decimal(20,0)",
      small: "short",
      amount: "decimal(38,4)",
      ratio: "double",
      flag: "boolean",
      day: "date",
      clock: "string",
      at: "timestamp_ntz",
      at_ms: "timestamp",
      bytes: "binary",
      text: "string",
    });
    const [first, second, third] = rows.toSorted(bySequence);
    expect(first).toMatchObject({
      _op: "R",
      _key: "N:1",
      _event_id: "load/0/shop/orders/LOAD00000001.parquet#1",
      u1: 255,
      u8: "18446744073709551615",
      small: -32_768,
      amount: "1234567890123456789012345678901234.5678",
      ratio: 0.1,
      flag: true,
      day: "2026-02-28",
      clock: "23:59:59.123",
      at: 1_772_323_199_123_456n,
      at_ms: 1_772_323_199_123_000n,
      bytes: Uint8Array.of(0, 255),
      text: 'é\n"',
      _rescued: null,
    });
    expect(second).toMatchObject({ _key: "N:2", u8: null, clock: null, text: null, bytes: null });
    expect(third).toMatchObject({ _key: "N:3", text: "" });
  });

  test("may differ: columns come, types widen, a value that does not fit is rescued, a row that is no change is told", async () => {
    const bucket = bucketOf();
    for (const name of readdirSync(folder)) await put(bucket, name);
    const { rows, unreadable } = await bucket.run();
    const changes = rows.toSorted(bySequence).slice(3);
    expect(
      changes.map((row) => [row["_op"], row["_key"], row["amount"], row["added"], row["small"], row["_rescued"]]),
    ).toEqual([
      ["U", "N:1", "0.5000", 7, -32_768, null],
      ["D", "N:2", null, null, null, null],
      ["I", "N:4", "1234567890123456789012345678901234.5678", 1, 12, null],
      ["I", "N:5", "1234567890123456789012345678901234.5678", 1, null, '{"small":{"N":"40000"}}'],
    ]);
    expect(unreadable.map(({ file, line, reason }) => [file, line, reason])).toEqual([
      ["shop/orders/20260301-000100000.parquet", 3, "the operation is none of I, U and D: ?"],
    ]);
    const raw = Buffer.from(unreadable[0]?.raw ?? "", "base64").toString();
    expect(JSON.parse(raw)).toMatchObject({ Op: "?", id: 9, text: 'é\n"' });
  });

  test("and CSV of one table have one spelling of keys", async () => {
    const settings = { timestampColumnName: "ts", cdcPath: "cdc" } as DmsBucket["options"]["settings"];
    const bucket = bench.bucket({ settings, columns: ["ts", "id", "text"] });
    await put(bucket, "LOAD00000001.parquet");
    await bucket.put("cdc/CDC_TXN-20260301000100000.csv", "U,orders,shop,2026-03-01 00:00:30,1,changed\n");
    const { rows } = await bucket.run();
    expect(rows.toSorted(bySequence).map((row) => row["_key"])).toEqual(["N:1", "N:2", "N:3", "N:1"]);
  });

  test("that are cut short are refused by name", async () => {
    const bucket = bucketOf();
    const whole = readFileSync(join(folder, "LOAD00000001.parquet"));
    await bucket.put("shop/orders/LOAD00000001.parquet", whole.subarray(0, whole.length - 20));
    await expect(bucket.run()).rejects.toMatchObject({
      code: "source.corrupt",
      facts: { file: "shop/orders/LOAD00000001.parquet" },
    });
  });
});
