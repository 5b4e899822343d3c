import type { JsonObject } from "../../base/index.ts";
import { addJson, domainJson, metadataJson, protocolJson, removeJson, txnJson } from "./action-json.ts";
import { writeCheckpointHint } from "./checkpoint-hint.ts";
import { checkpointPath } from "./file-names.ts";
import type { LogAccess } from "./log-access.ts";
import { positiveProperty } from "./table-properties.ts";
import { TableSnapshot } from "./table-snapshot.ts";

/** JSON below this is read in one go faster than a Parquet file is opened. */
const LOG_BYTES_MIN = 64 * 1024;
/** Replay is to read at most as much JSON as half of the checkpoint it starts from. */
const LOG_SHARE = 0.5;
/** However small they are: that many files are a second of requests to an object store. */
const COMMITS_MAX = 200;

/**
 * Whether a checkpoint is due: the JSON since the last one is at least half as large as that one was, and at least 64 KiB; so
 * writing checkpoints costs at most three bytes a byte of log, and reading stays in proportion to the table. Also after 200
 * commits, or fewer where the table says so (`delta.checkpointInterval`).
 */
export function isCheckpointDue(snapshot: TableSnapshot): boolean {
  const { length } = snapshot.state;
  const interval = positiveProperty(snapshot.metadata.configuration, "delta.checkpointInterval") ?? COMMITS_MAX;
  if (length.commits >= Math.min(interval, COMMITS_MAX)) return true;
  return length.commitBytes >= Math.max(LOG_BYTES_MIN, LOG_SHARE * length.checkpointBytes);
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
  for (const add of snapshot.files.values()) {
    yield { add: addJson({ ...add, dataChange: false }, uris.get(add.path)) };
  }
}
