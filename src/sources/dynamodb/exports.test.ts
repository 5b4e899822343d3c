import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { item } from "../../../test/builders/dynamodb-item.ts";
import { ExportBench } from "../../../test/sources/stage-lines.ts";
import { realWorld } from "../../base/index.ts";
import type { Row } from "../../engine/index.ts";
import { countingStore, localStore, memoryStore } from "../../storage/index.ts";
import { decodeCoverage } from "./plan/coverage.ts";

let bench: ExportBench;
beforeEach(() => {
  bench = new ExportBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const DAY = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"] as const;

const order = (id: string, total = 1) => item({ id, total });

function put(id: string, at: string = DAY[0]) {
  return { at, keys: item({ id }), after: order(id) };
}

function ids(rows: readonly Row[]): readonly unknown[] {
  return rows.map((row) => row["_event_id"]).toSorted(byText);
}

describe("a full export and its windows", () => {
  test("become events with their own order, place and identity", async () => {
    bench.add({ full: DAY[0], items: [order("a"), order("b")] });
    bench.add({
      from: DAY[0],
      to: DAY[1],
      events: [
        { at: DAY[0], micros: 7, keys: item({ id: "c" }), after: order("c") },
        { at: DAY[0], micros: 8, keys: item({ id: "a" }), before: order("a"), after: order("a", 2) },
        { at: DAY[0], micros: 9, keys: item({ id: "b" }), before: order("b") },
      ],
    });
    const { rows, plan } = await bench.run();
    expect(plan.batches).toHaveLength(1);
    const events = rows.toSorted((left, right) => ((left["_event_id"] ?? "") < (right["_event_id"] ?? "") ? -1 : 1));
    expect(events.map(({ _event_id, _op, _key, _sequence }) => [_event_id, _op, _key, _sequence])).toEqual([
      ["export/0/2024-01-01T00:00:00Z..2024-01-02T00:00:00Z/S:a", "U", "S:a", "0000-0001704066900000008-2"],
      ["export/0/2024-01-01T00:00:00Z..2024-01-02T00:00:00Z/S:b", "D", "S:b", "0000-0001704066900000009-2"],
      ["export/0/2024-01-01T00:00:00Z..2024-01-02T00:00:00Z/S:c", "I", "S:c", "0000-0001704066900000007-2"],
      ["export/0/2024-01-01T00:00:00Z/S:a", "R", "S:a", "0000-0001704066900000000-1"],
      ["export/0/2024-01-01T00:00:00Z/S:b", "R", "S:b", "0000-0001704066900000000-1"],
      ["export/0/2024-01-01T00:00:00Z/T", "T", null, "0000-0001704066900000000-0"],
    ]);
    expect(events[1]).toMatchObject({ id: "b", total: null, _before: '{"id":{"S":"b"},"total":{"N":"1"}}' });
    expect(events[5]).toMatchObject({ id: null, _source_ts: 1704067200000000n, _source_table: "orders" });
    expect(events[3]?.["_source_meta"]).toBe('{"export":"2024-01-01T00:00:00.000Z"}');
    expect(events[3]?.["_ingest_file"]).toMatch(/^AWSDynamoDB\/01704067200000-[0-9a-f]{8}\/data\/[0-9a-f]+\.json\.gz$/);
  });

  test("tell deletes by TTL from others where the attribute is named", async () => {
    const seconds = Date.parse(DAY[0]) / 1_000;
    const expiries = [{ N: String(seconds - 5) }, { N: String(seconds) }, { N: String(seconds + 1) }, { S: "1" }];
    const events = expiries.map((expires, index) => {
      const keys = item({ id: `x${index}` });
      return { at: DAY[0], keys, before: { ...keys, expires } };
    });
    const update = { at: DAY[0], keys: item({ id: "u" }), before: { ...item({ id: "u" }), expires: { N: "1" } }, after: item({ id: "u" }) }; // prettier-ignore
    bench.add({ from: DAY[0], to: DAY[1], events: [...events, update] });
    const { rows } = await bench.run(bench.source({ requireFullExport: false, ttlAttribute: "expires" }));
    const byTtl = rows.filter((row) => JSON.parse(String(row["_source_meta"]))["ttl"] === true); // oxlint-disable-line typescript/no-base-to-string
    expect(byTtl.map((row) => row["id"]).toSorted(byText)).toEqual(["x0", "x1"]);
  });

  test("of new images alone are updates, since nobody knows what was before", async () => {
    bench.add({ full: DAY[0], items: [] });
    const events = [put("a"), { at: DAY[0], keys: item({ id: "b" }) }];
    bench.add({ from: DAY[0], to: DAY[1], events, view: "NEW_IMAGE" });
    const { rows } = await bench.run();
    expect(rows.map((row) => [row["_op"], row["_key"]]).toSorted(byText)).toEqual([["D", "S:b"], ["T", null], ["U", "S:a"]]); // prettier-ignore
    const meta = rows.find((row) => row["_op"] === "U")?.["_source_meta"];
    expect(meta).toBe('{"window":["2024-01-01T00:00:00.000Z","2024-01-02T00:00:00.000Z"],"view":"NEW_IMAGE"}');
  });

  test("give the same rows from memory as from a folder", async () => {
    bench.add(
      { full: DAY[0], items: [order("a"), order("b")] },
      { below: "deep/prefix", files: 2, prefix: "else/where" },
    );
    bench.add({ from: DAY[0], to: DAY[1], events: [put("c")] }, { below: "other" });
    const here = await bench.run();
    const local = localStore(bench.folder, { world: realWorld() });
    const memory = memoryStore({ world: realWorld() });
    for await (const { path } of local.list("")) await memory.create(path, await local.read(path));
    const there = await bench.run(bench.source({}, memory));
    expect(ids(there.rows)).toEqual(ids(here.rows));
    expect(here.rows).toHaveLength(4);
    expect(there.end).toBe(here.end);
  });

  test("find the line of a key again", async () => {
    bench.add({ full: DAY[0], items: [order("a"), '{"Item": {"id":{"S":"\\u0062"}}}', "not json", order('c"%|')] });
    const source = bench.source();
    const { rows } = await bench.run(source);
    const file = String(rows.find((row) => row["_key"] === "S:a")?.["_ingest_file"]); // oxlint-disable-line typescript/no-base-to-string
    expect(await Promise.all(["S:a", "S:b", 'S:c"%25%7C', "S:d"].map((key) => source.locate(file, key)))).toEqual([1, 2, 4, undefined]); // prettier-ignore
    expect(await source.locate("AWSDynamoDB/gone.json.gz", "S:a")).toBeUndefined();
  });
});

describe("batches", () => {
  test("cut a large export into several, go on in the middle of it, and end it with one T", async () => {
    const items = Array.from({ length: 40 }, (_, index) => order(`k${index}`));
    bench.add({ full: DAY[0], items }, { files: 5 });
    bench.add({ from: DAY[0], to: DAY[1], events: [put("w")] });
    const source = bench.source({ batchBytes: 2_500 });
    const whole = await bench.run(source);
    expect(whole.batches.length).toBeGreaterThan(2);
    expect(whole.rows.map((row) => row["_op"]).filter((op) => op === "T")).toEqual(["T"]);
    const [first] = whole.plan.batches;
    expect(decodeCoverage(first?.end ?? "")).toMatchObject({
      coveredTo: null,
      partial: { unit: "full 2024-01-01T00:00:00.000Z" },
    });
    const rest = await bench.run(source, { end: first?.end, schema: undefined });
    expect(rest.rows.length + (whole.batches[0]?.rows ?? 0)).toBe(42);
    expect(ids(whole.rows)).toEqual(expect.arrayContaining([...ids(rest.rows)]));
    expect(rest.end).toBe(whole.end);
  });

  test("refuse to go on with an export whose files have changed", async () => {
    const items = Array.from({ length: 20 }, (_, index) => order(`k${index}`));
    const folder = bench.add({ full: DAY[0], items }, { files: 4 });
    const source = bench.source({ batchBytes: 2_500 });
    const { plan } = await bench.run(source);
    rmSync(folder, { recursive: true });
    bench.add({ full: DAY[0], items: items.toReversed() }, { files: 4, id: "01704067200000-other" });
    const again = await bench.run(source, { end: plan.batches[0]?.end });
    expect(again.plan.problem).toMatchObject({ code: "source.invalid", facts: { filesTaken: 3 } });
    expect(again.batches).toEqual([]);
  });

  test("share one batch between small exports, and cover an empty one", async () => {
    bench.add({ full: DAY[0], items: [order("a")] });
    bench.add({ from: DAY[0], to: DAY[1], events: [] }, { files: 0 });
    bench.add({ from: DAY[1], to: DAY[2], events: [] });
    const run = await bench.run();
    expect(run.batches).toHaveLength(1);
    expect(decodeCoverage(run.end ?? "")?.coveredTo).toBe("2024-01-03T00:00:00.000Z");
    expect((await bench.run(bench.source(), run)).plan).toEqual({ batches: [], waiting: [], skipped: [] });
  });

  test("cover an empty table with a T alone", async () => {
    bench.add({ full: DAY[0], items: [] }, { files: 0 });
    const { rows } = await bench.run();
    expect(ids(rows)).toEqual(["export/0/2024-01-01T00:00:00Z/T"]);
  });
});

describe("a run with nothing new", () => {
  test("reads nothing, and after one more export only what lies beside it", async () => {
    const hours = Array.from({ length: 200 }, (_, index) => Date.parse(DAY[0]) + index * 3_600_000);
    bench.add({ full: hours[0] ?? 0, items: [order("a")] });
    for (const from of hours) bench.add({ from, to: from + 3_600_000, events: [] }, { files: 0 });
    const store = countingStore(localStore(bench.folder, { world: realWorld() }));
    const source = bench.source({}, store);
    const run = await bench.run(source);
    expect(run.plan.problem).toBeUndefined();
    const before = { ...store.counts };
    const idle = await bench.run(source, run);
    expect(idle.plan).toEqual({ batches: [], waiting: [], skipped: [] });
    expect(store.counts).toEqual(before);
    bench.add(
      { from: (hours.at(-1) ?? 0) + 3_600_000, to: DAY[3], events: [] },
      { files: 0, id: "09999999999999-later" },
    );
    await bench.run(source, run);
    expect(store.counts.read - before.read).toBeLessThanOrEqual(6);
  });
});

function byText(left: unknown, right: unknown): number {
  const [one, other] = [JSON.stringify(left), JSON.stringify(right)];
  return one < other ? -1 : Number(one > other);
}
