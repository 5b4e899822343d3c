import type { Location } from "./s3-place.ts";
import { marked, type Marked } from "./mark.ts";

/** Where records come from. */
export interface DynamoDbSource extends Marked<"source", SourceContents> {}

export interface SourceContents {
  readonly system: "dynamodb";
  readonly options: unknown;
}

export interface DynamoDbOptions {
  /** The DynamoDB table's name. */
  readonly table: string;
  /** Primary key attributes: the partition key, then the sort key if there is one. */
  readonly keys: readonly [partition: string] | readonly [partition: string, sort: string];
  /** The place that holds `AWSDynamoDB/` somewhere below: a folder, or `s3://bucket/prefix`. */
  readonly export: Location;
  /** The table's TTL attribute (seconds since 1970), by which TTL deletes are told apart from others. */
  readonly ttl?: string;
  /** `false` when the incremental exports reach back to the table's creation, so that no full export is needed. Default `true`. */
  readonly requireFullExport?: boolean;
  /** The table's stream as a channel: not available yet. */
  readonly stream?: boolean;
  /** A scan of the table as a channel: not available yet. */
  readonly scan?: boolean;
}

/** A DynamoDB table, by its exports. */
export function dynamodb(options: DynamoDbOptions): DynamoDbSource {
  return Object.freeze(marked("source", Object.freeze({ system: "dynamodb" as const, options })));
}
