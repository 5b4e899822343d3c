import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { realWorld, type World } from "../../src/base/index.ts";
import {
  bronze,
  defineLake,
  dynamodb,
  openLake,
  planLake,
  resolveLake,
  s,
  silver,
  type Lake,
} from "../../src/lake/index.ts";
import type { DynamoDbOptions } from "../../src/lake/index.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { LiveTable, orderItem } from "./live-table.ts";

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
    const place = { table: table.name, keys: ["order_id"], endpoint: server.endpoint } as const;
    const orders = bronze("orders", { source: dynamodb({ ...place, ...options }) });
    const clean = silver("orders", {
      from: orders,
      keys: ["order_id"],
      columns: { order_id: s.string(), amount: s.decimal(38, 2) },
    });
    const lake = defineLake({
      name: "shop",
      storage: join(folder, "lake"),
      engine: { memory: "512MB", threads: 2 },
      tables: [orders, clean],
    });
    return openLake(resolveLake(lake, { folder, machine: { memoryBytes: 1e9, cores: 2 } }), { world });
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
});

async function amounts(lake: Lake): Promise<ReadonlyMap<string, string>> {
  const rows = await rowsOf(lake, "select order_id, amount from silver.orders");
  return new Map(rows.map((row) => [String(row["order_id"]), String(row["amount"])]));
}

async function rowsOf(lake: Lake, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const batch of lake.query(sql)) rows.push(...batch);
  return rows;
}
