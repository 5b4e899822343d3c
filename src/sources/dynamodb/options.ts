import type { DataType, ItemFilter } from "../../contract/index.ts";

/** What is known of a table's records, by whatever channel they come. */
export interface RecordOptions {
  /** As in the exports' `tableArn`. */
  readonly table: string;
  /** Primary key attributes: partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  readonly ttlAttribute?: string;
  /** Types for attributes; without one a number is exact text. */
  readonly hints: readonly { readonly name: string; readonly type: DataType }[];
  /** Which items are taken in, and what of them; undefined: all, whole. Exports are not filtered. */
  readonly filter?: ItemFilter;
  /** Leaf columns that a table's attributes may have; what comes later is rescued. 1,000 unless told. */
  readonly columnsMax?: number;
}

/** Which table's exports are read, and how. */
export interface DynamoDbExportsOptions extends RecordOptions {
  /** Whether the first thing must be a full export. */
  readonly requireFullExport: boolean;
  /** Whether the table's stream is read, too: then the exports must reach beyond its beginning. */
  readonly hasStream?: boolean;
  /** Whether exports are asked for: then what is missing is waited for. */
  readonly hasRequests?: boolean;
  /** The channels that bring changes beside them; the stream alone unless told. */
  readonly changes?: readonly string[];
  /** Uncompressed bytes that a batch takes in, as estimated. 256 MiB unless told. */
  readonly batchBytes?: number;
}

export const COLUMNS_MAX = 1_000;
export const BATCH_BYTES = 256 * 1_048_576;
/** A batch's inputs are opened together by the engine, and named in its manifest. */
export const BATCH_UNITS_MAX = 64;
export const BATCH_FILES_MAX = 512;
