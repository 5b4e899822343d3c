import type { JsonObject } from "../base/index.ts";
import type { ObjectStore } from "../storage/index.ts";

/** Texts of many rows in one buffer. */
export interface TextColumn {
  /** UTF-8. The texts stand in any order, and anything may stand between them. */
  readonly bytes: Uint8Array;
  /** Where each row's text begins in `bytes`. */
  readonly starts: Uint32Array;
  /** Bytes of each row's text; -1: the row has none. */
  readonly lengths: Int32Array;
}

/**
 * `add` actions of a checkpoint in columns: a large table has too many of them for an object each. Only such whose members are valid
 * (Delta PROTOCOL, "Add File"); numbers are whole and below 2^53.
 */
export interface AddColumns {
  readonly kind: "adds";
  readonly rows: number;
  /** As the checkpoint has them: percent-encoded, relative or absolute. */
  readonly uris: TextColumn;
  /** JSON objects of texts and nulls. */
  readonly partitionValues: TextColumn;
  readonly sizes: Float64Array;
  readonly modificationTimes: Float64Array;
  readonly stats: TextColumn;
  /** JSON object of all other members that the row has, its deletion vector among them. Without `dataChange` that is false. */
  readonly more: TextColumn;
  /** The cardinality of the row's deletion vector; -1: the row has none. */
  readonly deletedRows: Float64Array;
}

/** Some rows of a checkpoint: each an action in the JSON form that it has in a commit file, or many adds in columns. */
export type CheckpointRows = readonly JsonObject[] | AddColumns;

/** What a file of a checkpoint holds: everything (`classic`), all but the files (`v2`), or adds and removes (`sidecar`). */
export type CheckpointForm = "classic" | "v2" | "sidecar";

/**
 * What the protocol needs from an engine and does not do itself: Parquet checkpoints.
 * One row is one action, in the JSON form that it has in a commit file (`{"add":{…}}`, `{"txn":{…}}` …); null members left out.
 */
export interface CheckpointFiles {
  /** Rows of a checkpoint or sidecar file, in batches of any order. A file that is not readable Parquet fails with `table.corrupt`. */
  read(store: ObjectStore, path: string): AsyncIterable<CheckpointRows>;
  /**
   * Writes a file of a checkpoint, a classic one by default (create-only; "exists" when somebody was faster). Actions in JSON form come
   * before adds in columns.
   */
  write(
    store: ObjectStore,
    path: string,
    rows: Iterable<CheckpointRows>,
    form?: CheckpointForm,
  ): Promise<{ readonly outcome: "created" | "exists"; readonly sizeBytes: number; readonly rows: number }>;
}
