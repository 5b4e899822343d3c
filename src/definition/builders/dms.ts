import type { Location } from "./s3-place.ts";
import { marked, type Marked } from "./mark.ts";
import type { SourceContents } from "./dynamodb.ts";

/** A table's files as AWS DMS writes them. */
export interface DmsSource extends Marked<"source", SourceContents> {}

export interface DmsOptions {
  /** The bucket folder of the S3 target, below which lie `<schema>/<table>/`: a folder, or `s3://bucket/prefix`. */
  readonly folder: Location;
  /** The schema (or database) as its folder is called. */
  readonly schema: string;
  /** The table as its folder is called. */
  readonly table: string;
  /** The primary key's columns. */
  readonly keys: readonly string[];
  /** Of CSV files without a header: the columns in their order, without `Op`, the timestamp column where it stands. */
  readonly columns?: readonly string[];
  /** The column that a transformation rule fills with `$AR_H_CHANGE_SEQ`: the order of changes within one commit time. */
  readonly sequenceColumn?: string;
  /** What a rule `add-before-image-columns` puts before a column's name, such as `BI_`: with it, an update of the primary key takes the old row away. */
  readonly beforeImagePrefix?: string;
  /** The endpoint's settings as `aws dms describe-endpoints` shows them under `S3Settings`; most of them do not matter here. */
  readonly settings?: DmsEndpointSettings;
}

/** Those that decide what is in the files. Every other setting of the endpoint may stand beside them. */
export interface DmsEndpointSettings {
  /** Whether CSV files begin with the columns' names. Default false. */
  readonly AddColumnName?: boolean;
  /** The column with the commit time of a change. Default: none. */
  readonly TimestampColumnName?: string;
  /** Default `,`. */
  readonly CsvDelimiter?: string;
  /** Default a newline. */
  readonly CsvRowDelimiter?: string;
  /** The text that stands for NULL, without quotation marks. Default `NULL`. */
  readonly CsvNullValue?: string;
  /** Whether fields are put in quotation marks where they need it. Default true. */
  readonly Rfc4180?: boolean;
  readonly CdcInsertsOnly?: boolean;
  readonly CdcInsertsAndUpdates?: boolean;
  /** Whether changes stand in transaction files below `CdcPath`. Default false. */
  readonly PreserveTransactions?: boolean;
  readonly CdcPath?: string;
  readonly DataFormat?: "csv" | "parquet";
  readonly [other: string]: unknown;
}

/** A table of any database, by the files that AWS DMS writes of it to S3: the full load and the changes. */
export function dms(options: DmsOptions): DmsSource {
  return Object.freeze(marked("source", Object.freeze({ system: "dms" as const, options })));
}
