import type { JsonObject } from "../../base/index.ts";
import type { CheckpointRows } from "../needs.ts";
import type { ListedRows } from "./columnar-files.ts";
import { rowsOfColumns } from "./action-columns.ts";
import { addJson, domainJson, metadataJson, protocolJson, removeJson, txnJson } from "./action-json.ts";
import { hasFeature } from "../features/support.ts";
import { writeCheckpointHint, type CheckpointHint } from "./checkpoint-hint.ts";
import { checkpointPath } from "./file-names.ts";
import type { LogAccess } from "./log-access.ts";
import { positiveProperty } from "./table-properties.ts";
import { TableSnapshot, type LogLength } from "./table-snapshot.ts";
import { writeV2Checkpoint, type CheckpointParts } from "./write-v2-checkpoint.ts";

/** JSON below this is read in one go faster than a Parquet file is opened. */
const LOG_BYTES_MIN = 64 * 1024;
/** Replay is to read at most as much JSON as half of the checkpoint it starts from. */
const LOG_SHARE = 0.5;
/** However small they are: that many files are a second of requests to an object store. */
const COMMITS_MIN = 200;
/** A request costs as much as reading so many bytes. */
const COMMIT_COST_BYTES = 16 * 1024;

/**
 * Whether a checkpoint is due: the JSON since the last one is at least half as large as that one was, and at least 64 KiB; or reading
 * it takes at least 200 requests, and as long as half of that one. So all checkpoints together cost at most two bytes a byte of log
 * and 32 KiB a commit, however large the table, and reading stays in proportion to it. Also after fewer commits where the
 * table says so (`delta.checkpointInterval`).
 */
export function isCheckpointDue(length: LogLength, configuration: Readonly<Record<string, string>>): boolean {
  const share = LOG_SHARE * length.checkpointBytes;
  const commitsMax = Math.max(COMMITS_MIN, share / COMMIT_COST_BYTES);
  const interval = positiveProperty(configuration, "delta.checkpointInterval") ?? commitsMax;
  if (length.commits >= Math.min(interval, commitsMax)) return true;
  return length.commitBytes >= Math.max(LOG_BYTES_MIN, share);
}

/**
 * Writes a checkpoint of the snapshot, then the hint (in this order: a hint must not lead to nothing), and returns the snapshot with its
 * distance to the checkpoint set back.
 */
export async function writeCheckpoint(access: LogAccess, snapshot: TableSnapshot): Promise<TableSnapshot> {
  const { version } = snapshot;
  const parts = { version, head: headActions(snapshot), files: fileRows(snapshot) };
  const written = isV2(snapshot) ? await writeV2Checkpoint(access, parts) : await writeClassic(access, parts);
  if (written !== undefined) {
    await writeCheckpointHint(access.store, { version, numOfAddFiles: snapshot.files.size, ...written });
  }
  // Whoever was faster has written, or will write, the hint.
  const checkpointBytes =
    written?.sizeInBytes ?? (await access.store.stat(checkpointPath(snapshot.version)))?.sizeBytes ?? 0;
  return new TableSnapshot({
    ...snapshot.state,
    removed: snapshot.state.removed.withoutExpired(snapshot.state.tombstonesSinceMs),
    length: { checkpointVersion: version, checkpointBytes, commits: 0, commitBytes: 0 },
  });
}

/** A table that has the feature gets the second form, unless it asks for the classic one. */
function isV2({ protocol, metadata }: TableSnapshot): boolean {
  return hasFeature(protocol, "v2Checkpoint") && metadata.configuration["delta.checkpointPolicy"] !== "classic";
}

/** undefined: somebody was faster. */
async function writeClassic(
  access: LogAccess,
  { version, head, files }: CheckpointParts,
): Promise<Pick<CheckpointHint, "size" | "sizeInBytes"> | undefined> {
  const rows = (function* all() {
    yield [...head];
    yield* files;
  })();
  const written = await access.checkpoints.write(access.store, checkpointPath(version), rows);
  return written.outcome === "exists" ? undefined : { size: written.rows, sizeInBytes: written.sizeBytes };
}

/** What reconciliation leaves besides files (Delta PROTOCOL, "Checkpoints"): removed domains are not in it. */
function* headActions(snapshot: TableSnapshot): Generator<JsonObject> {
  yield { protocol: protocolJson(snapshot.protocol) };
  yield { metaData: metadataJson(snapshot.metadata) };
  for (const txn of snapshot.txns.values()) yield { txn: txnJson(txn) };
  for (const domain of snapshot.domains.values()) yield { domainMetadata: domainJson(domain) };
}

/** Actions in JSON form that are handed over at once. */
const BATCH_ROWS = 1_000;

/** The removes that have not expired, and live files. Those of an earlier checkpoint go into the next one without becoming objects. */
function* fileRows(snapshot: TableSnapshot): Generator<CheckpointRows> {
  let batch: JsonObject[] = [];
  for (const action of fileActions(snapshot)) {
    batch.push(action);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
  const { removed, tombstonesSinceMs } = snapshot.state;
  for (const listed of removed.unexpiredRows(tombstonesSinceMs)) yield columnsOf(listed);
  for (const listed of snapshot.files.listed()) yield columnsOf(listed);
}

function columnsOf({ batch: { columns }, rows }: ListedRows): CheckpointRows {
  return rows.length === columns.rows ? columns : rowsOfColumns(columns, rows);
}

/** What has no columns: removes and files that came since the earlier checkpoint. */
function* fileActions(snapshot: TableSnapshot): Generator<JsonObject> {
  const { uris, removed, tombstonesSinceMs } = snapshot.state;
  for (const remove of removed.unexpiredChanges(tombstonesSinceMs)) {
    yield { remove: removeJson({ ...remove, dataChange: false }, uris.get(remove.path)) };
  }
  for (const add of snapshot.files.changed()) {
    yield { add: addJson({ ...add, dataChange: false }, uris.get(add.path)) };
  }
}
