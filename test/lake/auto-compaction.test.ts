import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SluiceError } from "../../src/base/index.ts";
import type { Layer } from "../../src/contract/index.ts";
import { vacuum, type CommitChanges, type Snapshot } from "../../src/delta/index.ts";
import type { Engine } from "../../src/engine/index.ts";
import type { Lake } from "../../src/lake/index.ts";
import { openNewest, type LayerContext } from "../../src/layers/index.ts";
import { recorded } from "../../src/observability/index.ts";
import { runLake, type RunReport } from "../../src/orchestration/index.ts";
import { deliverDay, deliverStart, TABLES, tidyShop } from "./tidy-shop.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-compaction-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const STATE = "select * exclude (_processed_timestamp) from silver.orders order by all";
const REVENUE = "select * from gold.revenue order by all";

async function rows(lake: Lake, text: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const batch of lake.query(text)) all.push(...batch);
  return all;
}

async function newest(lake: Lake, layer: Layer, name: string): Promise<Snapshot> {
  const { snapshot } = await openNewest(lake.tables.place(layer, name));
  if (snapshot === undefined) throw new Error(`there is no ${layer}.${name}`);
  return snapshot;
}

async function commits(lake: Lake, layer: Layer, name: string): Promise<readonly CommitChanges[]> {
  const { version } = await newest(lake, layer, name);
  const all: CommitChanges[] = [];
  for await (const commit of lake.tables.place(layer, name).log.changes(0, version)) all.push(commit);
  return all;
}

function isCompaction({ commitInfo }: CommitChanges): boolean {
  return commitInfo?.["operation"] === "OPTIMIZE";
}

/** What the tables took in, without what followed. */
function tookIn(report: RunReport): unknown {
  return report.tables.map(({ table, outcome, rows: count, error }) => ({ table, outcome, count, error }));
}

const DAYS = 8;

test("small exports leave few files; nobody reads or publishes a row again for it, and rest is rest", async () => {
  deliverStart(folder);
  await using tidy = tidyShop(folder, { lake: "tidy", autoCompact: { minFiles: 3 } });
  await using plain = tidyShop(folder, { lake: "plain", autoCompact: false });
  await tidy.run();
  await plain.run();
  for (let number = 1; number <= DAYS; number += 1) {
    deliverDay(folder, number);
    const reports = [await tidy.run(), await plain.run()] as const;
    // As many events folded, the same tables changed: those that moved were not taken for new ones.
    expect(tookIn(reports[0])).toEqual(tookIn(reports[1]));
    expect(reports[1].compactions).toEqual([]);
  }
  for (const query of [STATE, REVENUE]) expect(await rows(tidy, query)).toEqual(await rows(plain, query));

  // Fewer files than are put together, and those that the powers of two leave.
  for (const [layer, most] of [
    ["bronze", 5],
    ["silver", 5],
  ] as const) {
    expect((await newest(tidy, layer, "orders")).files.size).toBeLessThanOrEqual(most);
    expect((await newest(plain, layer, "orders")).files.size).toBeGreaterThan(DAYS);
    const made = await commits(tidy, layer, "orders");
    const rearranged = made.filter(isCompaction);
    expect(rearranged.length).toBeGreaterThan(1);
    expect(made.length - rearranged.length).toBe((await commits(plain, layer, "orders")).length);
    for (const { adds, removes, commitInfo } of rearranged) {
      expect([...adds, ...removes].filter((file) => file.dataChange)).toEqual([]);
      expect(commitInfo).toMatchObject({ operationParameters: { auto: "true" } });
    }
  }
  expect(await commits(tidy, "gold", "revenue")).toHaveLength((await commits(plain, "gold", "revenue")).length);

  const before = await Promise.all(TABLES.map(async ([layer, name]) => (await newest(tidy, layer, name)).version));
  for (const _again of [1, 2, 3]) {
    const report = await tidy.run();
    expect(report.tables.filter(({ outcome }) => outcome !== "unchanged")).toEqual([]);
    expect(report.compactions).toEqual([]);
  }
  const after = await Promise.all(TABLES.map(async ([layer, name]) => (await newest(tidy, layer, name)).version));
  expect(after).toEqual(before);

  // Every version reads as it did, as long as nobody has removed its files.
  const place = tidy.tables.place("silver", "orders");
  const countAt = async (version: number): Promise<unknown> =>
    await tidy.engine.rows({
      sql: "select count(*) as n from t",
      inputs: { t: { kind: "table", table: { ...place, snapshot: await place.log.at(version) } } },
    });
  for (const commit of (await commits(tidy, "silver", "orders")).filter(isCompaction)) {
    expect(await countAt(commit.version)).toEqual(await countAt(commit.version - 1));
  }
  await vacuum({ ...place, world: tidy.world }, { retentionMs: 0, allowShortRetention: true });
  expect(await rows(tidy, STATE)).toEqual(await rows(plain, STATE));
}, 120_000);

/** Tables that have three small files after the second day. */
const FILLED = ["bronze.orders", "system.tombstones_orders"];

test("what goes wrong with it is told and recorded, fails nothing, and is made good by the next run", async () => {
  deliverStart(folder);
  await using lake = tidyShop(folder, { autoCompact: { minFiles: 3 } });
  await lake.run();
  for (const number of [1, 2]) {
    deliverDay(folder, number);
    const report = number === 1 ? await lake.run() : await runWithoutRoom(lake);
    expect(report.tables.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    if (number === 1) continue;
    expect(report.compactions).toMatchObject(
      FILLED.map((table) => ({ kind: "failed", table, error: { code: "storage.full" } })),
    );
  }
  expect(await rows(lake, "select table_name, warning from system.runs where warning is not null order by 1")).toEqual(
    FILLED.map((table, index) => ({
      table_name: ["bronze.orders", "silver.orders"][index],
      warning: `Small files of ${table} stay for now: Cannot write (storage.full)`,
    })),
  );
  expect((await commits(lake, "bronze", "orders")).filter(isCompaction)).toEqual([]);
  const before = await rows(lake, STATE);
  expect((await lake.run()).compactions).toEqual([]);
  deliverDay(folder, 3);
  expect((await lake.run()).compactions).toEqual(
    expect.arrayContaining(FILLED.map((table) => expect.objectContaining({ kind: "done", table }))),
  );
  expect(await rows(lake, STATE)).toHaveLength(before.length + 1);
}, 60_000);

/** A run whose disk has no room for what only tidies up. */
async function runWithoutRoom(lake: Lake): Promise<RunReport> {
  const { engine } = lake;
  const full: Engine = Object.create(engine, {
    optimize: {
      value: async (table: Parameters<Engine["optimize"]>[0], options: Parameters<Engine["optimize"]>[1]) => {
        const planned = await engine.optimize(table, { ...options, dryRun: true });
        if (planned.kind === "nothing") return planned;
        throw new SluiceError("storage.full", "Cannot write");
      },
    },
  }) as Engine;
  const context: LayerContext = { ...lake.context(), engine: full };
  const openFolder = async () => ({
    path: await mkdtemp(join(lake.definition.engine.spill, "stage-")),
    [Symbol.asyncDispose]: async () => undefined,
  });
  return await recorded(
    context,
    await runLake(context, lake.definition, { openSource: (bronze) => lake.source(bronze), openFolder }),
  );
}
