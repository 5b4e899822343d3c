import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { traceRow } from "../../src/lake/index.ts";
import { s3Store } from "../../src/storage/index.ts";
import { requirePart } from "../services/parts.ts";
import { startVersityGw } from "../services/s3-servers.ts";
import { DmsLake } from "./dms-lake.ts";

const COLUMNS = { columns: ["id", "status", "amount", "ts"], settings: { TimestampColumnName: "ts" } };

/** A change of id 1 to 9. */
function good(id: number): string {
  return `I,${id},new,1.00,2026-03-01 00:00:0${id}.000000`;
}

describe("a table that AWS DMS writes", () => {
  test("is told of by its load and the commit times of its changes; a file that its load left out is named", async () => {
    await using dms = new DmsLake(COLUMNS);
    expect((await dms.lake.coverage())[0]).toMatchObject({ ledger: { verdict: "loading" }, silent: [] });
    dms.put("shop/orders/LOAD00000001.csv", "1,new,10.00,2026-03-01 00:00:00.000000\n");
    await dms.run();
    const [loaded] = await dms.lake.coverage();
    expect(loaded?.ledger).toMatchObject({ verdict: "unproven", coveredToMs: undefined });
    expect(loaded?.ledger?.limits.map(({ kind }) => kind)).toEqual(["load-begin", "load-end"]);
    dms.put("shop/orders/LOAD00000003.csv", "3,new,10.00,2026-03-01 00:00:00.000000\n");
    dms.put("shop/orders/20260301-001000123.csv", "U,1,paid,10.00,2026-03-01 00:09:00.000001\nD,3,new,20.00,2026-03-01 00:09:30.500000\n"); // prettier-ignore
    await dms.run();
    const [told] = await dms.lake.coverage();
    expect(told?.ledger).toMatchObject({ verdict: "gap", readToMs: Date.parse("2026-03-01T00:09:30.500Z") });
    expect(told?.ledger?.holes).toMatchObject([
      { kind: "start", filledBy: { title: "full load" } },
      { kind: "missing", what: "LOAD00000002 of the full load" },
    ]);
    expect(told?.next).toBe(
      "Have AWS DMS write these files again, or reload the table, then `sluice run bronze.orders`",
    );
    const [, changes] = told?.ledger?.spans ?? [];
    expect(changes?.parts).toMatchObject([{ from: { ms: Date.parse("2026-03-01T00:09:00Z") }, files: { rows: 2 } }]);
    dms.put("shop/orders/LOAD00000002.csv", "2,new,10.00,2026-03-01 00:00:00.000000\n");
    await dms.run();
    expect((await dms.lake.coverage())[0]?.ledger).toMatchObject({ verdict: "unproven", holes: [{ kind: "start" }] });
  });

  test("is taken in: the full load, then changes, each file once", async () => {
    await using dms = new DmsLake(COLUMNS);
    dms.put(
      "shop/orders/LOAD00000001.csv",
      "1,new,10.00,2026-03-01 00:00:00.000000\n2,new,20.00,2026-03-01 00:00:00.000000\n",
    );
    const first = await dms.run();
    expect(first.tables.map(({ table, outcome }) => [table, outcome])).toEqual([
      ["bronze.orders", "changed"],
      ["silver.orders", "changed"],
    ]);
    expect(await dms.silver()).toEqual(["1:new:10.00", "2:new:20.00"]);

    dms.put(
      "shop/orders/20260301-001000123.csv",
      "U,1,paid,10.00,2026-03-01 00:09:00.000001\nD,2,new,20.00,2026-03-01 00:09:30.000000\nI,3,new,NULL,2026-03-01 00:09:40.000000\n",
    );
    await dms.run();
    expect(await dms.silver()).toEqual(["1:paid:10.00", "3:new:"]);
    const again = await dms.run();
    expect(again.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
    expect(
      await dms.rows(
        `SELECT _event_id, _op, _key, _sequence, _ingest_file, _source_meta, status, amount, ts FROM "bronze.orders" ORDER BY _sequence, _key`,
      ),
    ).toMatchInlineSnapshot(`
      [
        {
          "_event_id": "load/0/shop/orders/LOAD00000001.csv#1",
          "_ingest_file": "shop/orders/LOAD00000001.csv",
          "_key": "S:1",
          "_op": "R",
          "_sequence": "0000-0000000000000000000-1",
          "_source_meta": "{"row":1}",
          "amount": "10.00",
          "status": "new",
          "ts": "2026-03-01 00:00:00.000000",
        },
        {
          "_event_id": "load/0/shop/orders/LOAD00000001.csv#2",
          "_ingest_file": "shop/orders/LOAD00000001.csv",
          "_key": "S:2",
          "_op": "R",
          "_sequence": "0000-0000000000000000000-1",
          "_source_meta": "{"row":2}",
          "amount": "20.00",
          "status": "new",
          "ts": "2026-03-01 00:00:00.000000",
        },
        {
          "_event_id": "cdc/shop/orders/20260301-001000123.csv#1",
          "_ingest_file": "shop/orders/20260301-001000123.csv",
          "_key": "S:1",
          "_op": "U",
          "_sequence": "0000-0001772323740000001-3-2026030100100012300000000000000000000001",
          "_source_meta": "{"row":1,"op":"U"}",
          "amount": "10.00",
          "status": "paid",
          "ts": "2026-03-01 00:09:00.000001",
        },
        {
          "_event_id": "cdc/shop/orders/20260301-001000123.csv#2",
          "_ingest_file": "shop/orders/20260301-001000123.csv",
          "_key": "S:2",
          "_op": "D",
          "_sequence": "0000-0001772323770000000-3-2026030100100012300000000000000000000002",
          "_source_meta": "{"row":2,"op":"D"}",
          "amount": "20.00",
          "status": "new",
          "ts": "2026-03-01 00:09:30.000000",
        },
        {
          "_event_id": "cdc/shop/orders/20260301-001000123.csv#3",
          "_ingest_file": "shop/orders/20260301-001000123.csv",
          "_key": "S:3",
          "_op": "I",
          "_sequence": "0000-0001772323780000000-3-2026030100100012300000000000000000000003",
          "_source_meta": "{"row":3,"op":"I"}",
          "amount": null,
          "status": "new",
          "ts": "2026-03-01 00:09:40.000000",
        },
      ]
    `);
  });

  test("puts lines that are no record into quarantine, stops at too many, and goes on once they are gone", async () => {
    await using dms = new DmsLake(COLUMNS, { unreadable: 0.4 });
    dms.put("shop/orders/20260301-000100000.csv", `${good(1)}\nI,2,"broken\n${good(3)}\n`);
    await dms.run();
    expect(await dms.silver()).toEqual(["1:new:1.00", "3:new:1.00"]);
    const quarantined = await dms.rows(
      `SELECT table_name, reasons, _ingest_file, line, byte_offset, raw FROM "quarantine.bronze_orders"`,
    );
    expect(quarantined).toEqual([
      {
        table_name: "bronze.orders",
        reasons: ["the quotation mark of a field is not closed"],
        _ingest_file: "shop/orders/20260301-000100000.csv",
        line: 2n,
        byte_offset: 40n,
        raw: Buffer.from('I,2,"broken').toString("base64"),
      },
    ]);
    dms.put("shop/orders/20260301-000200000.csv", "garbage\nmore of it\n");
    const stopped = await dms.run();
    expect(stopped.tables[0]).toMatchObject({ outcome: "failed", error: { code: "quality.threshold" } });
    dms.remove("shop/orders/20260301-000200000.csv");
    dms.put("shop/orders/20260301-000300000.csv", `${good(4)}\n`);
    await dms.run();
    expect(await dms.silver()).toEqual(["1:new:1.00", "3:new:1.00", "4:new:1.00"]);
  });

  test("is loaded anew by a restarted task: what is not in the new load is gone, in another process, too", async () => {
    await using dms = new DmsLake({ ...COLUMNS, columns: ["id", "status", "amount"], settings: {} });
    dms.put("shop/orders/LOAD00000001.csv.gz", "1,a,1\n2,a,2\n3,a,3\n");
    dms.put("shop/orders/2026/03/01/20260301-000500000.csv.gz", "U,1,b,1.5\nD,2,a,2\n");
    await dms.run();
    expect(await dms.silver()).toEqual(["1:b:1.50", "3:a:3.00"]);
    await dms.reopen({ columns: ["id", "status", "amount"] });
    dms.put("shop/orders/LOAD00000001.csv.gz", "1,c,1\n4,c,4\n");
    dms.put("shop/orders/2026/03/01/20260301-001500000.csv.gz", "I,5,d,5\nU,4,d,4\n");
    await dms.run();
    expect(await dms.silver()).toEqual(["1:c:1.00", "4:d:4.00", "5:d:5.00"]);
    const again = await dms.run();
    expect(again.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
    await dms.lake.rebuild("silver.orders");
    expect(await dms.silver()).toEqual(["1:c:1.00", "4:d:4.00", "5:d:5.00"]);
  });

  test.skipIf(!requirePart("versitygw"))("may lie in S3", async () => {
    await using server = await startVersityGw();
    const place = { url: `s3://${server.bucket}/dms`, endpoint: server.endpoint };
    await using dms = new DmsLake({ ...COLUMNS, folder: place });
    const store = s3Store({ url: place.url, endpoint: place.endpoint }, { world: realWorld() });
    const put = async (name: string, text: string): Promise<void> =>
      await store.replace(`shop/orders/${name}`, name.endsWith(".gz") ? gzipSync(text) : Buffer.from(text));
    await put("LOAD00000001.csv.gz", "1,new,1.00,2026-03-01 00:00:00\n2,new,2.00,2026-03-01 00:00:00\n");
    await put("20260301-000500000.csv", "D,2,new,2.00,2026-03-01 00:01:00\n");
    await dms.run();
    expect(await dms.silver()).toEqual(["1:new:1.00"]);
    await put("20260301-000600000.csv", "U,1,paid,1.00,2026-03-01 00:02:00\n");
    await dms.run();
    expect(await dms.silver()).toEqual(["1:paid:1.00"]);
    expect((await dms.run()).tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
  });

  test("leads back from a row to the lines of the files, and to the records as they were", async () => {
    await using dms = new DmsLake(COLUMNS);
    dms.put(
      "shop/orders/LOAD00000001.csv",
      'I,9,x,1,2026-03-01 00:00:00\nI,1,"a\nb",1.0,2026-03-01 00:00:00\n1|2,"say ""x""",NULL,NULL\n',
    );
    dms.put("shop/orders/20260301-000500000.csv", "I,7,x,1,2026-03-01 00:01:00\nU,1,paid,,2026-03-01 00:01:00.5\n");
    await dms.run();
    const trace = await traceRow(dms.lake, "silver.orders", "1", { record: true });
    expect(trace.bronze.map(({ operation, file, line, record }) => [operation, file, line, record])).toEqual([
      ["R", "shop/orders/LOAD00000001.csv", 2, 'I,1,"a\nb",1.0,2026-03-01 00:00:00'],
      ["U", "shop/orders/20260301-000500000.csv", 2, "U,1,paid,,2026-03-01 00:01:00.5"],
    ]);
    const other = await traceRow(dms.lake, "bronze.orders", "S:1%7C2", { record: true });
    expect(other.bronze.map(({ line, record }) => [line, record])).toEqual([[4, '1|2,"say ""x""",NULL,NULL']]);
  });
});
