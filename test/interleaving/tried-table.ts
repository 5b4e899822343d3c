import { simulatedWorld, type World } from "../../src/base/index.ts";
import { openLog, type CommitOutcome, type CommitRequest, type DeltaLog } from "../../src/delta/index.ts";
import type { Engine, OpenTable, Relation, Row, Value } from "../../src/engine/index.ts";
import { memoryStore, type ObjectStore } from "../../src/storage/index.ts";
import { TEXT_CHECKPOINTS, commitFile, latestOf, shownSnapshot } from "../delta-builders.ts";
import { rowsOf, SCHEMA, type WriterTable } from "./operations.ts";
import { shownTable, tableOf, type TableModel } from "./table-model.ts";

/** The table before anything is done with it, at the version `VERSION`. */
export const BEFORE = tableOf(1, 3, 4, 5, 6, 7, 8);
export const VERSION = 4;
/** What left the table by then may be vacuumed, and what was logged by then may be cleaned up. */
const LONG_AGO = Date.UTC(2026, 0, 1);
const YESTERDAY = Date.UTC(2026, 0, 19, 23);
export const TODAY = Date.UTC(2026, 0, 20);

export type Isolation = "Serializable" | "WriteSerializable";

/** What is left of a table, to a process that has seen nothing before. */
export interface Seen {
  /** Rows and columns of each version from the first one on. */
  readonly tables: readonly string[];
  /** Whether commits alone say what checkpoints say. */
  readonly isWhole: boolean;
  /** Files of today that no version names, and files that one of these versions names and that are not there. */
  readonly orphans: readonly string[];
  readonly missing: readonly string[];
}

let copies = 0;

/** The time of the engines: that of what is done with them. */
const engineClock = { nowMs: TODAY };

/** The world of an engine that makes tables of long ago and races of today. */
export function engineWorld(seed: number): World {
  return { ...simulatedWorld(seed), nowMs: () => (engineClock.nowMs += 1) };
}

/** A table of five versions, old and new ones, with checkpoints but for the newest. */
export async function baseTable(
  engine: Engine,
  settings: { readonly isolation: Isolation; readonly vectors: boolean },
): Promise<ObjectStore> {
  const world = simulatedWorld(1, LONG_AGO);
  engineClock.nowMs = LONG_AGO;
  const store = memoryStore({ world });
  const { log } = writerOf(store, engine, 2, LONG_AGO).table;
  const at = async (): Promise<OpenTable> => ({ name: "t", store, log, snapshot: await log.latest() });
  const properties = {
    "delta.isolationLevel": settings.isolation,
    "delta.enableDeletionVectors": String(settings.vectors),
    "delta.checkpointInterval": "1",
  };
  await engine.append(await at(), rowsWith(9), { create: { schema: SCHEMA, properties } });
  await engine.overwrite(await at(), rowsWith(1, 2, 3, 4));
  await engine.append(await at(), rowsWith(5, 6));
  await world.sleep(YESTERDAY - world.nowMs());
  engineClock.nowMs = YESTERDAY;
  const later = writerOf(store, engine, 3, YESTERDAY).table;
  const now = async (): Promise<OpenTable> => ({ ...(await at()), log: later.log, snapshot: await later.log.latest() });
  await engine.delete(await now(), "id = 2");
  await engine.append(await now(), rowsWith(7, 8));
  engineClock.nowMs = TODAY;
  await store.remove([checkpointFile(VERSION), "_delta_log/_last_checkpoint"]);
  return store;
}

function rowsWith(...ids: readonly number[]): Relation {
  return rowsOf([...tableOf(...ids).rows.values()]);
}

export interface Writer {
  readonly table: WriterTable;
  readonly versions: readonly number[];
  readonly conflicts: readonly string[];
}

export function writerOf(store: ObjectStore, engine: Engine, seed: number, startMs = TODAY): Writer {
  const world = simulatedWorld(seed, startMs);
  const versions: number[] = [];
  const conflicts: string[] = [];
  const log = openLog(store, { world, checkpoints: TEXT_CHECKPOINTS });
  const listen = (outcome: CommitOutcome): CommitOutcome => {
    if (outcome.kind === "committed") versions.push(outcome.version);
    if (outcome.kind === "conflict") conflicts.push(outcome.reason);
    return outcome;
  };
  const overheard = new Proxy(log, {
    get: (target, name: keyof DeltaLog) => {
      if (name === "commit") return async (request: CommitRequest) => listen(await target.commit(request));
      const member: unknown = target[name];
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  return { table: { engine, store, log: overheard, world }, versions, conflicts };
}

/** What is left, to a process that has seen nothing before. */
export async function seenOf(store: ObjectStore, engine: Engine, seed: number): Promise<Seen> {
  const world: World = simulatedWorld(seed + 4, TODAY);
  const log = openLog(store, { world, checkpoints: TEXT_CHECKPOINTS });
  const newest = await latestOf(log);
  const tables: string[] = [];
  const named = new Set<string>();
  const missing: string[] = [];
  for (let version = VERSION; version <= newest.version; version += 1) {
    const snapshot = await log.at(version);
    for (const { path } of snapshot.tombstones) named.add(path);
    for (const path of snapshot.files.keys()) {
      named.add(path);
      if ((await store.stat(path)) === undefined) missing.push(`${path} of version ${version}`);
    }
    const table = { name: "t", store, log, snapshot };
    if (missing.length > 0) continue;
    const rows = await engine.rows({ sql: "select * from t", inputs: { t: { kind: "table", table } } });
    tables.push(
      shownTable(
        modelOf(
          snapshot.metadata.schema.fields.map(({ name }) => name),
          rows,
        ),
      ),
    );
  }
  const orphans: string[] = [];
  for await (const { path, modifiedMs } of store.list("")) {
    const isData = path.endsWith(".parquet") && !path.startsWith("_delta_log/");
    if (isData && modifiedMs >= TODAY && !named.has(path)) orphans.push(path);
  }
  return { tables, isWhole: await isWhole(store, shownSnapshot(newest), world), orphans, missing };
}

function modelOf(columns: readonly string[], rows: readonly Row[]): TableModel {
  // A row that is there twice must show: the place is part of the key.
  return {
    columns,
    rows: new Map(
      rows.map((row, index) => [
        index,
        Object.fromEntries(columns.map((column) => [column, numberOrNull(row[column] ?? null)])),
      ]),
    ),
  };
}

function numberOrNull(value: Value): number | null {
  return value === null ? null : Number(value);
}

/** A checkpoint of before the race and the commits after it make the same table as the newest checkpoint. */
async function isWhole(store: ObjectStore, newest: unknown, world: World): Promise<boolean> {
  const start = checkpointFile(VERSION - 1);
  const other = memoryStore({ world, url: store.url });
  for await (const { path } of store.list("_delta_log/0")) {
    if (path === start || (path.endsWith(".json") && path > start)) await other.create(path, await store.read(path));
  }
  const replayed = await openLog(other, { world, checkpoints: TEXT_CHECKPOINTS }).latest();
  return JSON.stringify(shownSnapshot(replayed)) === JSON.stringify(newest);
}

function checkpointFile(version: number): string {
  return commitFile(version).replace(/json$/, "checkpoint.parquet");
}

/** The same objects with the times that they have. */
export async function copyToday(base: ObjectStore): Promise<ObjectStore> {
  const clock = { nowMs: 0 };
  const copy = memoryStore({ world: { ...simulatedWorld((copies += 1)), nowMs: () => (clock.nowMs += 1) } });
  for await (const { path, modifiedMs } of base.list("")) {
    clock.nowMs = modifiedMs - 1;
    await copy.create(path, await base.read(path));
  }
  clock.nowMs = TODAY;
  return copy;
}
