import type { World } from "../../base/index.ts";
import type { DataType } from "../../contract/index.ts";
import type { Engine } from "../../engine/index.ts";
import type { ObjectStore } from "../../storage/index.ts";

/** Which table's files are read, and how AWS DMS was told to write them. */
export interface DmsFilesOptions {
  /** The folder above the table's: the source's schema or database. */
  readonly schema: string;
  readonly table: string;
  /** The primary key's columns, in order. */
  readonly keys: readonly string[];
  /** The columns of CSV files without a header, in their order and without `Op`; the timestamp column where it stands. */
  readonly columns?: readonly string[];
  /** The column that holds the source's change sequence (`AR_H_CHANGE_SEQ`), of at most 40 digits. */
  readonly sequenceColumn?: string;
  /** What a rule `add-before-image-columns` puts before the names of columns as they were: with it, an update of the key is told. */
  readonly beforeImagePrefix?: string;
  readonly settings: DmsSettings;
  /** Types for columns; without one a CSV field is text, and a Parquet column what its file says. */
  readonly hints: readonly { readonly name: string; readonly type: DataType }[];
  /** Columns that the table's attributes may have; what comes later is rescued. 1,000 unless told. */
  readonly columnsMax?: number;
  /** Bytes that a batch takes in, as delivered. 256 MiB unless told. */
  readonly batchBytes?: number;
}

/** Those of the S3 target endpoint's settings that decide what is in the files; AWS DMS User Guide, "Endpoint settings". */
export interface DmsSettings {
  readonly addColumnName: boolean;
  readonly csvDelimiter: string;
  readonly csvRowDelimiter: string;
  readonly csvNullValue: string;
  readonly rfc4180: boolean;
  readonly timestampColumnName?: string;
  /** Only inserts (`I`), or inserts and updates (`U`), are written: then the operation may be left out. */
  readonly withoutDeletes?: "I" | "U";
  /** The folder of transaction files, where `PreserveTransactions` is set. */
  readonly cdcPath?: string;
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
