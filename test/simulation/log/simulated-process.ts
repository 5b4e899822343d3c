import { isFailure, simulatedWorld, type World } from "../../../src/base/index.ts";
import { openLog, type DeltaLog, type Snapshot } from "../../../src/delta/index.ts";
import {
  SimulatedCrash,
  faultyStore,
  type Effect,
  type FaultyStore,
  type ObjectStore,
} from "../../../src/storage/index.ts";
import { PROCESS_FAULTS } from "../../builders/process-faults.ts";
import { TEXT_CHECKPOINTS } from "../../delta-builders.ts";
import { chooseIntent, requestFor, type Operation } from "./operations.ts";
import type { TableRows } from "./table-rows.ts";
import type { Account, Told } from "./verdict.ts";

/** What all simulated processes of one run share. */
export interface Shared {
  readonly inner: ObjectStore;
  readonly rows: TableRows;
  readonly accounts: Account[];
  /** Randomness of what is wanted; that of the stores and the commits is the processes' own. */
  readonly random: () => number;
  readonly newRow: () => string;
  /** No process does anything after that many operations of all. */
  readonly operationsMax: number;
}

/** Also lost time and late lists. */
const EFFECTS: readonly Effect[] = [...PROCESS_FAULTS, { kind: "delay", ms: 5 }, { kind: "stale", missing: 1 }];

const FAULT_CHANCE = 0.03;
const TRIES_MAX = 4;
/** Turns of the event loop's microtasks that a stopped process sleeps. */
const PAUSE_TURNS = 400;

/** A writer that dies and is started again until the work is done; every third of its operations is a numbered batch. */
export async function writer(shared: Shared, name: string, seed: number): Promise<void> {
  let started = 0;
  let batch = 1;
  const remember = (next: number): void => void (batch = next);
  while (shared.accounts.length < shared.operationsMax) {
    started += 1;
    const process = simulatedProcess(shared.inner, seed * 1_000 + started);
    try {
      await work(shared, { name, ...process }, { from: batch, remember });
    } catch (error) {
      if (!(error instanceof SimulatedCrash) && !isTrouble(error)) throw error;
    }
  }
}

interface Process {
  readonly world: World;
  readonly store: FaultyStore;
  readonly log: DeltaLog;
}

function simulatedProcess(inner: ObjectStore, seed: number): Process {
  const world = simulatedWorld(seed);
  const store = faultyStore(inner, { world, random: { chance: FAULT_CHANCE, effects: EFFECTS } });
  // A checkpoint or a checksum that cannot be written is a warning: the commit stands.
  const log = openLog(store, { world, checkpoints: TEXT_CHECKPOINTS, onWarning: () => undefined });
  void wakeUp(store);
  return { world, store, log };
}

/** Lets a stopped process go on after a while, again and again. */
async function wakeUp(store: FaultyStore): Promise<void> {
  for (let times = 0; times < 20; times += 1) {
    await store.paused();
    for (let turn = 0; turn < PAUSE_TURNS; turn += 1) await Promise.resolve();
    store.release();
  }
}

async function work(
  shared: Shared,
  process: Process & { readonly name: string },
  batches: { readonly from: number; readonly remember: (next: number) => void },
): Promise<void> {
  let batch = batches.from;
  while (shared.accounts.length < shared.operationsMax) {
    const seen = await process.log.latest();
    if (seen === undefined) continue; // a late list does not show the only commit yet
    const isBatch = shared.random() < 0.33;
    const operation = isBatch ? batchOf(process.name, batch) : nextOperation(shared, process.name, seen);
    const told = await perform(shared, process, { operation, seen });
    if (isBatch && told?.kind === "committed") {
      batch += 1;
      batches.remember(batch);
    }
  }
}

/** The same batch is the same rows under the same name, whoever tries it. */
export function batchOf(app: string, number: number): Operation {
  return { id: `${app}/${number}`, intent: { kind: "batch", app, number, rows: [`${app}.${number}`] } };
}

function nextOperation(shared: Shared, name: string, seen: Snapshot): Operation {
  const intent = chooseIntent(seen, shared.rows, { random: shared.random }, shared.newRow);
  return { id: `${name}-${shared.newRow()}`, intent };
}

/** Tries an operation until it is in or cannot be, and puts down what the process was told. */
export async function perform(
  shared: Shared,
  { log }: Pick<Process, "log">,
  { operation, seen }: { readonly operation: Operation; readonly seen: Snapshot },
): Promise<Told | undefined> {
  const account: Account = { operation, told: { kind: "unknown" }, base: seen.version, planned: [] };
  const settle = (told: Told): Told => (account.told = told);
  let base = seen;
  for (let tried = 1; tried <= TRIES_MAX; tried += 1) {
    const request = requestFor(operation, base, shared.rows, { random: shared.random });
    if (request === undefined) return tried === 1 ? undefined : settle({ kind: "refused" });
    account.base = base.version;
    account.planned = plannedRows(operation, shared.rows, base);
    if (tried === 1) shared.accounts.push(account);
    try {
      const outcome = await log.commit(request);
      if (outcome.kind === "committed") return settle({ kind: "committed", version: outcome.version });
      // A batch that is in already: which of its tries it was does not matter.
      if (outcome.kind === "already-applied") return { kind: "committed", version: outcome.version };
      base = outcome.snapshot;
    } catch (error) {
      if (isFailure(error, "table.conflict") || isFailure(error, "table.superseded"))
        return settle({ kind: "refused" });
      if (isTrouble(error)) return account.told;
      throw error;
    }
  }
  return settle({ kind: "refused" });
}

/** What a store in trouble may bring; anything else is a fault of ours. */
function isTrouble(error: unknown): boolean {
  return isFailure(error) && (error.code.startsWith("storage.") || error.code === "table.conflict");
}

function plannedRows({ intent }: Operation, rows: TableRows, base: Snapshot): readonly string[] {
  if (intent.kind !== "delete") return [];
  return rows.of(base).flatMap(({ row }) => (intent.rows.has(row) ? [row] : []));
}
