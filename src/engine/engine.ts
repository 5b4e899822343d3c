import type { PrimitiveName, StructType } from "../contract/index.ts";
import type {
  AddFile,
  AutoCompactionLimits,
  CheckpointFiles,
  ColumnRange,
  DeltaLog,
  Snapshot,
  TxnClaim,
} from "../delta/index.ts";
import type { ObjectStore } from "../storage/index.ts";
import type { ArrowBytes } from "./arrow/stream-bytes.ts";

/** A table as the engine is handed it: the store at the table's root, its log, and the version to work on. */
export interface OpenTable {
  /** For messages: `silver.orders` or a path. */
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  /** undefined: the table does not exist yet. */
  readonly snapshot: Snapshot | undefined;
}

export type Scalar = string | number | bigint | boolean | Uint8Array | null;
/**
 * A value in JavaScript: long and integer as bigint/number, decimal and date (`YYYY-MM-DD`) as string, timestamp as bigint
 * microseconds since the epoch (UTC), binary as Uint8Array, struct as object, array as array, map as [key, value] pairs.
 */
export type Value = Scalar | readonly Value[] | { readonly [name: string]: Value };
export type Row = Readonly<Record<string, Value>>;

/** Where the rows of a named input come from. */
export type Input =
  /**
   * The live rows of a table's version. `positions` adds `__file` (path) and `__row` (physical row number in the file), `rowIds`
   * what a table with row tracking knows of each row: `_row_id` and `_row_commit_version`, null in any other table. Files whose
   * statistics say that no row of theirs lies in all `ranges` are not read; rows outside of them may come nevertheless.
   */
  | {
      readonly kind: "table";
      readonly table: OpenTable;
      readonly positions?: boolean;
      readonly rowIds?: boolean;
      readonly ranges?: readonly ColumnRange[];
    }
  /**
   * The rows of some of a table's files (an incremental read), through their deletion vectors. `positions: "index"` gives
   * the file's place in `files` as `__file`, which is quicker to compare than its path.
   */
  | {
      readonly kind: "files";
      readonly table: OpenTable;
      readonly files: readonly AddFile[];
      readonly positions?: boolean | "index";
    }
  /**
   * What became of the rows of a table in the versions `from..to`: its columns, `_change_type` (`insert`, `delete`,
   * `update_preimage`, `update_postimage`), `_commit_version` and `_commit_timestamp`.
   */
  | { readonly kind: "changes"; readonly table: OpenTable; readonly from: number; readonly to: number }
  /** Newline-delimited JSON on this machine. `columns` maps top-level names to types; anything else in a line is ignored. */
  | {
      readonly kind: "ndjson";
      readonly files: readonly string[];
      readonly columns: StructType;
      readonly fileNameColumn?: string;
    }
  /** `positions` adds `__file` (as it stands in `files`) and `__row` (its number in the file, from 0). */
  | { readonly kind: "parquet"; readonly files: readonly string[]; readonly positions?: boolean }
  | { readonly kind: "rows"; readonly schema: StructType; readonly rows: readonly Row[] }
  | { readonly kind: "scratch"; readonly scratch: Scratch }
  /** Another relation, under a name. */
  | { readonly kind: "relation"; readonly relation: Relation };

/** SQL over named inputs: each input is a relation (view) whose name is the key, to be quoted as an identifier. */
export interface Relation {
  readonly sql: string;
  readonly inputs: Readonly<Record<string, Input>>;
}

/** Rows that the engine keeps for the length of some work; read as often as one likes, gone when disposed. */
export interface Scratch extends AsyncDisposable {
  readonly id: string;
  readonly schema: StructType;
  readonly rows: number;
}

/** Rows that arrive one after the other, however many they are. */
export type StagedRows =
  | { readonly kind: "rows"; readonly schema: StructType; readonly rows: AsyncIterable<readonly Row[]> }
  /** An Arrow IPC stream, which tells its columns itself. */
  | { readonly kind: "arrow"; readonly stream: ArrowBytes };

/** How a table that does not exist yet is made. */
export interface TableCreation {
  readonly name?: string;
  readonly description?: string;
  readonly schema: StructType;
  readonly partitionColumns?: readonly string[];
  /** Columns that rows are to lie near each other by, each by its name or its names from the top down (Delta's liquid clustering). */
  readonly clusterBy?: readonly (string | readonly string[])[];
  readonly properties?: Readonly<Record<string, string>>;
}

export interface WriteOptions {
  /** Name of the operation in the history (`WRITE`, `MERGE` …) is the verb's own; these are shown beside it. */
  readonly operationParameters?: Readonly<Record<string, string>>;
  readonly txns?: readonly TxnClaim[];
  /** Used when the table does not exist; without it a missing table fails with `table.missing`. */
  readonly create?: TableCreation;
  /** The schema that the table shall have from this commit on: the present one plus added columns, anywhere. */
  readonly schema?: StructType;
  /** Changes of name, description and properties that go into the same commit when they differ. */
  readonly describe?: { readonly description?: string; readonly properties?: Readonly<Record<string, string>> };
  readonly signal?: AbortSignal;
}

export interface WriteMetrics {
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  readonly filesAdded: number;
  readonly filesRemoved: number;
  readonly bytesWritten: number;
}

export type WriteOutcome =
  | {
      readonly kind: "committed";
      readonly version: number;
      readonly snapshot: Snapshot;
      readonly metrics: WriteMetrics;
    }
  /** A claimed txn was already there. */
  | { readonly kind: "already-applied"; readonly version: number; readonly snapshot: Snapshot }
  /** There was nothing to write (and no txn to record). */
  | { readonly kind: "nothing"; readonly snapshot: Snapshot | undefined };

/**
 * A merge by key. `source` has at most one row a key (more is `table.broken-invariant`) and no null key.
 * In the conditions and expressions `source.` and `target.` name the two sides; SQL in the engine's dialect.
 */
export interface MergeSpec {
  readonly source: Relation;
  readonly keys: readonly string[];
  readonly matched?: {
    /** Rows of the target to remove; looked at first. */
    readonly deleteWhen?: string;
    /** Rows to rewrite (default: all that are not deleted); `false` for none. */
    readonly updateWhen?: string | false;
    /** New values by column; columns not named come from the source where it has them, else stay as they are. */
    readonly set?: Readonly<Record<string, string>>;
  };
  readonly notMatched?: { readonly insertWhen?: string | false };
  /** Rows of the target that no source row has the key of and that satisfy this are removed. */
  readonly notMatchedBySource?: { readonly deleteWhen: string };
}

/** New values by column (SQL over the table's columns) in the rows for which `where` is true; in all rows without it. */
export interface UpdateSpec {
  readonly set: Readonly<Record<string, string>>;
  readonly where?: string;
}

export interface OverwriteOptions extends WriteOptions {
  /** Only these partitions are replaced: exact values by partition column. Rows outside of them are refused. */
  readonly partitions?: readonly Readonly<Record<string, string | null>>[];
  /** Replaces the table's schema (types may change). */
  readonly replaceSchema?: StructType;
}

export interface OptimizeOptions {
  /** Size of the files to aim at: `delta.targetFileSize`, else 256 MiB. Smaller than half of it is small. */
  readonly targetBytes?: number;
  /** A file that has lost a larger share of its rows is written anew (0.05). */
  readonly deletedShareMax?: number;
  /** Only these partitions: exact values by partition column. */
  readonly partitions?: readonly Readonly<Record<string, string | null>>[];
  /** Only say what would be rewritten. */
  readonly dryRun?: boolean;
  /**
   * Sorts rows so that those with like values of any of these columns (one to four) lie in the same files: the table's
   * `sluice.clusterBy` where it has one. Files that are clustered so already stay.
   */
  readonly clusterBy?: readonly string[];
  /** How rows are sorted by several columns: along a Hilbert curve, or as Z-order does. */
  readonly curve?: "hilbert" | "z-order";
  /** Only what is worth it after a small commit, within these limits; the other limits then do not count. */
  readonly auto?: AutoCompactionLimits;
  readonly operationParameters?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: OptimizeProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ConvertOptions {
  /** Types of partition columns, which folder names do not tell; text where nothing is said. */
  readonly partitionTypes?: Readonly<Record<string, PrimitiveName>>;
  readonly name?: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: { readonly files: number; readonly ofFiles: number }) => void;
  readonly signal?: AbortSignal;
}

/** How much of what is to be rewritten has been. */
export interface OptimizeProgress {
  readonly files: number;
  readonly ofFiles: number;
  readonly bytes: number;
  readonly ofBytes: number;
}

export interface OptimizeMetrics {
  readonly filesRemoved: number;
  readonly filesAdded: number;
  readonly bytesRemoved: number;
  readonly bytesAdded: number;
  readonly partitions: number;
  /** Deletion vectors that are gone, and the rows that they had taken out. */
  readonly vectorsFolded: number;
  readonly rowsFolded: number;
  /** Files that another writer changed meanwhile, and that were left to it. */
  readonly filesLeft: number;
}

export type OptimizeOutcome =
  /** `version` is the last one of `commits`; a large table is rewritten in several. */
  | {
      readonly kind: "committed";
      readonly version: number;
      readonly commits: number;
      readonly snapshot: Snapshot;
      readonly metrics: OptimizeMetrics;
    }
  /** A dry run: what would be removed, and in how many files it would end; their bytes are not known. */
  | { readonly kind: "planned"; readonly snapshot: Snapshot; readonly metrics: OptimizeMetrics }
  | { readonly kind: "nothing"; readonly snapshot: Snapshot; readonly metrics: OptimizeMetrics };

/** A change of a table itself, which writes no row. Columns are named from the top down. */
export type TableChange =
  | { readonly kind: "rename-column"; readonly column: readonly string[]; readonly to: string }
  | { readonly kind: "drop-column"; readonly column: readonly string[] }
  /** An expression in Spark's SQL that must be true of every row, now and from now on. */
  | { readonly kind: "add-constraint"; readonly name: string; readonly expression: string }
  | { readonly kind: "drop-constraint"; readonly name: string }
  /** Another type that holds every value of the present one. */
  | { readonly kind: "widen-column"; readonly column: readonly string[]; readonly type: PrimitiveName }
  /** None at all: rows lie as they come. */
  | { readonly kind: "cluster-by"; readonly columns: readonly (readonly string[])[] }
  /** `null` takes a property away. */
  | { readonly kind: "set-properties"; readonly properties: Readonly<Record<string, string | null>> };

export interface Engine extends AsyncDisposable {
  readonly checkpoints: CheckpointFiles;
  append(table: OpenTable, rows: Relation, options?: WriteOptions): Promise<WriteOutcome>;
  overwrite(table: OpenTable, rows: Relation, options?: OverwriteOptions): Promise<WriteOutcome>;
  merge(table: OpenTable, spec: MergeSpec, options?: WriteOptions): Promise<WriteOutcome>;
  /** Removes the rows for which the predicate (SQL over the table's columns) is true. */
  delete(table: OpenTable, predicate: string, options?: WriteOptions): Promise<WriteOutcome>;
  /** Rows for which the predicate is null stay as they are. */
  update(table: OpenTable, spec: UpdateSpec, options?: WriteOptions): Promise<WriteOutcome>;
  /**
   * Rewrites small files into large ones and folds deletion vectors. The rows stay the same (`dataChange` is false); what another
   * writer changes meanwhile is left to it, so that it never has to be done twice.
   */
  optimize(table: OpenTable, options?: OptimizeOptions): Promise<OptimizeOutcome>;
  /**
   * Makes a Delta table of the Parquet files in the store, in place: they stay as they are, partitions are folders called `column=value`.
   * Refuses what would not be read alike by everybody (`table.unsupported`), and a table (`table.exists`).
   */
  convert(table: OpenTable, options?: ConvertOptions): Promise<WriteOutcome>;
  /** Changes schema, properties or rules of a table in one commit; `nothing` when it is so already. */
  alter(table: OpenTable, change: TableChange, options?: Pick<WriteOptions, "signal">): Promise<WriteOutcome>;
  /** Rows in batches; memory stays bounded whatever the size of the result. */
  query(relation: Relation, options?: { readonly signal?: AbortSignal }): AsyncIterable<readonly Row[]>;
  /**
   * The rows as an Arrow IPC stream: its schema, record batches and its end, each in bytes of its own. Exact for every type of a Delta table:
   * decimals have 128 bits, times are microseconds, of `timestamp` in UTC and of `timestamp_ntz` without a zone.
   */
  arrow(relation: Relation, options?: { readonly signal?: AbortSignal }): AsyncIterable<Uint8Array>;
  /** All rows of a small result. */
  rows(relation: Relation): Promise<readonly Row[]>;
  schemaOf(relation: Relation): Promise<StructType>;
  scratch(relation: Relation): Promise<Scratch>;
  /** Keeps rows as they arrive, in bounded memory; whoever gives them is asked for more when those before are away. */
  stage(rows: StagedRows, options?: { readonly signal?: AbortSignal | undefined }): Promise<Scratch>;
  /** Writes a relation to one file of this machine. */
  export(relation: Relation, file: string, format: "parquet" | "csv" | "ndjson"): Promise<{ readonly rows: number }>;
}
