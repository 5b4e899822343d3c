import { isFailure, simulatedWorld } from "../../src/base/index.ts";
import type { Engine } from "../../src/engine/index.ts";
import { faultyStore, type ObjectStore } from "../../src/storage/index.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";
import { faultsFor, type Phase } from "./phases.ts";
import { TODAY, VERSION, copyToday, seenOf, writerOf, type Isolation, type Seen } from "./tried-table.ts";

export interface RaceSettings {
  readonly first: OperationName;
  readonly second: OperationName;
  readonly phase: Phase;
  readonly isolation: Isolation;
  readonly vectors: boolean;
}

export interface Engines {
  /** Of the writer that is stopped, and of the other: what one of them waits for, the other must not have begun. */
  readonly first: Engine;
  readonly second: Engine;
}

export interface Race extends Seen {
  /** Whether the first writer came to the phase at all. */
  readonly isStopped: boolean;
  /** The code of the error that each ended with. */
  readonly failures: readonly (string | undefined)[];
  /** The versions that each committed. */
  readonly versions: readonly (readonly number[])[];
  /** What the first writer's log said to its commits that could not follow. */
  readonly conflicts: readonly string[];
}

let races = 0;

/** The first writer is stopped at a phase, the second does all it has to do, the first goes on. */
export async function race(base: ObjectStore, engines: Engines, settings: RaceSettings): Promise<Race> {
  const inner = await copyToday(base);
  const seed = (races += 1) * 10;
  const plan = faultsFor(settings.first, settings.phase, VERSION) ?? [];
  const gated = faultyStore(inner, { world: simulatedWorld(seed + 1, TODAY), plan });
  const first = writerOf(gated, engines.first, seed + 2);
  const second = writerOf(inner, engines.second, seed + 3);
  const running = ended(OPERATIONS[settings.first].run(first.table, 1));
  const isStopped = await Promise.race([gated.paused().then(() => true), running.then(() => false)]);
  const failures: (string | undefined)[] = [];
  failures[1] = await ended(OPERATIONS[settings.second].run(second.table, 2));
  gated.release();
  failures[0] = await running;
  return {
    isStopped,
    failures,
    conflicts: first.conflicts,
    versions: [first.versions, second.versions],
    ...(await seenOf(inner, engines.second, seed)),
  };
}

async function ended(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
}
