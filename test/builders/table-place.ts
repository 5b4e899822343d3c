import { simulatedWorld, type World } from "../../src/base/index.ts";
import type { DeltaLog } from "../../src/delta/index.ts";
import { memoryStore, type ObjectStore } from "../../src/storage/index.ts";
import { createTable, metadataOf, testLog } from "../delta-builders.ts";

/** An empty table in memory, with the clock of whoever works on it. */
export interface TablePlace {
  readonly name: string;
  readonly world: World;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
}

export async function tablePlace(configuration: Readonly<Record<string, string>> = {}): Promise<TablePlace> {
  const world = simulatedWorld(1);
  const store = memoryStore({ world });
  const log = testLog(store, world);
  await createTable(log, metadataOf({ configuration }));
  return { name: "t", world, store, log };
}
