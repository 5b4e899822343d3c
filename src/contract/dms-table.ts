/** A table's files in S3, and how AWS DMS was told to write them: with its settings, every default filled in. */
export interface DmsTable {
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
