import type { JsonObject } from "../base/index.ts";
import type { ObjectStore } from "../storage/index.ts";

/** Texts of many rows in one buffer. A column without an entry for a row has no text for it: one without any has none at all. */
export interface TextColumn {
  /** UTF-8. The texts stand in any order, and anything may stand between them. */
  readonly bytes: Uint8Array;
  /** Where each row's text begins in `bytes`. */
  readonly starts: Uint32Array;
  /** Bytes of each row's text; -1: the row has none. */
  readonly lengths: Int32Array;
}

/**
 * `add` or `remove` actions of a checkpoint in columns: a large table has too many of them for an object each. Only such whose members
 * are valid (Delta PROTOCOL, "Add File and Remove File"); numbers are whole and below 2^53.
 */
export interface ActionColumns {
  readonly kind: "adds" | "removes";
  readonly rows: number;
  /** As the checkpoint has them: percent-encoded, relative or absolute. */
  readonly uris: TextColumn;
  /** JSON objects of texts and nulls. */
  readonly partitionValues: TextColumn;
  /** NaN: the row has none, which only a remove may leave out. */
  readonly sizes: Float64Array;
  /** When an add's file was modified, or when a remove's was removed, in ms; NaN: a remove does not say. */
  readonly times: Float64Array;
  /** Of adds. */
  readonly stats: TextColumn;
  /**
   * JSON object of all other members that the row has, its deletion vector among them. Without `dataChange` that is false, and without what
   * follows from other members or is not needed of a remove (`extendedFileMetadata`, `stats`, `tags`).
   */
  readonly more: TextColumn;
  /** The cardinality of an add's deletion vector; -1: the row has none. */
  readonly deletedRows: Float64Array;
  /** The ids of the deletion vectors that removed files had (Delta PROTOCOL, "Deletion Vector Descriptor Schema"). */
  readonly vectorIds: TextColumn;
}

/** Some rows of a checkpoint: each an action in the JSON form that it has in a commit file, or many adds or removes in columns. */
export type CheckpointRows = readonly JsonObject[] | ActionColumns;

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
   * before those in columns.
   */
  write(
    store: ObjectStore,
    path: string,
    rows: Iterable<CheckpointRows>,
    form?: CheckpointForm,
  ): Promise<{ readonly outcome: "created" | "exists"; readonly sizeBytes: number; readonly rows: number }>;
}
