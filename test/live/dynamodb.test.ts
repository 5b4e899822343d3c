import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { must, realWorld, type World } from "../../src/base/index.ts";
import { planLake, type DynamoDbOptions, type Lake } from "../../src/lake/index.ts";
import { matchesFilter, type AttributeMap, type FilterCondition, type FilterScalar } from "../../src/contract/index.ts";
import { awsTableClient } from "../../src/sources/index.ts";
import { filterExpression } from "../../src/sources/dynamodb/live/filter-expression.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { LiveTable, orderItem, type Item } from "./live-table.ts";
import { ordersLake } from "./orders-lake.ts";

describe.skipIf(!requirePart("dynamodb-local"))("a table of DynamoDB Local", { timeout: 120_000 }, () => {
  let server: DynamoDbServer;
  let folder: string;
  let made = 0;

  beforeAll(async () => {
    server = await startDynamoDbLocal();
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-live-"));
    made += 1;
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function lakeOf(table: LiveTable, options: Partial<DynamoDbOptions>, world: World = realWorld()): Lake {
    return ordersLake(folder, { table: table.name, endpoint: server.endpoint, ...options }, world);
  }

  test("a scan brings every item once and ends with a T; the next run has nothing to do", async () => {
    const table = await LiveTable.create(server, `orders-${made}`, { view: "off" });
    const items = Array.from({ length: 1_000 }, (_, at) => orderItem(`o-${at}`, `${at}.50`));
    await table.writeAll(items);
    await using lake = lakeOf(table, { scan: { segments: 3 } });
    const report = await lake.run();
    expect(report.tables.map(({ outcome, error }) => [outcome, error?.message])).toEqual([
      ["changed", undefined],
      ["changed", undefined],
    ]);
    expect(await amounts(lake)).toEqual(new Map(items.map((_, at) => [`o-${at}`, `${at}.50`])));
    expect(await rowsOf(lake, "select _op, count(*) as n from bronze.orders group by all order by all")).toEqual([
      { _op: "R", n: 1_000n },
      { _op: "T", n: 1n },
    ]);
    const again = await lake.run();
    expect(again.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
  });

  test("a stream and a scan: what was there, and every change since, in any order of the two", async () => {
    const table = await LiveTable.create(server, `orders-${made}`);
    await table.writeAll(Array.from({ length: 300 }, (_, at) => orderItem(`o-${at}`, "1.00")));
    await using lake = lakeOf(table, { scan: true, stream: true });
    await lake.run();
    expect(await amounts(lake)).toEqual(new Map(Array.from({ length: 300 }, (_, at) => [`o-${at}`, "1.00"])));
    await table.put(orderItem("o-1", "2.00"));
    await table.delete("o-2");
    await table.put(orderItem("o-300", "3.00"));
    await table.put(orderItem("o-1", "4.00"));
    const report = await lake.run();
    expect(report.tables[0]).toMatchObject({ outcome: "changed", rows: 4 });
    const now = await amounts(lake);
    expect([now.get("o-1"), now.get("o-2"), now.get("o-300"), now.size]).toEqual(["4.00", undefined, "3.00", 300]);
    const events = await rowsOf(
      lake,
      "select _op, count(*) as n, count(distinct _event_id) as d from bronze.orders where _op <> 'R' group by all order by all",
    );
    expect(events).toEqual([
      { _op: "D", n: 1n, d: 1n },
      { _op: "I", n: 301n, d: 301n },
      { _op: "T", n: 1n, d: 1n },
      { _op: "U", n: 2n, d: 2n },
    ]);
    const quiet = await lake.run();
    expect(quiet.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
    const [coverage] = await lake.coverage();
    expect(coverage).toMatchObject({ table: "bronze.orders", problem: undefined, unasked: undefined, silent: [] });
    expect(coverage?.ledger).toMatchObject({ verdict: "covered", holes: [] });
    expect(coverage?.ledger?.spans.map(({ channel, batches }) => [channel, batches?.rows]).toSorted()).toEqual([
      ["scan", 301],
      ["stream", 304],
    ]);
  });

  test.each([
    ["for the first time", []],
    ["again", [4]],
  ])("a scan that was repeated is followed by a stream %s, whose changes are newer", async (_title, before) => {
    const table = await LiveTable.create(server, `orders-${made}`);
    await table.writeAll([orderItem("a", "1.00"), orderItem("b", "2.00"), orderItem("c", "3.00")]);
    const ago = async (hours: number, options: Partial<DynamoDbOptions>): Promise<void> => {
      await using lake = lakeOf(table, options, { ...realWorld(), nowMs: () => Date.now() - hours * 3_600_000 });
      expect((await lake.run()).tables.map(({ error }) => error?.message)).toEqual([undefined, undefined]);
    };
    for (const hours of before) await ago(hours, { scan: true, stream: true });
    for (const hours of [3, 2, 1]) await ago(hours, { scan: { every: "1 hour" } });
    await table.put(orderItem("a", "5.00"));
    await table.delete("b");
    await using lake = lakeOf(table, { scan: true, stream: true });
    await lake.run();
    expect(await amounts(lake)).toEqual(new Map([["a", "5.00"], ["c", "3.00"]])); // prettier-ignore
  });

  test("a stream of keys feeds Bronze alone, and Silver once items are fetched", async () => {
    const table = await LiveTable.create(server, `orders-${made}`, { view: "KEYS_ONLY" });
    await table.writeAll(Array.from({ length: 120 }, (_, at) => orderItem(`o-${at}`, "1.00")));
    {
      await using lake = lakeOf(table, { scan: true, stream: true });
      const plan = await planLake(lake);
      expect(plan.map(({ table: name, problem }) => [name, problem?.code])).toEqual([
        ["bronze.orders", undefined],
        ["silver.orders", "source.invalid"],
      ]);
      const report = await lake.run();
      expect(report.tables.map(({ outcome }) => outcome)).toEqual(["changed", "failed"]);
      expect(report.tables[1]?.error?.advice).toContain("fetchItems: true");
      // Also where Bronze is not read in the same run.
      const alone = await lake.run({ only: ["silver.orders"] });
      expect(alone.tables.map(({ error }) => error?.code)).toEqual(["source.invalid"]);
    }
    await using lake = lakeOf(table, { scan: true, stream: true, fetchItems: { readCapacity: 500 } });
    await table.put(orderItem("o-1", "2.00"));
    await table.delete("o-2");
    const filled = await lake.run();
    expect(filled.tables.map(({ outcome, error }) => [outcome, error?.message])).toEqual([
      ["changed", undefined],
      ["changed", undefined],
    ]);
    await table.put(orderItem("o-1", "3.00"));
    await table.put(orderItem("o-1", "4.00"));
    await table.put(orderItem("o-3", "5.00"));
    await table.delete("o-3");
    await lake.run();
    expect(await amounts(lake)).toEqual(
      new Map([...(await table.items())].map(([key, item]) => [key, item["amount"]?.N?.padEnd(4, ".00") ?? ""])),
    );
    const images = "select json_extract_string(_source_meta, '$.image') as image, count(*) as n from bronze.orders";
    expect(
      await rowsOf(lake, `${images} where _sequence >= '0001' and _op in ('I', 'U') group by all order by all`),
    ).toEqual([
      { image: "fetched", n: 120n },
      { image: "later", n: 4n },
    ]);
  });

  test.each(["ALL", "KEYS_ONLY"] as const)(
    "what changed is read from an index that has %s of its items",
    async (byChange) => {
      const table = await LiveTable.create(server, `orders-${made}`, { view: "off", byChange });
      await table.writeAll([
        changedOrder("a", "1", "2026-01-02T03:04:05.000Z"),
        changedOrder("b", "2", "2026-01-02T04:04:05.000Z"),
        orderItem("c", "3"),
      ]);
      const incremental = { attribute: "changed", index: "by-change", partition: ["s0", "s1"] };
      await using lake = lakeOf(table, { scan: true, incremental });
      await lake.run();
      expect(await amounts(lake)).toEqual(new Map([["a", "1.00"], ["b", "2.00"], ["c", "3.00"]])); // prettier-ignore
      await table.put(changedOrder("a", "10", "2026-01-02T05:04:05.000Z"));
      await table.put(changedOrder("d", "4", "2026-01-02T05:04:06.000Z"));
      await table.delete("b");
      const report = await lake.run();
      expect(report.tables[0]).toMatchObject({ outcome: "changed", rows: 2, error: undefined });
      // The index tells of no delete.
      expect(await amounts(lake)).toEqual(new Map([["a", "10.00"], ["b", "2.00"], ["c", "3.00"], ["d", "4.00"]])); // prettier-ignore
      const quiet = await lake.run();
      expect(quiet.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
      const [row] = await rowsOf(lake, "select _op, _source_ts::varchar as t from bronze.orders where _key = 'S:d'");
      expect(row).toEqual({ _op: "U", t: expect.stringMatching(/^2026-01-02 05:04:06/) });
    },
  );

  test("a filter means in the lake what DynamoDB's own expressions mean", async () => {
    const table = await LiveTable.create(server, `orders-${made}`, { view: "off" });
    const values = [undefined, ...SCALARS, { L: [{ N: "1" }] }, { M: { a: { S: "b" } } }, { SS: ["ab"] }] as const;
    const items = values.map((a, at) => ({ order_id: { S: `o-${at}` }, ...(a === undefined ? {} : { a }) }));
    await table.writeAll(items.map((item) => ({ ...item, b: { S: "x" } })) as Item[]);
    const client = awsTableClient({ table: table.name, endpoint: server.endpoint });
    for (const condition of conditionsOn("a")) {
      const filter = { where: [condition], attributes: ["order_id", "a"] };
      const expression = must(filterExpression(filter), "one condition fits");
      const page = await client.scan({ segment: 0, segments: 1, startKey: undefined, filter: expression });
      const found = Array.from(
        { length: page.items.places.length / 2 },
        (_, at) =>
        JSON.parse(Buffer.from(page.items.bytes.subarray(page.items.places[2 * at], page.items.places[2 * at + 1])).toString()) as AttributeMap, // prettier-ignore
      );
      const plain = items.map((item) => JSON.parse(JSON.stringify(item, base64OfBytes)) as AttributeMap);
      const expected = plain.filter((item) => matchesFilter(filter, item));
      expect({ condition, items: byKey(found) }).toEqual({ condition, items: byKey(expected) });
      expect(page.scanned).toBe(items.length);
    }
    client.close();
  });

  test("a filtered table: rows that no longer match leave, those that do again come back, what is not kept is not there", async () => {
    const table = await LiveTable.create(server, `orders-${made}`);
    await table.writeAll([orderOf("a", "1", "open"), orderOf("b", "2", "closed"), orderOf("c", "3", "open")]);
    const where = { status: { in: ["open"] }, amount: { gte: 1 } };
    await using lake = lakeOf(table, { scan: true, stream: true, where, attributes: ["amount"] });
    await lake.run();
    expect(await amounts(lake)).toEqual(new Map([["a", "1.00"], ["c", "3.00"]])); // prettier-ignore
    await table.put(orderOf("a", "1", "closed"));
    await table.put(orderOf("b", "20", "open"));
    await table.put(orderOf("d", "4", "closed"));
    await table.delete("c");
    await lake.run();
    expect(await amounts(lake)).toEqual(new Map([["b", "20.00"]]));
    await table.put(orderOf("a", "10", "open"));
    await table.put(orderOf("d", "0.99", "open"));
    const report = await lake.run();
    expect(report.tables[0]?.rows).toBe(1);
    expect(await amounts(lake)).toEqual(new Map([["a", "10.00"], ["b", "20.00"]])); // prettier-ignore
    const [left] = await rowsOf(
      lake,
      `select _op, _source_meta->>'left' as "left", _before from bronze.orders where _key = 'S:a' and _op = 'D'`,
    );
    expect(left).toMatchObject({ _op: "D", left: "MODIFY" });
    expect(JSON.parse(String(left?.["_before"]))).toEqual({ order_id: { S: "a" }, amount: { N: "1" } });
    const columns = await rowsOf(lake, "select * from bronze.orders limit 1");
    expect(Object.keys(columns[0] ?? {})).not.toContain("note");
    // What the filter leaves out is no difference.
    expect(await lake.reconcile("bronze.orders")).toMatchObject({ verdict: "equal", sourceRecords: 2, candidates: 0 });
  });
});

const SCALARS = [
  { S: "ab" },
  { S: "b" },
  { S: "10" },
  { S: "\uFFFF" },
  { S: "😀" },
  { N: "10" },
  { N: "9.5" },
  { N: "-0.00000000000000000001" },
  { N: `1${"0".repeat(120)}` },
  { N: "9.9999999999999999999999999999999999999" },
  { BOOL: true },
  { BOOL: false },
  { NULL: true },
  { B: new Uint8Array([1, 2]) },
  { B: new Uint8Array([200]) },
] as const;

/** Every operator with every value that it takes. */
function conditionsOn(attribute: string): readonly FilterCondition[] {
  const scalars = SCALARS.map((one) => JSON.parse(JSON.stringify(one, base64OfBytes)) as FilterScalar);
  const ordered = scalars.filter((one) => "S" in one || "N" in one || "B" in one);
  const compared = (["eq", "ne"] as const).flatMap((is) => scalars.map((value) => ({ attribute, is, value })));
  const ranges = (["lt", "lte", "gt", "gte"] as const).flatMap((is) =>
    ordered.map((value) => ({ attribute, is, value })),
  );
  const texts = ordered
    .filter((one) => !("N" in one))
    .map((value) => ({ attribute, is: "beginsWith" as const, value }));
  const others = [
    { attribute, is: "in", values: scalars },
    { attribute, is: "exists" },
    { attribute, is: "missing" },
  ] as const;
  return [...compared, ...ranges, ...texts, ...others];
}

function changedOrder(id: string, amount: string, changed: string): Item {
  return orderItem(id, amount, { shop: { S: "s0" }, changed: { S: changed } });
}

function orderOf(id: string, amount: string, status: string): Item {
  return orderItem(id, amount, { status: { S: status }, note: { S: "much text" } });
}

function byKey(items: readonly AttributeMap[]): ReadonlyMap<string, AttributeMap> {
  return new Map(items.map((item) => [JSON.stringify(item["order_id"]), item]));
}

function base64OfBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

async function amounts(lake: Lake): Promise<ReadonlyMap<string, string>> {
  const rows = await rowsOf(lake, "select order_id, amount from silver.orders");
  return new Map(rows.map((row) => [String(row["order_id"]), String(row["amount"])]));
}

async function rowsOf(lake: Lake, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const batch of lake.query(sql)) rows.push(...batch);
  return rows;
}
