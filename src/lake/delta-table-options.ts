import type { World } from "../base/index.ts";
import type { ArrowBytes, ConvertOptions, Relation, Row, TableCreation } from "../engine/index.ts";
import type { TableSchema } from "./typed-rows.ts";
import type { S3Settings } from "./open-store.ts";

/**
 * Rows to write: values in JavaScript (see `Row`), at once or one by one (or in arrays) from an iterable of any length; an Arrow IPC stream;
 * finished Parquet files of this machine; or SQL over such inputs.
 */
export type RowsOf<R = Row> =
  | readonly R[]
  | Iterable<R | readonly R[]>
  | AsyncIterable<R | readonly R[]>
  | { readonly arrow: ArrowBytes }
  | { readonly parquet: readonly string[] }
  | Relation;

export interface OpenOptions {
  /** Bytes the engine may use; a quarter of the machine's memory by default, at most 4 GB. */
  readonly memoryBytes?: number;
  readonly threads?: number;
  /** Folder for spilled data; the system's temporary folder by default. */
  readonly spillFolder?: string;
  /**
   * DuckDB's httpfs extension, which reads of files in S3 the parts that a query needs: `auto` where it is installed, `install` to let
   * DuckDB fetch it over the network, `off`, or its file. Without it files are read through copies. Default: `SLUICE_HTTPFS`, else `auto`.
   */
  readonly httpfs?: string;
  /** For a table at `s3://bucket/prefix`: region, endpoint, key … Credentials come from the environment, a profile or a role. */
  readonly s3?: S3Settings;
  /**
   * Folders, or `s3://bucket/prefix`, whose files the table may name besides its own: a shallow clone has them where the table lies that it was
   * made of. Whoever writes to its log can have it name any file there.
   */
  readonly allowFilesFrom?: readonly string[];
  readonly world?: World;
}

export interface CreateOptions<S extends TableSchema = TableSchema> extends OpenOptions, Omit<TableCreation, "schema"> {
  /** Types by column (all nullable), or a whole schema. */
  readonly schema: S;
}

export interface ConvertTableOptions extends OpenOptions {
  /** Types of partitions, name and properties of the table that is made. */
  readonly convert?: ConvertOptions;
}

/** A version, or the newest one at a moment (ms since the epoch); neither: the newest. */
export interface VersionWanted {
  readonly version?: number | undefined;
  readonly timestampMs?: number | undefined;
}

export interface CloneTableOptions extends Omit<OpenOptions, "allowFilesFrom">, VersionWanted {}

export interface TypedOpenOptions<S extends TableSchema> extends OpenOptions {
  /** What the table is expected to have, at least: rows then have these types. */
  readonly schema: S;
}

export interface ReadOptions<Column extends string = string> {
  readonly version?: number;
  /** Milliseconds since the epoch. */
  readonly timestampMs?: number;
  readonly columns?: readonly Column[];
  /** SQL over the columns. */
  readonly where?: string;
  readonly limit?: number;
  /**
   * Adds `_row_id` and `_row_commit_version`: what stays with a row of a table with row tracking while it is updated or moved to
   * another file, and the version that changed it last. Null in any other table.
   */
  readonly rowIds?: boolean;
}

/** The names of a column from the top down. */
export function pathOf(column: string | readonly string[]): readonly string[] {
  return typeof column === "string" ? [column] : column;
}
