import type { JsonObject } from "../base/index.ts";
import type { ObjectStore } from "../storage/index.ts";

/**
 * What the protocol needs from an engine and does not do itself: Parquet checkpoints.
 * One row is one action, in the JSON form that it has in a commit file (`{"add":{…}}`, `{"txn":{…}}` …); null members left out.
 */
export interface CheckpointFiles {
  /** Rows of a checkpoint or sidecar file, in batches. A file that is not readable Parquet fails with `table.corrupt`. */
  read(store: ObjectStore, path: string): AsyncIterable<readonly JsonObject[]>;
  /** Writes a classic checkpoint (create-only; "exists" when somebody was faster). */
  write(
    store: ObjectStore,
    path: string,
    actions: Iterable<JsonObject>,
  ): Promise<{ readonly outcome: "created" | "exists"; readonly sizeBytes: number; readonly rows: number }>;
}
