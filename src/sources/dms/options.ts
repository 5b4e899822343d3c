import type { World } from "../../base/index.ts";
import type { DataType, DmsTable } from "../../contract/index.ts";
import type { Engine } from "../../engine/index.ts";
import type { ObjectStore } from "../../storage/index.ts";

/** Which table's files are read, and how. */
export interface DmsFilesOptions extends DmsTable {
  /** Types for columns; without one a CSV field is text, and a Parquet column what its file says. */
  readonly hints: readonly { readonly name: string; readonly type: DataType }[];
  /** Columns that the table's attributes may have; what comes later is rescued. 1,000 unless told. */
  readonly columnsMax?: number;
  /** Bytes that a batch takes in, as delivered. 256 MiB unless told. */
  readonly batchBytes?: number;
}

export interface DmsFilesNeeds {
  /** Its root is the bucket folder: below it lie `<schema>/<table>/`. */
  readonly store: ObjectStore;
  readonly engine: Engine;
  readonly world: World;
}

export const COLUMNS_MAX = 1_000;
export const BATCH_BYTES = 256 * 1_048_576;
/** A batch's files are opened together by the engine, and named in its manifest. */
export const BATCH_FILES_MAX = 512;
