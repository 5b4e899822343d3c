import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bronze,
  defineLake,
  dynamodb,
  dynamodbTarget,
  openLake,
  resolveLake,
  s,
  silver,
  type Lake,
} from "../../src/lake/index.ts";
import type { StartEvent } from "../../src/orchestration/index.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { LiveTable, orderItem } from "./live-table.ts";

describe.skipIf(!requirePart("dynamodb-local"))("a lake that is kept fresh", { timeout: 180_000 }, () => {
  let server: DynamoDbServer;
  let folder: string;

  beforeAll(async () => {
    [server, folder] = await Promise.all([startDynamoDbLocal(), mkdtemp(join(tmpdir(), "sluice-started-"))]);
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function lakeOf(name: string, table: string, target?: string): Lake {
    const place = { table, keys: ["order_id"], endpoint: server.endpoint } as const;
    const orders = bronze("orders", { source: dynamodb({ ...place, scan: true, stream: true }) });
    const columns = { order_id: s.string(), amount: s.decimal(38, 2) };
    const publish = { table: target ?? "", keys: { order_id: "{order_id}" }, endpoint: server.endpoint };
    const clean = silver("orders", {
      from: orders,
      keys: ["order_id"],
      columns,
      ...(target === undefined ? {} : { publish: dynamodbTarget(publish) }),
    });
    const engine = { memory: "256MB", threads: 2 } as const;
    const lake = defineLake({ name: "shop", storage: join(folder, name), engine, tables: [orders, clean] });
    return openLake(resolveLake(lake, { folder, machine: { memoryBytes: 1e9, cores: 2 } }));
  }

  test("shows what is written within the flush interval, and does nothing while nothing comes", async () => {
    const table = await LiveTable.create(server, "fresh");
    await table.writeAll(Array.from({ length: 100 }, (_, at) => orderItem(`o-${at}`, "1.00")));
    await using lake = lakeOf("fresh", table.name);
    await using started = start(lake);
    await until(async () => (await amounts(lake)).size === 100);
    await table.put(orderItem("o-1", "2.00"));
    await table.delete("o-2");
    await until(async () => {
      const now = await amounts(lake);
      return now.get("o-1") === "2.00" && !now.has("o-2");
    });
    // Four rounds without a commit, a manifest, a position or a record of a run: else this never ends.
    await until(async () => {
      const before = await filesBelow(join(folder, "fresh"));
      await pause(2_000);
      return (await filesBelow(join(folder, "fresh"))).join() === before.join();
    });
    const flushes = started.events.filter((event) => event.kind === "flush");
    expect(flushes.flatMap(({ tables }) => tables).reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThanOrEqual(
      404,
    );
    expect(flushes.at(-1)?.lagMs).toBeLessThan(60_000);
    expect(flushes.at(-1)?.newestMs).toBeGreaterThan(Date.now() - 120_000);
    const givenUp = await started.stop();
    expect([...givenUp]).toEqual([]);
    expect(started.events.filter(({ kind }) => kind === "failed")).toEqual([]);
    const [runs] = await rowsOf(
      lake,
      "select count(*) as n, sum(rows)::bigint as rows from system.runs where table_name = 'silver.orders'",
    );
    // Once a minute, and at the end.
    expect(runs?.["rows"]).toBe(203n);
    expect(Number(runs?.["n"])).toBeLessThanOrEqual(3);
    const again = await lake.run();
    expect(again.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
  });

  test("is kept so by two processes at once without a double or a loss (F10)", async () => {
    const table = await LiveTable.create(server, "twice");
    await table.writeAll([orderItem("o-0", "0.00")]);
    await using one = lakeOf("twice", table.name);
    await using two = lakeOf("twice", table.name);
    await one.run();
    await using first = start(one);
    await using second = start(two);
    for (let at = 0; at < 300; at += 1) await table.put(orderItem(`o-${at % 50}`, `${at}.50`));
    await until(async () => (await rowsOf(one, "select 1 from bronze.orders where _op <> 'T'")).length >= 302);
    await until(async () => (await amounts(one)).get("o-49") === "299.50");
    await Promise.all([first.stop(), second.stop()]);
    const [events] = await rowsOf(
      one,
      "select count(*) as n, count(distinct _event_id) as d from bronze.orders where _op in ('I', 'U', 'D')",
    );
    expect(events).toEqual({ n: 301n, d: 301n });
    const items = await table.items();
    const shown = [...(await amounts(two))].map(([key, amount]) => [key, Number(amount)] as const);
    expect(new Map(shown)).toEqual(new Map([...items].map(([key, item]) => [key, Number(item["amount"]?.N)])));
    // Whoever was overtaken went on behind the other, without a word about it.
    expect([...first.events, ...second.events].filter(({ kind }) => kind === "failed")).toEqual([]);
  });

  test("keeps a target, too: what changes is published, and told", async () => {
    const table = await LiveTable.create(server, "published-from");
    const target = await LiveTable.create(server, "published-to", { view: "off" });
    await table.writeAll([orderItem("o-1", "1.00"), orderItem("o-2", "2.00")]);
    await using lake = lakeOf("published", table.name, target.name);
    await using started = start(lake);
    const shown = async (): Promise<object> => {
      const items = [...(await target.items())].filter(([, item]) => item["amount"] !== undefined);
      return Object.fromEntries(items.map(([key, item]) => [key, Number(item["amount"]?.N)]));
    };
    const shows = (wanted: object) => async () => JSON.stringify(await shown()) === JSON.stringify(wanted);
    await until(async () => Object.keys(await shown()).length === 2);
    await table.put(orderItem("o-1", "1.50"));
    await table.delete("o-2");
    await until(shows({ "o-1": 1.5 }));
    await started.stop();
    const published = started.events.filter((event) => event.kind === "published");
    expect(new Set(published.map(({ target: to }) => to))).toEqual(new Set(["dynamodb published-to"]));
    expect(published.reduce((sum, { put }) => sum + put, 0)).toBe(3);
    expect(published.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(1);
    expect(started.events.filter(({ kind }) => kind === "failed")).toEqual([]);
  });

  test("tells once of a source that is not there, and goes on when it is", async () => {
    await using lake = lakeOf("later", "later");
    await using started = start(lake);
    await until(() => started.events.some(({ kind }) => kind === "failed"));
    await pause(1_000);
    const failures = started.events.filter((event) => event.kind === "failed");
    expect(failures.map(({ table, error }) => [table, error.code])).toEqual([["bronze.orders", "source.missing"]]);
    expect(failures[0]?.againMs).toBeGreaterThan(0);
    const table = await LiveTable.create(server, "later");
    await table.put(orderItem("o-1", "1.00"));
    await until(async () => (await amounts(lake)).size === 1);
    expect(started.events.map(({ kind }) => kind)).toContain("recovered");
  });
});

interface StartedLake extends AsyncDisposable {
  readonly events: StartEvent[];
  stop(): ReturnType<Lake["start"]>;
}

function start(lake: Lake): StartedLake {
  const over = new AbortController();
  const events: StartEvent[] = [];
  const ended = lake.start({ flush: "500 ms", signal: over.signal, onEvent: (event) => void events.push(event) });
  const stop = async (): ReturnType<Lake["start"]> => {
    over.abort("SIGTERM");
    return await ended;
  };
  return { events, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(100);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.toSorted((one, other) => one.localeCompare(other));
}

async function amounts(lake: Lake): Promise<ReadonlyMap<string, string>> {
  const rows = await rowsOf(lake, "select order_id, amount from silver.orders").catch(() => []);
  return new Map(rows.map((row) => [String(row["order_id"]), String(row["amount"])]));
}

async function rowsOf(lake: Lake, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const batch of lake.query(sql)) rows.push(...batch);
  return rows;
}
