import {
  SluiceError,
  parseJson,
  simulatedWorld,
  stringifyJson,
  type JsonObject,
  type World,
} from "../src/base/index.ts";
import { field, struct, type StructType } from "../src/contract/index.ts";
import {
  READ_NOTHING,
  openLog,
  protocolFor,
  removeOf,
  serializeSchema,
  type AddFile,
  actionAt,
  type CheckpointFiles,
  type CheckpointRows,
  type CommitOutcome,
  type CommitRequest,
  type DeltaLog,
  type MetadataAction,
  type RemoveFile,
  type Snapshot,
} from "../src/delta/index.ts";
import { TableSnapshot } from "../src/delta/log/table-snapshot.ts";
import { memoryStore, type ObjectStore } from "../src/storage/index.ts";
import { rowsAsRead } from "./builders/action-columns.ts";

/** Checkpoints for tests of the log alone: one action a line instead of Parquet, so that no engine is needed. */
export const TEXT_CHECKPOINTS: CheckpointFiles = {
  read: async function* read(store, path) {
    const text = new TextDecoder().decode(await store.read(path));
    if (!text.endsWith("\n")) throw new SluiceError("table.corrupt", `Cannot read ${path}: it is cut off`);
    const lines = text.split("\n").filter((line) => line !== "");
    yield* rowsAsRead(lines.map((line) => parseJson(line) as JsonObject));
  },
  write: async (store, path, rows) => {
    const lines = actionsOfRows(rows).map((action) => stringifyJson(action));
    const body = new TextEncoder().encode(`${lines.join("\n")}\n`);
    return { outcome: await store.create(path, body), sizeBytes: body.length, rows: lines.length };
  },
};

/** As the protocol has them in a checkpoint: without a change of data. */
function actionsOfRows(rows: Iterable<CheckpointRows>): readonly JsonObject[] {
  return [...rows].flatMap((batch) => {
    if (!("kind" in batch)) return batch;
    return Array.from({ length: batch.rows }, (_, row) =>
      Object.fromEntries(
        Object.entries(actionAt(batch, row)).map(([name, file]) => [
          name,
          { ...(file as JsonObject), dataChange: false },
        ]),
      ),
    );
  });
}

let logs = 0;

/** A log as one process sees it: each has a randomness of its own, or their commits could not be told apart. */
export function testLog(store: ObjectStore, world: World = simulatedWorld((logs += 1))): DeltaLog {
  return openLog(store, {
    world,
    checkpoints: TEXT_CHECKPOINTS,
    onWarning: (warning) => {
      throw warning;
    },
  });
}

export const VALUE_SCHEMA: StructType = struct([field("value", "long")]);

export function metadataOf(options: Partial<MetadataAction> & { readonly schema?: StructType } = {}): MetadataAction {
  const { schema = VALUE_SCHEMA, ...rest } = options;
  return {
    id: "11111111-1111-4111-8111-111111111111",
    schemaString: serializeSchema(schema),
    partitionColumns: [],
    configuration: {},
    ...rest,
  };
}

/** The request that creates a table. */
export function creation(metadata: MetadataAction = metadataOf(), schema: StructType = VALUE_SCHEMA): CommitRequest {
  return {
    base: undefined,
    operation: "CREATE TABLE",
    protocol: protocolFor({ ...metadata, schema }),
    metadata,
    adds: [],
    removes: [],
    reads: READ_NOTHING,
  };
}

export async function createTable(log: DeltaLog, metadata?: MetadataAction, schema?: StructType): Promise<Snapshot> {
  return committed(await log.commit(creation(metadata, schema)));
}

export function addOf(path: string, options: Partial<AddFile> = {}): AddFile {
  return {
    path,
    partitionValues: {},
    sizeBytes: 100,
    modificationTime: 1,
    dataChange: true,
    stats: '{"numRecords":10}',
    ...options,
  };
}

/** A blind append. */
export function append(base: Snapshot, paths: readonly string[], more: Partial<CommitRequest> = {}): CommitRequest {
  return {
    base,
    operation: "WRITE",
    adds: paths.map((path) => addOf(path)),
    removes: [],
    reads: READ_NOTHING,
    ...more,
  };
}

/** Removes files after reading them, and perhaps puts others in their place. */
export function rewrite(
  base: Snapshot,
  paths: readonly string[],
  options: { readonly into?: readonly string[]; readonly nowMs?: number; readonly dataChange?: boolean } = {},
): CommitRequest {
  const removes = paths.map((path) => {
    const add = base.files.get(path);
    if (add === undefined) throw new Error(`the test removes a file that is not there: ${path}`);
    return removeOf(add, options.nowMs ?? 1_767_225_600_000, { dataChange: options.dataChange ?? true });
  });
  return {
    base,
    operation: "DELETE",
    adds: (options.into ?? []).map((path) => addOf(path, { dataChange: options.dataChange ?? true })),
    removes,
    reads: { wholeTable: false, files: new Set(paths) },
  };
}

/** The snapshot of a commit that must have gone through. */
export function committed(outcome: CommitOutcome): Snapshot {
  if (outcome.kind !== "committed") throw new Error(`the commit should have gone through: ${outcome.kind}`);
  return outcome.snapshot;
}

/** What a snapshot says, in a form that compares by value. */
export function shownSnapshot(snapshot: Snapshot | undefined): unknown {
  if (snapshot === undefined) return undefined;
  return {
    version: snapshot.version,
    protocol: snapshot.protocol,
    metadata: snapshot.metadata,
    files: sortedEntries(snapshot.files).map(([path, add]) => [path, { ...add, dataChange: true }]),
    tombstones: removesOf(snapshot)
      .map((remove) => stringifyJson({ ...(remove as unknown as JsonObject), dataChange: true }))
      .toSorted(),
    txns: sortedEntries(snapshot.txns),
    domains: sortedEntries(snapshot.domains),
  };
}

/** The removes of a snapshot that have not expired, whole. */
export function removesOf(snapshot: Snapshot): readonly RemoveFile[] {
  if (!(snapshot instanceof TableSnapshot)) throw new Error("a log's own snapshot is asked for");
  const { removed, tombstonesSinceMs } = snapshot.state;
  return [...removed.unexpired(tombstonesSinceMs)];
}

function sortedEntries<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map.entries()].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A table of that many appends, one file each: `f0`, `f1` … */
export async function tableWithHistory(
  appends: number,
  configuration: Readonly<Record<string, string>> = {},
): Promise<ObjectStore> {
  const store = memoryStore({ world: simulatedWorld(1) });
  const log = testLog(store);
  let snapshot = await createTable(log, metadataOf({ configuration }));
  for (let at = 0; at < appends; at += 1) snapshot = committed(await log.commit(append(snapshot, [`f${at}`])));
  return store;
}

export async function latestOf(log: DeltaLog): Promise<Snapshot> {
  const snapshot = await log.latest();
  if (snapshot === undefined) throw new Error("there should be a table");
  return snapshot;
}

/** A log that collects its warnings. */
export function warningLog(store: ObjectStore, warnings: SluiceError[]): DeltaLog {
  const onWarning = (warning: SluiceError): void => {
    warnings.push(warning);
  };
  return openLog(store, { world: simulatedWorld((logs += 1)), checkpoints: TEXT_CHECKPOINTS, onWarning });
}

export async function storeWith(path: string, body: string): Promise<ObjectStore> {
  const store = memoryStore({ world: simulatedWorld(1), url: "memory://t" });
  await store.create(path, bytesOf(body));
  return store;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export const LINES = {
  protocol: '{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}',
  metaData: metaDataLine('{"type":"struct","fields":[]}'),
  add: '{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}',
} as const;

export function metaDataLine(schemaString: string, configuration: Readonly<Record<string, string>> = {}): string {
  const format = { provider: "parquet", options: {} };
  return stringifyJson({ metaData: { id: "m", format, schemaString, partitionColumns: [], configuration } });
}

export function commitFile(version: number): string {
  return `_delta_log/${String(version).padStart(20, "0")}.json`;
}
