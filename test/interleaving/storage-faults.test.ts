import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFailure, simulatedWorld } from "../../src/base/index.ts";
import { duckdbEngine, type Engine } from "../../src/engine/index.ts";
import { SimulatedCrash, faultyStore, type Effect, type ObjectStore } from "../../src/storage/index.ts";
import { DEADLY_FAULTS } from "../builders/process-faults.ts";
import { OPERATIONS, opened, type Operation, type WriterTable } from "./operations.ts";
import { shownTable } from "./table-model.ts";
import { BEFORE, TODAY, baseTable, copyToday, engineWorld, seenOf, writerOf } from "./tried-table.ts";

/** By night every fault strikes every call; by day they take turns. */
const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";
const SEED = Number(process.env["SLUICE_SEED"] ?? "20261127");

const FAULTS = [
  ...DEADLY_FAULTS,
  { kind: "fail", when: "during" },
  { kind: "crash", when: "during" },
] as const satisfies readonly Effect[];
/** Of the pairs of a call and a fault by day; no multiple of the number of faults, so that each has its turn. */
const PAIRS_A_STRIKE = 15;

/** The operations that write no rows; the others are struck in `test/contracts/engine/racing.ts`. */
const STRUCK: Readonly<Record<string, Operation>> = {
  vacuum: OPERATIONS.vacuum,
  "clean log": OPERATIONS["clean log"],
  restore: OPERATIONS.restore,
  checkpoint: OPERATIONS.checkpoint,
  "add column": OPERATIONS["add column"],
  update: OPERATIONS.update,
  "set properties": {
    run: async (table) =>
      await table.engine.alter(await opened(table), { kind: "set-properties", properties: { owner: "us" } }),
    model: (table) => table,
  },
  "add constraint": {
    run: async (table) =>
      await table.engine.alter(await opened(table), { kind: "add-constraint", name: "some", expression: "id > 0" }),
    model: (table) => table,
  },
};

let folder = "";
/** Of the process that is struck, and of its successor: what one of them waits for, the other must not have begun. */
let struckEngine: Engine;
let engine: Engine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-storage-faults-"));
  struckEngine = await smallEngine(1);
  engine = await smallEngine(2);
});

afterAll(async () => {
  await struckEngine[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test.each(Object.keys(STRUCK))(
  "whichever storage call of %s goes wrong, the table is as before or after, and it can be done again (F1–F5, F8, F16)",
  { timeout: 1_800_000 },
  async (name) => {
    const operation = STRUCK[name] ?? OPERATIONS.vacuum;
    for (const vectors of IS_NIGHT ? [true, false] : [SEED % 2 === 0]) {
      const base = await baseTable(engine, { isolation: "WriteSerializable", vectors });
      const needed = await strikeEveryCall(base, operation);
      expect(needed).toBeGreaterThan(5);
    }
  },
);

/** Gives the number of calls that the operation makes. */
async function strikeEveryCall(base: ObjectStore, operation: Operation): Promise<number> {
  const { calls, faults: faultsInPeace } = await strikeOnce(base, operation, { at: Infinity, effect: FAULTS[0] });
  expect(faultsInPeace).toEqual([]);
  for (let at = 1; at <= calls; at += 1) {
    for (const [index, effect] of FAULTS.entries()) {
      if (!IS_NIGHT && (at * FAULTS.length + index + SEED) % PAIRS_A_STRIKE !== 0) continue;
      const { faults } = await strikeOnce(base, operation, { at, effect });
      expect({ at, effect, faults }).toEqual({ at, effect, faults: [] });
    }
  }
  return calls;
}

async function strikeOnce(
  base: ObjectStore,
  operation: Operation,
  strike: { readonly at: number; readonly effect: Effect },
): Promise<{ readonly calls: number; readonly faults: readonly string[] }> {
  const inner = await copyToday(base);
  const seed = strike.at * 100;
  const struck = faultyStore(inner, { world: simulatedWorld(seed, TODAY), plan: [strike] });
  const ended = await outcomeOf(operation, writerOf(struck, struckEngine, seed + 1).table);
  const faults: string[] = [];
  const [before, after] = [shownTable(BEFORE), shownTable(operation.model(BEFORE, 1))];
  const left = await seenOf(inner, engine, seed + 2);
  const now = left.tables.at(-1) ?? "nothing";
  const isRight = ended === "done" ? now === after : now === before || now === after;
  if (!isRight) faults.push(`after "${ended}" the table is ${now}`);
  if (left.tables[0] !== before) faults.push("the version before has changed");
  if (left.tables.length > 2) faults.push(`it was committed ${left.tables.length - 1} times`);
  if (left.missing.length > 0) faults.push(`files are missing: ${left.missing.join()}`);
  if (!left.isWhole) faults.push("checkpoints and commits say different things");
  // Somebody else, on a store that is well: an update that is in is not done twice, the others may be.
  if (operation !== OPERATIONS.update && operation !== OPERATIONS["add column"]) {
    const again = await outcomeOf(operation, writerOf(inner, engine, seed + 3).table);
    if (again !== "done") faults.push(`done again it ends with ${again}`);
    const { tables, missing } = await seenOf(inner, engine, seed + 4);
    if (tables.at(-1) !== after || missing.length > 0) faults.push(`done again the table is ${tables.at(-1)}`);
  }
  return { calls: struck.calls, faults };
}

/** `done`, or what went wrong as it was planned. */
async function outcomeOf(operation: Operation, table: WriterTable): Promise<string> {
  try {
    await operation.run(table, 1);
    return "done";
  } catch (error) {
    if (isCrash(error)) return "crash";
    if (isFailure(error, "storage.unavailable") || isFailure(error, "storage.full")) return error.code;
    throw error;
  }
}

/** Also where the engine was told of it while it kept a copy of a file. */
function isCrash(error: unknown): boolean {
  return error instanceof SimulatedCrash || (error instanceof Error && error.cause instanceof SimulatedCrash);
}

async function smallEngine(seed: number): Promise<Engine> {
  const world = engineWorld(seed);
  return await duckdbEngine({ world, memoryBytes: 2 ** 27, threads: 1, spillFolder: folder, folders: [folder] });
}
