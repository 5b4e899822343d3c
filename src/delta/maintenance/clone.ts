import { SluiceError, type World } from "../../base/index.ts";
import { absoluteUrl, pathBelow, type ObjectStore } from "../../storage/index.ts";
import type { AddFile, DeletionVectorDescriptor, MetadataAction } from "../actions.ts";
import type { DeltaLog } from "../delta-log.ts";
import { assertWritable } from "../features/support.ts";
import { encodeFilePath } from "../log/file-path.ts";
import type { Snapshot } from "../snapshot.ts";
import type { CommitRequest } from "../transaction.ts";
import { assertFilesThere } from "./returning-files.ts";
import { vectorPath } from "../vectors/deletion-vectors.ts";

export interface CloneSource {
  /** For messages. */
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  /** The version that is cloned. */
  readonly snapshot: Snapshot;
}

export interface CloneTarget {
  /** For messages. */
  readonly name: string;
  /** Trusts the source's folder, and those that the source trusts (`withOutside`). */
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  readonly world: World;
}

/** What a clone says of the source's history, and means nothing without it. */
const LEFT_BEHIND: ReadonlySet<string> = new Set([
  "delta.inCommitTimestampEnablementVersion",
  "delta.inCommitTimestampEnablementTimestamp",
  "delta.requireCheckpointProtectionBeforeVersion",
]);

/**
 * Makes a new table of the files that a version of another one has: none is copied, they are named where they lie (shallow clone). Fails with
 * `table.exists` where there is a table, `usage.invalid` where one of the folders would lie in the other, `table.unsupported`
 * by the name of a feature that could not be written with, and `table.version-missing` where files of an older version were removed.
 */
export async function clone(source: CloneSource, target: CloneTarget): Promise<Snapshot> {
  const what = `Cannot clone ${source.name} to ${target.name}`;
  refuseNested(source.store, target.store, what);
  assertWritable(source.snapshot.protocol, source.snapshot.metadata, source.name);
  if ((await target.log.latest()) !== undefined) throw taken(what, target);
  const newest = (await source.log.latest()) ?? source.snapshot;
  await assertFilesThere(what, source.store, { snapshot: source.snapshot, newest });
  const outcome = await target.log.commit(cloneRequest(source, target.world));
  if (outcome.kind === "committed") return outcome.snapshot;
  throw taken(what, target);
}

function taken(what: string, target: CloneTarget): SluiceError {
  const facts = { table: target.store.url };
  return new SluiceError("table.exists", `${what}: there is a Delta table already`, { facts });
}

/** A vacuum of the outer table would take the files of the inner one for its own, and nobody's. */
function refuseNested(source: ObjectStore, target: ObjectStore, what: string): void {
  const [from, to] = [`${absoluteUrl(source.url)}/`, `${absoluteUrl(target.url)}/`];
  if (pathBelow(from, to) === undefined && pathBelow(to, from) === undefined) return;
  throw new SluiceError("usage.invalid", `${what}: one of the folders lies in the other`, {
    facts: { source: source.url, target: target.url },
    advice:
      "Choose a folder of its own: the vacuum of a table removes everything below its folder that it does not know.",
  });
}

function cloneRequest({ store, snapshot }: CloneSource, world: World): CommitRequest {
  const adds = [...snapshot.files.values()].map((file) => cloned(file, store));
  const sizeBytes = adds.reduce((sum, add) => sum + add.sizeBytes, 0);
  return {
    base: undefined,
    operation: "CLONE",
    operationParameters: { source: `delta.\`${hadoopUrl(store.url)}\``, sourceVersion: snapshot.version },
    operationMetrics: {
      sourceTableSize: sizeBytes,
      sourceNumOfFiles: adds.length,
      numRemovedFiles: 0,
      numCopiedFiles: 0,
      removedFilesSize: 0,
      copiedFilesSize: 0,
    },
    protocol: snapshot.protocol,
    metadata: clonedMetadata(snapshot, world),
    domains: [...snapshot.domains.values()],
    adds,
    removes: [],
    reads: { wholeTable: true, files: new Set() },
  };
}

function clonedMetadata({ metadata }: Snapshot, world: World): MetadataAction {
  const { schema: _schema, ...action } = metadata;
  const configuration = Object.entries(metadata.configuration).filter(([key]) => !LEFT_BEHIND.has(key));
  return {
    ...action,
    id: world.uuid(),
    createdTime: Math.floor(world.nowMs()),
    configuration: Object.fromEntries(configuration),
  };
}

/** The same file by its absolute path; row ids, statistics and tags are its own. */
function cloned(file: AddFile, store: ObjectStore): AddFile {
  const { deletionVector } = file;
  return {
    ...file,
    path: outsidePath(file.path, store),
    dataChange: true,
    ...(deletionVector === undefined ? {} : { deletionVector: clonedVector(deletionVector, store) }),
  };
}

/** Delta PROTOCOL, "Deletion Vector Descriptor Schema": by its absolute path (`p`), unless it is part of the log. */
function clonedVector(vector: DeletionVectorDescriptor, store: ObjectStore): DeletionVectorDescriptor {
  const path = vectorPath(vector, store);
  if (path === undefined) return vector;
  return { ...vector, storageType: "p", pathOrInlineDv: encodeFilePath(outsidePath(path, store)) };
}

/** As Spark shows where a table lies. */
function hadoopUrl(url: string): string {
  return absoluteUrl(url).replace(/^file:\/\//, "file:");
}

/** A path of the source as the clone's store names it. */
function outsidePath(path: string, { url }: ObjectStore): string {
  return path.startsWith("/") ? path : `/${absoluteUrl(url).replace(/\/+$/, "")}/${path}`;
}
