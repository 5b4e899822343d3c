import type { JsonItems } from "../live/table-client.ts";
import type { TimeValue } from "./attribute-time.ts";

/** What increments need of DynamoDB: an index, and its items in the order of its sort key. */
export interface IndexClient {
  /** Undefined where the table has no index of that name. */
  describeIndex(index: string): Promise<IndexFacts | undefined>;
  /** One page, eventually consistent. Fails with a `SourceFault` of kind `throttled` when the index asks for less. */
  query(request: IndexQuery): Promise<IndexPage>;
  close(): void;
}

export interface IndexFacts {
  readonly tableId: string;
  /** Partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  /** Whether its items are whole. */
  readonly isWhole: boolean;
  /** As `TableFacts` has it. */
  readonly atMs?: number;
}

export interface IndexQuery {
  readonly index: string;
  /** The index's keys. */
  readonly keys: readonly [partition: string, sort: string];
  /** The partition's value as DynamoDB JSON. */
  readonly partition: string;
  /** Only items whose sort key is this or higher. */
  readonly since: TimeValue | undefined;
  readonly startKey: string | undefined;
  readonly limit?: number;
  /** The highest first. */
  readonly isBackwards?: boolean;
}

export interface IndexPage {
  readonly items: JsonItems;
  readonly scanned: number;
  readonly units: number;
  /** JSON; undefined at the end. */
  readonly lastKey: string | undefined;
}
