import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import type { OpenTable } from "../../src/engine/index.ts";
import {
  bronze,
  defineLake,
  dynamodb,
  expect as expectThat,
  openLake,
  resolveLake,
  s,
  silver,
  lakeStatus,
  planLake,
  type Duration,
  type Lake,
  type Reconciliation,
} from "../../src/lake/index.ts";
import { lastReconciledMs } from "../../src/observability/index.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { LiveTable, orderItem } from "./live-table.ts";

describe.skipIf(!requirePart("dynamodb-local"))("a table of DynamoDB Local", { timeout: 240_000 }, () => {
  let server: DynamoDbServer;
  let folder: string;

  beforeAll(async () => {
    server = await startDynamoDbLocal();
    folder = await mkdtemp(join(tmpdir(), "sluice-reconcile-"));
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test("a table is compared with its source while others write to it, and what differs is named", async () => {
    const table = await LiveTable.create(server, "orders");
    const tags = {
      tags: { SS: ["b", "a", "c"] },
      more: { M: { n: { N: "1.50" }, l: { L: [{ BOOL: true }, { NULL: true }] } } },
    };
    await table.writeAll(Array.from({ length: 200 }, (_, at) => orderItem(`o-${at}`, `${at}.00`, tags)));
    // This server's stream is never late: nothing need be waited for.
    const world = realWorld();
    const hasty = { ...world, sleep: async (ms: number): Promise<void> => await world.sleep(Math.min(ms, 200)) };
    const source = { table: "orders", keys: ["order_id"], endpoint: server.endpoint } as const;
    const orders = bronze("orders", { source: dynamodb({ ...source, scan: true, stream: true }) });
    const clean = silver("orders", {
      from: orders,
      keys: ["order_id"],
      columns: { order_id: s.string(), amount: s.decimal(38, 2) },
      expect: { small: expectThat("amount < 190").orQuarantine(), not_five: expectThat("amount <> 5").orDrop() },
    });
    const shop = defineLake({
      name: "shop",
      storage: join(folder, "lake"),
      engine: { memory: "512MB", threads: 2 },
      tables: [orders, clean],
    });
    const machine = { memoryBytes: 1e9, cores: 2 };
    await using lake = openLake(resolveLake(shop, { folder, machine }), { world: hasty });
    await lake.run();
    await table.put(orderItem("o-7", "7.50", { note: { S: "new" } }));
    await table.delete("o-8");
    // What came since the last run is no difference.
    expect(await lake.reconcile("bronze.orders")).toMatchObject({
      verdict: "equal",
      sourceRecords: 199,
      lakeRecords: 199,
      bucketsDifferent: 0,
      isCaughtUp: true,
      silver: [{ table: "silver.orders", keys: 200, quarantined: 10, absent: 1 }],
    });

    const place = lake.tables.place("bronze", "orders");
    const bronzeTable = async (): Promise<OpenTable> => ({ ...place, snapshot: await place.log.latest() });
    await lake.engine.delete(await bronzeTable(), "_key IN ('S:o-1', 'S:o-2')");
    await lake.engine.delete(await bronzeTable(), "_key = 'S:o-8' AND _op = 'D'");
    await lake.engine.update(await bronzeTable(), {
      set: { amount: "'3.01'", note: "'was not there'" },
      where: "_key = 'S:o-3'",
    });
    const writing = (async (): Promise<void> => {
      for (let at = 0; at < 60; at += 1) {
        await table.put(orderItem(`o-${100 + (at % 20)}`, `${at}.25`));
        await world.sleep(50);
      }
    })();
    const report = await lake.reconcile("bronze.orders", { readCapacity: 500 });
    await writing;
    expect(report).toMatchObject({ verdict: "different", sourceRecords: 199, missing: 2, extra: 1, different: 1 });
    expect(report.keys).toEqual([
      { key: "S:o-1", what: "missing", attributes: [] },
      { key: "S:o-2", what: "missing", attributes: [] },
      { key: "S:o-3", what: "different", attributes: ["amount", "note"] },
      { key: "S:o-8", what: "extra", attributes: [] },
    ]);
    const told: Readonly<Record<string, unknown>>[] = [];
    const sql = "select verdict, missing, differing from system.reconciliations order by started_at";
    for await (const rows of lake.query(sql)) told.push(...rows);
    expect(told.map((row) => [row["verdict"], row["missing"]])).toEqual([
      ["equal", 0n],
      ["different", 2n],
    ]);
    expect(JSON.parse(String(told[1]?.["differing"]))).toEqual(report.keys);
  });

  test("a lake that is kept fresh is compared when that is due, and its status says that it differs", async () => {
    const table = await LiveTable.create(server, "scheduled");
    await table.writeAll(Array.from({ length: 50 }, (_, at) => orderItem(`o-${at}`, `${at}.00`)));
    const world = realWorld();
    // What is done now and then stays seldom.
    const sleep = async (ms: number): Promise<void> => await world.sleep(ms > 20_000 ? 3_000 : Math.min(ms, 100));
    const hasty = { ...world, sleep };
    const open = (every: Duration): Lake => {
      const source = { table: table.name, keys: ["order_id"], endpoint: server.endpoint } as const;
      const orders = bronze("orders", {
        source: dynamodb({ ...source, scan: true, stream: true }),
        reconcile: { every, readCapacity: "50%" },
      });
      const engine = { memory: "256MB", threads: 2 } as const;
      const shop = defineLake({ name: "shop", storage: join(folder, "scheduled"), engine, tables: [orders] });
      return openLake(resolveLake(shop, { folder, machine: { memoryBytes: 1e9, cores: 2 } }), { world: hasty });
    };
    /** Keeps the lake fresh while others write, until a comparison is told; gives that, and what failed. */
    const compared = async (lake: Lake) => {
      const over = new AbortController();
      const told: Reconciliation[] = [];
      const failed: string[] = [];
      const started = lake.start({
        flush: "500 ms",
        signal: over.signal,
        onEvent: (event) => {
          if (event.kind === "reconciled") told.push(event.report);
          if (event.kind === "failed") failed.push(`${event.table} ${event.error.code}`);
        },
      });
      for (let written = 0; told.length === 0; written += 1) {
        await table.put(orderItem(`o-${10 + (written % 5)}`, `${written}.25`));
        await world.sleep(200);
      }
      over.abort("SIGTERM");
      await started;
      return { report: told[0], failed };
    };
    {
      await using lake = open("1 hour");
      const { report, failed } = await compared(lake);
      expect(failed).toEqual([]);
      expect(report).toMatchObject({ table: "bronze.orders", sourceRecords: 50, isCaughtUp: true });
      expect(report).toMatchObject({ missing: 0, extra: 0, different: 0 });
      // By this the next one is due, also in another process.
      expect(await lastReconciledMs(lake, "bronze.orders")).toBe(report?.startedMs);
      const place = lake.tables.place("bronze", "orders");
      await lake.engine.delete({ ...place, snapshot: await place.log.latest() }, "_key = 'S:o-1'");
    }
    await using lake = open("1 second");
    expect((await planLake(lake))[0]?.comparesSource).toBe(true);
    const { comparisons = [], tables: ran } = await lake.run();
    expect(ran[0]?.outcome).not.toBe("failed");
    const [found] = comparisons.map((one) => (one.outcome === "compared" ? one.report : undefined));
    expect(found?.keys).toEqual([{ key: "S:o-1", what: "missing", attributes: [] }]);
    expect(await lastReconciledMs(lake, "bronze.orders")).toBe(found?.startedMs);
    await using later = open("1 hour");
    expect((await planLake(later))[0]?.comparesSource).toBeUndefined();
    expect((await later.run()).comparisons).toBeUndefined();
    const { tables } = await lakeStatus(lake);
    expect(tables[0]?.reconciled).toMatchObject({ verdict: "different", missing: 1, extra: 0, different: 0 });
  });
});
