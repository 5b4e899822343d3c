import type { Duration } from "./amounts.ts";
import type { FilterValue, ItemWhere } from "./item-filter.ts";
import type { Location } from "./s3-place.ts";
import { marked, type Marked } from "./mark.ts";

/** Where records come from. */
export interface DynamoDbSource extends Marked<"source", SourceContents> {}

export interface SourceContents {
  readonly system: "dynamodb" | "dms";
  readonly options: unknown;
}

export interface DynamoDbOptions {
  /** The DynamoDB table's name. */
  readonly table: string;
  /** Primary key attributes: the partition key, then the sort key if there is one. */
  readonly keys: readonly [partition: string] | readonly [partition: string, sort: string];
  /**
   * How its records land, as one choice: its stream, a Kinesis stream, or files of Firehose, beside a scan (or beside `export`, where that is
   * given); its exports; or a scan each day. What is said of `export`, `scan`, `stream`, `kinesis` and `firehose` themselves goes before.
   */
  readonly landing?: "stream" | "kinesis" | "firehose" | "export" | "scan";
  /**
   * Its exports: the place that holds `AWSDynamoDB/` somewhere below, a folder, or `s3://bucket/prefix`. They are the table's snapshot and
   * windows of changes.
   */
  readonly export?: Location;
  /**
   * Asks DynamoDB for these exports: a full one first, then one of what changed every hour, or so often; beside a stream only what fills a
   * gap of it. The table needs point-in-time recovery. Bucket owner and KMS key are those of `export`.
   */
  readonly requestExports?: boolean | RequestExportsOptions;
  /** A scan of the table as its snapshot, instead of exports. */
  readonly scan?: boolean | ScanOptions;
  /** The table's stream: each change as it happens. Beside it a scan or an export brings what was there before. */
  readonly stream?: boolean;
  /**
   * Reads the items that changed, where the stream has no new images (KEYS_ONLY, OLD_IMAGE): strongly consistent, once a key and batch.
   * Without it such a stream feeds Bronze alone.
   */
  readonly fetchItems?: boolean | FetchItemsOptions;
  /**
   * Files of its changes that Amazon Data Firehose delivered, from the table's Kinesis stream or from a function that reads its stream: the
   * place that they lie below, with whatever prefixes.
   */
  readonly firehose?: Location | DeliveredFiles;
  /**
   * What changed, read from an index whose sort key says when an item was changed; beside it a scan now and then finds what was deleted.
   */
  readonly incremental?: IncrementalOptions;
  /**
   * Takes in only items that meet these conditions: `{ status: { in: ["open", "paid"] }, amount: { gte: 10 } }`. An item that no longer
   * does is deleted in the lake. Beside `scan`, not beside `export`.
   */
  readonly where?: ItemWhere;
  /** Takes in only these attributes, and the key's. Default: all. */
  readonly attributes?: readonly string[];
  /** The Kinesis stream that the table sends its changes to: its name or ARN, or that with options. */
  readonly kinesis?: string | KinesisSource;
  /** The table's TTL attribute (seconds since 1970), by which TTL deletes are told apart from others. */
  readonly ttl?: string;
  /** `false` when the incremental exports reach back to the table's creation, so that no full export is needed. Default `true`. */
  readonly requireFullExport?: boolean;
  /** The table's region; as the environment says unless told. */
  readonly region?: string;
  /** Another server than AWS's own, such as DynamoDB Local: `http://127.0.0.1:8000`. */
  readonly endpoint?: string;
}

export interface FetchItemsOptions {
  /** Read units a second that may be used. */
  readonly readCapacity?: number;
}

export interface RequestExportsOptions {
  /** How much an export of changes holds: 15 minutes to 24 hours. An hour unless told. */
  readonly every?: Duration;
}

export interface IncrementalOptions {
  /** The index's sort key: ISO 8601 text, or seconds, milliseconds or microseconds since 1970. Each change of an item must set it. */
  readonly attribute: string;
  /** The secondary index's name. */
  readonly index: string;
  /** The values of its partition key that are read: one, or all that writers spread items over. */
  readonly partition: FilterValue | readonly FilterValue[];
  /** Reads again from so long before the newest change on: for writers' clocks that differ, and an index that lags. Default `"5 min"`. */
  readonly overlap?: Duration;
  /** From one reading to the next. Default: each run. */
  readonly every?: Duration;
  /** Read units a second that it may use. */
  readonly readCapacity?: number;
}

export interface ScanOptions {
  /**
   * Read units a second that the scan may use, or a share of what the table can be read with (`"25%"`): of its provisioned capacity, of the
   * limit of a table that is paid by the request, or else of the account's.
   */
  readonly readCapacity?: number | `${number}%`;
  /** Raises the read capacity of a provisioned table to this for the time of a scan, and puts back what was before. */
  readonly raiseTo?: number;
  /** Parts of the table that are read side by side. By its size unless told. */
  readonly segments?: number;
  /** Scans the table anew so long after the last scan began, where there is no stream. */
  readonly every?: Duration;
}

export interface KinesisSource {
  /** Its name, or its ARN. */
  readonly stream: string;
  /** The stream's region; the table's unless told. */
  readonly region?: string;
  /** Another server than AWS's own. */
  readonly endpoint?: string;
  /** The moment from which on the stream is read first, such as "2026-03-01T00:00:00Z"; the oldest record that it keeps unless told. */
  readonly since?: string;
}

export interface DeliveredFiles {
  /** The place that they lie below: a folder, or `s3://bucket/prefix`. */
  readonly files: Location;
  /** The prefix, below that place, of what Firehose could not process; its usual names end with `-failed`. */
  readonly errors?: string;
  /** How much older than the newest file one may be and still be found at once; others are found within a day. "2 days" unless told. */
  readonly lateness?: Duration;
  /**
   * Your word that the Glue table which Parquet files were made by has every attribute, by its exact name. Images that are structs, or maps of
   * structs, are refused without it: they show neither what was left out nor which names lost their capital letters.
   */
  readonly exactAttributes?: boolean;
}

/** A DynamoDB table, by its exports or a scan, and its stream. */
export function dynamodb(options: DynamoDbOptions): DynamoDbSource {
  return Object.freeze(marked("source", Object.freeze({ system: "dynamodb" as const, options })));
}
