import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { simulatedWorld } from "../../src/base/index.ts";
import { duckdbEngine, type Engine } from "../../src/engine/index.ts";
import { exitCodeOf, type RunReport } from "../../src/orchestration/index.ts";
import { faultyStore, memoryStore, type Effect, type ObjectStore } from "../../src/storage/index.ts";
import { PROCESS_FAULTS } from "../builders/process-faults.ts";
import { lakeReader, type LakeReader } from "./lake-reader.ts";
import { makeShop } from "./shop.ts";
import { deliverAll, expectedState, lakeState, shopLake, type ShopLake } from "./shop-lake.ts";
import { copyOf, simulatedShop, type SimulatedShop } from "./simulated-shop.ts";
import { wholeExports } from "./whole-exports.ts";

/** By night every fault strikes every call; by day the faults take turns over every so many calls. */
const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";
const SEED = Number(process.env["SLUICE_SEED"] ?? "20260109");

/** Of the pairs of a call and a fault; no multiple of the number of faults, so that each has its turn. */
const PAIRS_A_STRIKE = 5 * PROCESS_FAULTS.length + 1;

const SHOP = makeShop(20_260_109, { orders: 260, customers: 20, windows: 2, changes: 20 });
const FIRST = SHOP.slice(0, 4);

let folder: string;
/** Of the process that is struck, and of its successor: what one of them waits for, the other must not have begun. */
let struckEngine: Engine;
let engine: Engine;
let reader: LakeReader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-fault-loop-"));
  struckEngine = await smallEngine(1);
  engine = await smallEngine(2);
  reader = await lakeReader();
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await struckEngine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function smallEngine(seed: number): Promise<Engine> {
  const world = simulatedWorld(seed);
  return await duckdbEngine({ memoryBytes: 512 * 1024 * 1024, threads: 2, spillFolder: folder, world });
}

describe("whichever call of a run fails, dies or sleeps, the next run leads to the right lake", () => {
  test("of the first run", { timeout: 3_600_000 }, async () => {
    const lake = shopLake(join(folder, "first"));
    deliverAll(lake.exports, FIRST);
    const calls = await strikeEveryCall(lake, FIRST, memoryStore({ world: simulatedWorld(2) }));
    process.stderr.write(`faults: ${calls} calls of a first run\n`);
    expect(calls).toBeGreaterThan(50);
  });

  test("of a run over what is there", { timeout: 3_600_000 }, async () => {
    const lake = shopLake(join(folder, "later"));
    deliverAll(lake.exports, FIRST);
    const before = memoryStore({ world: simulatedWorld(3) });
    expectDone(await (await simulatedShop(lake.folder, engine)).run(before, simulatedWorld(4)));
    deliverAll(lake.exports, SHOP.slice(4));
    const calls = await strikeEveryCall(lake, SHOP, before);
    process.stderr.write(`faults: ${calls} calls of a later run\n`);
    expect(calls).toBeGreaterThan(50);
  });
});

/** Strikes call 1, 2, 3 … of a run on copies of the lake until the run needs no more calls; gives how many it needs. */
async function strikeEveryCall(lake: ShopLake, exports: typeof SHOP, before: ObjectStore): Promise<number> {
  const processes = {
    struck: await simulatedShop(lake.folder, struckEngine),
    next: await simulatedShop(lake.folder, engine),
  };
  for (let at = 1; ; at += 1) {
    for (const [index, effect] of PROCESS_FAULTS.entries()) {
      if (!IS_NIGHT && (at * PROCESS_FAULTS.length + index + SEED) % PAIRS_A_STRIKE !== 0) continue;
      const seed = 1_000 * at + index;
      const inner = await copyOf(before, simulatedWorld(seed));
      const needed = await strikeOnce(processes, inner, { effect, at, seed });
      await expectWhole(inner, exports, `${effect.kind} at ${at}`);
      if (needed !== undefined) return needed;
    }
  }
}

/** One run that is struck and one that is not. When the first made fewer calls, it was not struck: their number. */
async function strikeOnce(
  processes: { readonly struck: SimulatedShop; readonly next: SimulatedShop },
  inner: ObjectStore,
  { effect, at, seed }: { readonly effect: Effect; readonly at: number; readonly seed: number },
): Promise<number | undefined> {
  const struck = faultyStore(inner, { world: simulatedWorld(seed + 1), plan: [{ effect, at }] });
  const run = processes.struck.run(struck, simulatedWorld(seed + 2));
  if (effect.kind !== "pause") {
    await run;
    expect(wholeExports(SHOP)(await lakeState(reader, inner))).toEqual([]);
    expectDone(await processes.next.run(inner, simulatedWorld(seed + 3)));
    return struck.calls < at ? struck.calls : undefined;
  }
  await Promise.race([struck.paused(), run]);
  expectDone(await processes.next.run(inner, simulatedWorld(seed + 3)));
  struck.release();
  await run;
  // It may have got to what its successor left for the next run, never to anything else.
  expectDone(await processes.next.run(inner, simulatedWorld(seed + 4)));
  return struck.calls < at ? struck.calls : undefined;
}

function expectDone(report: RunReport): void {
  const failed = report.tables.filter(({ error }) => error !== undefined);
  expect({ code: exitCodeOf(report), failed: failed.map(({ error }) => String(error)) }).toEqual({
    code: 0,
    failed: [],
  });
}

async function expectWhole(inner: ObjectStore, exports: typeof SHOP, what: string): Promise<void> {
  expect({ what, ...(await lakeState(reader, inner)) }).toEqual({ what, ...expectedState(exports) });
}
