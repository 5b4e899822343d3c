import { describe, expect, test } from "vitest";
import { DmsLake } from "./dms-lake.ts";

const COLUMNS = { columns: ["id", "status", "amount", "ts"], settings: { TimestampColumnName: "ts" } };

describe("a table that AWS DMS writes", () => {
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
});
