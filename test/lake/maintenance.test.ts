import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Lake } from "../../src/lake/index.ts";
import type { Layer } from "../../src/contract/index.ts";
import { vacuum, type VacuumReport } from "../../src/delta/index.ts";
import type { OpenTable, OptimizeOutcome } from "../../src/engine/index.ts";
import { restoreTable, slowestDependant } from "../../src/layers/index.ts";
import { deliverDay, deliverStart, TABLES, tidyShop } from "./tidy-shop.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-maintenance-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(lake: Lake): Promise<Record<string, string>> {
  const report = await lake.run();
  return Object.fromEntries(
    report.tables.map((table) => [table.table, table.error === undefined ? table.outcome : table.error.code]),
  );
}

async function open(lake: Lake, layer: Layer, name: string): Promise<OpenTable> {
  const place = lake.tables.place(layer, name);
  return { name: place.name, store: place.store, log: place.log, snapshot: await place.log.latest() };
}

async function optimizeAll(lake: Lake): Promise<readonly OptimizeOutcome[]> {
  const outcomes: OptimizeOutcome[] = [];
  for (const [layer, name] of TABLES) outcomes.push(await lake.engine.optimize(await open(lake, layer, name)));
  return outcomes;
}

/** As `sluice vacuum` and `sluice clean-log` do, but of everything up to now. */
async function cleanUp(lake: Lake, layer: Layer, name: string): Promise<VacuumReport> {
  const table = await open(lake, layer, name);
  const dependant = await slowestDependant(lake, lake.definition, `${layer}.${name}`);
  const keep = dependant === undefined ? {} : { keepAfterVersion: dependant.version };
  const report = await vacuum({ ...table, world: lake.world }, { retentionMs: 0, allowShortRetention: true, ...keep });
  await table.log.cleanUp({ retentionMs: -2 * 24 * 3_600_000, ...keep });
  return report;
}

async function versions(lake: Lake): Promise<readonly (number | undefined)[]> {
  return await Promise.all(TABLES.map(async ([layer, name]) => (await open(lake, layer, name)).snapshot?.version));
}

async function rows(lake: Lake, text: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const batch of lake.query(text)) all.push(...batch);
  return all;
}

const STATE = "select order_id, amount, segment from silver.orders order by all";
const REVENUE = "select * from gold.revenue order by all";
const UNCHANGED = Object.fromEntries(TABLES.map(([layer, name]) => [`${layer}.${name}`, "unchanged"]));

test("nobody takes a rewritten table for a changed one: nothing is folded, joined or refreshed again", async () => {
  deliverStart(folder);
  await using lake = tidyShop(folder);
  await run(lake);
  for (const number of [1, 2, 3]) {
    deliverDay(folder, number);
    await run(lake);
  }
  const before = [await rows(lake, STATE), await rows(lake, REVENUE)];
  const outcomes = await optimizeAll(lake);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["committed", "nothing", "nothing", "committed", "nothing"]);
  const optimized = await versions(lake);
  expect(await run(lake)).toEqual(UNCHANGED);
  expect(await versions(lake)).toEqual(optimized);
  expect([await rows(lake, STATE), await rows(lake, REVENUE)]).toEqual(before);

  // What is new is still found, and only that.
  deliverDay(folder, 4);
  expect(await run(lake)).toMatchObject({ "silver.orders": "changed", "gold.revenue": "changed" });
  const after = await rows(lake, STATE);
  expect(after).toContainEqual({ order_id: "o-1", amount: "40.00", segment: "s-c-1" });
  expect(after).toContainEqual({ order_id: "n-4", amount: "5.00", segment: "s-c-2" });
  expect(after).not.toContainEqual(expect.objectContaining({ order_id: "n-3" }));

  // A table that is computed anew takes rows from the files that they are in now.
  await lake.rebuild("silver.orders");
  expect(await rows(lake, STATE)).toEqual(after);
}, 60_000);

test("what Silver has yet to fold in outlives its clean-up, and nothing else does", async () => {
  deliverStart(folder);
  await using lake = tidyShop(folder);
  await run(lake);
  for (const number of [1, 2]) {
    deliverDay(folder, number);
    await run(lake);
  }
  for (const number of [3, 4]) {
    deliverDay(folder, number);
    await lake.run({ only: ["bronze.orders"] });
  }
  await lake.engine.optimize(await open(lake, "bronze", "orders"));
  expect(await slowestDependant(lake, lake.definition, "bronze.orders")).toMatchObject({ table: "silver.orders" });
  // The files of the start and of two days have gone into one; those of the two days after are still to be folded.
  expect((await cleanUp(lake, "bronze", "orders")).removed).toHaveLength(3);
  await cleanUp(lake, "silver", "orders");
  expect(await run(lake)).toMatchObject({ "silver.orders": "changed", "gold.revenue": "changed" });
  const folded = await rows(lake, STATE);
  expect(folded).toContainEqual({ order_id: "o-1", amount: "40.00", segment: "s-c-1" });

  expect((await cleanUp(lake, "bronze", "orders")).removed).toHaveLength(2);
  expect(await run(lake)).toEqual(UNCHANGED);
  await expect((await open(lake, "bronze", "orders")).log.at(0)).rejects.toMatchObject({
    code: "table.version-missing",
  });
  // Without its old versions Bronze still gives all of its rows to whom computes from them.
  await lake.rebuild("silver.orders");
  expect(await rows(lake, STATE)).toEqual(folded);
  deliverDay(folder, 5);
  expect(await run(lake)).toMatchObject({ "silver.orders": "changed" });
  expect(await rows(lake, STATE)).toContainEqual({ order_id: "o-1", amount: "50.00", segment: "s-c-1" });
}, 60_000);

test("a restored Silver or Gold table takes in again what it took in since; Bronze is not restored", async () => {
  deliverStart(folder);
  await using lake = tidyShop(folder);
  await run(lake);
  const states: unknown[] = [await rows(lake, STATE)];
  for (const number of [1, 2, 3]) {
    deliverDay(folder, number);
    await run(lake);
    states.push(await rows(lake, STATE));
  }
  const revenue = await rows(lake, REVENUE);
  const table = async (layer: Layer, name: string) => ({ ...(await open(lake, layer, name)), world: lake.world });
  for (const [version, state] of states.slice(0, -1).entries()) {
    const outcome = await restoreTable(await table("silver", "orders"), { version });
    expect(outcome).toMatchObject({ kind: "committed", restored: version });
    expect(await rows(lake, STATE)).toEqual(state);
    // The clean-up knows that there is something to fold in again.
    expect((await slowestDependant(lake, lake.definition, "bronze.orders"))?.version).toBe(version + 1);
    expect(await run(lake)).toMatchObject({ "bronze.orders": "unchanged", "silver.orders": "changed" });
    expect(await rows(lake, STATE)).toEqual(states.at(-1));
    expect(await rows(lake, REVENUE)).toEqual(revenue);
  }
  // Even when the versions in between are no longer to be had.
  await lake.engine.optimize(await open(lake, "bronze", "orders"));
  await cleanUp(lake, "bronze", "orders");
  await restoreTable(await table("silver", "orders"), { version: 1 });
  await run(lake);
  expect(await rows(lake, STATE)).toEqual(states.at(-1));

  await restoreTable(await table("gold", "revenue"), { version: 0 });
  expect(await run(lake)).toMatchObject({ "silver.orders": "unchanged", "gold.revenue": "changed" });
  expect(await rows(lake, REVENUE)).toEqual(revenue);
  await expect(restoreTable(await table("bronze", "orders"), { version: 0 })).rejects.toMatchObject({
    code: "plan.refused",
  });
}, 120_000);
