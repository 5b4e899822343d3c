import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { traceRow } from "../../src/lake/index.ts";
import type { RunReport } from "../../src/orchestration/index.ts";
import { kinesisRecord, streamsRecord, type Change } from "../builders/change-record.ts";
import { item, number } from "../builders/dynamodb-item.ts";
import { FirehoseLake } from "./firehose-lake.ts";

const HOUR_MS = 3_600_000;
const AT = Date.parse("2026-03-09T10:00:00Z") * 1_000;

function put(id: string, total: string, seconds = 0, before?: string): Change {
  const old = before === undefined ? {} : { before: item({ id, total: number(before) }) };
  return { id, micros: AT + seconds * 1_000_000, after: item({ id, total: number(total) }), ...old };
}

function gone(id: string, before: string, seconds: number): Change {
  return { id, micros: AT + seconds * 1_000_000, before: item({ id, total: number(before) }) };
}

function withNote(change: Change): Change {
  return { ...change, after: { ...change.after, note: { S: "left out" } } };
}

function outcomes(report: RunReport): readonly unknown[] {
  return report.tables.map(({ outcome, error }) => error?.message ?? outcome);
}

describe("files of Firehose", { timeout: 60_000 }, () => {
  test("of every form become the table: back to back and by line, plain and GZIP, below any prefix", async () => {
    await using files = new FirehoseLake();
    files.put(
      "2026/03/09/10/orders-1-a",
      [put("a", "1.00"), put("b", "1.00", 1)].map((one) => kinesisRecord(one)),
    );
    files.put("year=2026/month=03/day=09/hour=10/x.json", [kinesisRecord(put("a", "2.00", 2, "1.00"))], {
      isGzip: false,
    });
    files.put("f3/2026/03/09/orders.gz", [kinesisRecord(gone("b", "1.00", 3))], { separator: "\n" });
    files.put("flat", [streamsRecord(put("c", "3.00", 4), "777")], { separator: "\r\n", isGzip: false });
    // Several members, as appended files have them.
    files.putBytes("2026/03/09/11/joined.gz", Buffer.concat([put("d", "4.00", 5), put("e", "5.00", 6)].map((one) => gzipSync(JSON.stringify(kinesisRecord(one)))))); // prettier-ignore
    files.put("2026/03/09/11/empty", [], { isGzip: false });
    files.put("2026/03/09/11/other", [kinesisRecord(put("a", "9.99", 9), { table: "customers" })]);
    files.put("processing-failed/2026/03/09/10/orders-1", [{ errorCode: "x", rawData: "e30=" }]);
    const report = await files.run();
    expect(outcomes(report)).toEqual(["changed", "changed"]);
    expect(report.tables[0]?.skipped.map(({ what }) => what)).toEqual(["processing-failed/2026/03/09/10/orders-1"]);
    expect(await files.totals()).toEqual({ a: "2.00", c: "3.00", d: "4.00", e: "5.00" });
    const rows = await files.rows(
      "select _event_id, _op, _sequence, _ingest_file from bronze.orders order by _sequence",
    );
    expect(rows.map((row) => [row["_op"], row["_ingest_file"]])).toEqual([
      ["I", "2026/03/09/10/orders-1-a"],
      ["I", "2026/03/09/10/orders-1-a"],
      ["U", "year=2026/month=03/day=09/hour=10/x.json"],
      ["D", "f3/2026/03/09/orders.gz"],
      ["I", "flat"],
      ["I", "2026/03/09/11/joined.gz"],
      ["I", "2026/03/09/11/joined.gz"],
    ]);
    expect(rows[0]?.["_event_id"]).toMatch(/^kinesis\/0\/1773050400000000\/[0-9a-f]{40}\/S:a$/);
    expect(rows[4]?.["_event_id"]).toMatch(/^streams\/0\/1773050404000000\/0{37}777\/S:c$/);
    expect(outcomes(await files.run())).toEqual(["unchanged", "unchanged"]);
  });

  test("are told of by the hour of their prefix: hours without one, and what Firehose could not process", async () => {
    await using files = new FirehoseLake();
    files.put("2026/03/09/10/a", [kinesisRecord(put("a", "1.00"))]);
    files.put("2026/03/09/13/b", [kinesisRecord(put("b", "1.00"))]);
    await files.run();
    const whole = (await files.lake.coverage())[0];
    expect(whole?.ledger).toMatchObject({ verdict: "loading", coveredToMs: undefined });
    expect(whole?.ledger?.spans[0]?.parts?.map(({ name, files: read }) => [name, read?.rows])).toEqual([
      ["2026-03-09T10", 1],
      ["2026-03-09T11 … 2026-03-09T12", undefined],
      ["2026-03-09T13", 1],
    ]);
    await files.world.sleep(HOUR_MS);
    files.put("processing-failed/2026/03/10/00/orders-1", [{ errorCode: "x", rawData: "e30=" }]);
    // Nothing is read: what it has learnt is remembered all the same.
    expect(outcomes(await files.run())).toEqual(["unchanged", "unchanged"]);
    const [told] = await files.lake.coverage();
    expect(told?.ledger).toMatchObject({
      verdict: "gap",
      holes: [{ kind: "start" }, { kind: "failed", what: "processing-failed/2026/03/10/00/orders-1" }],
    });
    rmSync(join(files.place, "processing-failed"), { recursive: true });
    await files.run();
    expect((await files.lake.coverage())[0]?.ledger?.verdict).toBe("loading");
  });

  test("bring back each record as it was", async () => {
    await using files = new FirehoseLake();
    const record = kinesisRecord(put("a", "0.10", 2, "99999999999999999999999999999999999999"));
    const passedOn = streamsRecord({ ...gone("b", "1e2", 3), isTtl: true }, "12");
    files.put("2026/03/09/10/one", [record, passedOn]);
    await files.run();
    const records = [];
    for (const key of ["S:a", "S:b"]) {
      const { bronze } = await traceRow(files.lake, "bronze.orders", key, { record: true });
      records.push(...bronze.map((event) => [event.line, JSON.parse(event.record ?? "null")]));
    }
    expect(records).toEqual([
      [1, record],
      [2, passedOn],
    ]);
    const rows = await files.rows("select _source_meta from bronze.orders where _op = 'D'");
    expect(JSON.parse(String(rows[0]?.["_source_meta"]))).toMatchObject({ ttl: true, firehose: true }); // oxlint-disable-line typescript/no-base-to-string
  });

  test("come late, in any order, and hold what came before: each change is in once", async () => {
    await using files = new FirehoseLake();
    files.put("2026/03/09/12/c", [kinesisRecord(put("a", "3.00", 7_200)), kinesisRecord(put("a", "3.00", 7_200))]);
    await files.run();
    await files.world.sleep(HOUR_MS);
    files.put("2026/03/09/10/a", [
      kinesisRecord(put("a", "1.00")),
      kinesisRecord(put("b", "1.00"), { eventId: "once" }),
    ]);
    files.put("2026/03/09/11/b", [kinesisRecord(put("b", "1.00"), { eventId: "again" }), kinesisRecord(put("a", "3.00", 7_200))]); // prettier-ignore
    await files.run();
    expect(await files.totals()).toEqual({ a: "3.00", b: "1.00" });
    const count = "select count(*) as n, count(distinct _event_id) as d from bronze.orders";
    expect(await files.rows(count)).toEqual([{ n: 3n, d: 3n }]);
    // After a day it is not looked for any more, and changes nothing.
    await files.world.sleep(25 * HOUR_MS);
    files.put("2026/03/09/12/d", [kinesisRecord(put("a", "3.00", 7_200))]);
    await files.run();
    expect(await files.rows(count)).toEqual([{ n: 4n, d: 3n }]);
    expect(await files.totals()).toEqual({ a: "3.00", b: "1.00" });
  });

  test("are looked for in Bronze only where events of their time are", async () => {
    await using files = new FirehoseLake({}, { autoCompact: false });
    files.put("2026/03/09/10/a", [kinesisRecord(put("a", "1.00"))]);
    await files.run();
    // Whoever opens the rows of another hour of this day fails.
    for (const file of files.bronzeFiles()) rmSync(file);
    files.put(
      "2026/03/09/15/b",
      [put("b", "2.00", 18_000), put("b", "2.00", 18_000)].map((one) => kinesisRecord(one)),
    );
    const [taken] = (await files.run()).tables;
    expect([taken?.outcome, taken?.rows]).toEqual(["changed", 1]);
    files.put("2026/03/09/10/again", [kinesisRecord(put("a", "1.00"))]);
    const [failed] = outcomes(await files.run());
    expect(failed).toMatch(/Cannot|missing|not there/);
  });

  test("of long ago are found within a day", async () => {
    await using files = new FirehoseLake();
    files.put("2026/03/09/10/a", [kinesisRecord(put("a", "1.00"))]);
    files.put("2026/01/09/10/b", [kinesisRecord(put("b", "1.00"))]);
    await files.run();
    files.put("2026/01/09/11/late", [kinesisRecord(put("c", "1.00"))]);
    expect(outcomes(await files.run())).toEqual(["unchanged", "unchanged"]);
    await files.world.sleep(24 * HOUR_MS);
    expect(outcomes(await files.run())).toEqual(["changed", "changed"]);
    expect(await files.totals()).toEqual({ a: "1.00", b: "1.00", c: "1.00" });
  });

  test("with bytes that are no record: they are in quarantine as they were delivered", async () => {
    await using files = new FirehoseLake({}, { unreadable: 0.9 });
    const wrong = JSON.stringify(kinesisRecord(put("b", "1.00"))).replace('"N"', '"X"');
    files.put("2026/03/09/10/a", [kinesisRecord(put("a", "1.00")), wrong, "oops"], { separator: "\n" });
    await files.run();
    expect(await files.totals()).toEqual({ a: "1.00" });
    const rows = await files.rows(
      'select reasons[1] as reason, line, byte_offset, raw from "quarantine.bronze_orders" order by line',
    );
    const good = JSON.stringify(kinesisRecord(put("a", "1.00"))).length + 1;
    expect(
      rows.map(({ line, byte_offset, raw }) => [line, byte_offset, Buffer.from(raw as string, "base64").toString()]),
    ).toEqual([
      [2n, BigInt(good), wrong],
      [3n, BigInt(good + wrong.length + 1), "oops"],
    ]);
    expect(rows.map((row) => row["reason"])).toEqual([
      expect.stringMatching(/no value of DynamoDB/),
      expect.stringMatching(/something else between records/),
    ]);
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      "CloudWatch Logs",
      gzipSync(JSON.stringify({ messageType: "DATA_MESSAGE", logEvents: [] })),
      /holds CloudWatch Logs.*2026\/03\/09\/10\/a/,
    ],
    ["a ZIP file", Buffer.from("PK\u0003\u0004whatever"), /it is ZIP, neither JSON nor Parquet/],
    ["half a GZIP file", gzipSync("x".repeat(10_000)).subarray(0, 30), /no whole gzip file/],
  ])("that are none of the table's stop it and say why: %s", async (_title, bytes, message) => {
    await using files = new FirehoseLake();
    files.putBytes("2026/03/09/10/a", bytes);
    const [bronze] = outcomes(await files.run());
    expect(bronze).toMatch(message);
  });

  test("are read through the table's filter: what leaves it is gone", async () => {
    await using files = new FirehoseLake({ where: { total: { lt: 5 } }, attributes: ["total"] });
    files.put("2026/03/09/10/a", [put("a", "1.00"), put("b", "9.00"), put("c", "2.00")].map((one) => kinesisRecord(withNote(one)))); // prettier-ignore
    files.put("2026/03/09/11/b", [put("c", "7.00", 60, "2.00"), put("b", "4.00", 61, "9.00")].map((one) => kinesisRecord(withNote(one)))); // prettier-ignore
    await files.run();
    expect(await files.totals()).toEqual({ a: "1.00", b: "4.00" });
    const rows = await files.rows("select _op, _key, _source_meta from bronze.orders order by _sequence, _key");
    expect(rows.map((row) => [row["_op"], row["_key"]])).toEqual([
      ["I", "S:a"],
      ["I", "S:c"],
      ["D", "S:c"],
      ["U", "S:b"],
    ]);
    expect(JSON.stringify(await files.rows("select * exclude (_batch_id, _ingestion_timestamp, _source_ts) from bronze.orders"))).not.toMatch(/left out/); // prettier-ignore
  });

  test("that are not there yet are waited for", async () => {
    await using files = new FirehoseLake();
    expect(outcomes(await files.run())).toEqual(["unchanged", "unchanged"]);
  });
});
