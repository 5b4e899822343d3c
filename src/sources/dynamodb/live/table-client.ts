import type { FilterExpression } from "./filter-expression.ts";
import type { CapacityClient, TableCapacity } from "./table-capacity.ts";

/** What the live channels need of DynamoDB, in few words: behind it stands the SDK, or a fake that a test drives. */
export interface TableClient {
  /** Where it is, for messages: region or endpoint. */
  readonly where: string;
  describeTable(): Promise<TableFacts>;
  /** One page of a segment. Fails with a `SourceFault` of kind `throttled` when the table asks for less. */
  scan(request: ScanRequest): Promise<ScanPage>;
  /** Some items (at most 100 keys, as JSON) as they are now, strongly consistent. Those that are not there are not in the answer. */
  getItems(keys: readonly string[]): Promise<FoundItems>;
  /** All shards of a stream, every page of them. */
  describeStream(streamArn: string): Promise<StreamFacts>;
  /** An iterator behind a record, or from the shard's beginning. */
  iterator(request: { readonly streamArn: string; readonly shard: string; readonly after?: string }): Promise<string>;
  /** What an iterator shows. `next` is undefined when the shard is closed and was read to its end. */
  records(iterator: string): Promise<RecordsPage>;
  readonly capacity: CapacityClient;
  close(): void;
}

export interface TableFacts {
  readonly arn: string;
  /** Another one for a table that was deleted and made again under its name. */
  readonly id: string;
  /** Partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  readonly createdMs: number;
  readonly items: number;
  readonly sizeBytes: number;
  readonly capacity: TableCapacity;
  readonly stream?: { readonly arn: string; readonly view: StreamView };
  /** When it answered, by its own clock: the beginning of that second, in ms since the epoch; undefined: it does not say. */
  readonly atMs?: number;
}

export type StreamView = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";

export interface ScanRequest {
  readonly segment: number;
  readonly segments: number;
  /** As the page before gave it; undefined at the segment's beginning. */
  readonly startKey: string | undefined;
  /** Items to look at; as many as fit into 1 MB unless told. */
  readonly limit?: number;
  /** Only what matches is given, and of it what is kept (with the marker of our own writes). */
  readonly filter?: FilterExpression;
}

export interface ScanPage {
  readonly items: JsonItems;
  /** Items that were looked at; fewer are given where a filter leaves some out. */
  readonly scanned: number;
  /** Read units that it took. */
  readonly units: number;
  /** JSON; undefined at the segment's end. */
  readonly lastKey: string | undefined;
}

export interface FoundItems {
  readonly items: JsonItems;
  /** Read units that it took. */
  readonly units: number;
  /** Keys that were not looked at, to be asked for again. */
  readonly left: readonly string[];
}

export interface StreamFacts {
  readonly arn: string;
  readonly createdMs: number;
  readonly view: StreamView;
  readonly shards: readonly ShardFacts[];
}

export interface ShardFacts {
  readonly id: string;
  readonly parent?: string;
  readonly isClosed: boolean;
}

export interface RecordsPage {
  readonly records: JsonItems;
  readonly next: string | undefined;
}

/** The elements of a JSON array of objects as the other side spelt them: `bytes` between `places[2 i]` and `places[2 i + 1]`. */
export interface JsonItems {
  readonly bytes: Uint8Array;
  readonly places: readonly number[];
}

export type FaultKind =
  /** Fewer requests, please. */
  | "throttled"
  /** An iterator is good for a quarter of an hour. */
  | "iterator-expired"
  /** The position is older than what the stream keeps. */
  | "trimmed"
  /** A stream, shard or table that is not there. */
  | "missing";

/** An answer that the channels know how to go on from. Any other failure is a `SluiceError`. */
export class SourceFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.name = "SourceFault";
    this.kind = kind;
  }
}

export function isFault(error: unknown, ...kinds: readonly FaultKind[]): error is SourceFault {
  return error instanceof SourceFault && kinds.includes(error.kind);
}
