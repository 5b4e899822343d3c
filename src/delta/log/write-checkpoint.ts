import type { JsonObject } from "../../base/index.ts";
import type { RemoveFile } from "../actions.ts";
import { addActionAt, type AddAction } from "./add-columns.ts";
import { addJson, domainJson, metadataJson, protocolJson, removeJson, txnJson } from "./action-json.ts";
import { writeCheckpointHint } from "./checkpoint-hint.ts";
import { checkpointPath } from "./file-names.ts";
import { LayeredMap } from "./layered-map.ts";
import type { LogAccess } from "./log-access.ts";
import { positiveProperty } from "./table-properties.ts";
import { TableSnapshot, type LogLength } from "./table-snapshot.ts";
import { fileKey } from "./vector-id.ts";

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
 * Writes a classic checkpoint of the snapshot, then the hint (in this order: a hint must not lead to nothing), and returns the
 * snapshot with its distance to the checkpoint set back.
 */
export async function writeCheckpoint(access: LogAccess, snapshot: TableSnapshot): Promise<TableSnapshot> {
  const path = checkpointPath(snapshot.version);
  const written = await access.checkpoints.write(access.store, path, checkpointActions(snapshot));
  if (written.outcome === "created") {
    await writeCheckpointHint(access.store, {
      version: snapshot.version,
      size: written.rows,
      sizeInBytes: written.sizeBytes,
      numOfAddFiles: snapshot.files.size,
    });
  }
  // Whoever was faster has written, or will write, the hint.
  const checkpointBytes =
    written.outcome === "created" ? written.sizeBytes : ((await access.store.stat(path))?.sizeBytes ?? 0);
  return new TableSnapshot({
    ...snapshot.state,
    removed: new LayeredMap<RemoveFile>().with(new Map(snapshot.tombstones.map((remove) => [fileKey(remove), remove]))),
    length: { checkpointVersion: snapshot.version, checkpointBytes, commits: 0, commitBytes: 0 },
  });
}

/** Everything that reconciliation leaves (Delta PROTOCOL, "Checkpoints"): expired removes and removed domains are not in it. */
function* checkpointActions(snapshot: TableSnapshot): Generator<JsonObject> {
  const { uris } = snapshot.state;
  yield { protocol: protocolJson(snapshot.protocol) };
  yield { metaData: metadataJson(snapshot.metadata) };
  for (const txn of snapshot.txns.values()) yield { txn: txnJson(txn) };
  for (const domain of snapshot.domains.values()) yield { domainMetadata: domainJson(domain) };
  for (const remove of snapshot.tombstones) {
    yield { remove: removeJson({ ...remove, dataChange: false }, uris.get(remove.path)) };
  }
  const { columns } = snapshot.files;
  for (const batch of columns?.batches ?? []) {
    for (let row = 0; row < batch.columns.rows; row += 1) {
      if (snapshot.files.isListed(batch.first + row)) yield unchangedAdd(addActionAt(batch.columns, row));
    }
  }
  for (const add of snapshot.files.changed()) {
    yield { add: addJson({ ...add, dataChange: false }, uris.get(add.path)) };
  }
}

/** A file as an earlier checkpoint has it: it goes from one into the next without becoming an object of ours in between. */
function unchangedAdd({ add }: AddAction): JsonObject {
  return { add: { ...add, dataChange: false } };
}
