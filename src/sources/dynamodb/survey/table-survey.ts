import type { SluiceError } from "../../../base/index.ts";
import type { TableCapacity } from "../live/table-capacity.ts";
import type { StreamView } from "../live/table-client.ts";

/** What a look at a table finds, without reading an item or changing anything. */
export interface TableSurvey {
  readonly arn: string;
  /** Partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  readonly items: number;
  readonly sizeBytes: number;
  readonly createdMs: number;
  readonly capacity: TableCapacity;
  /** Regions that it is replicated to, as a global table. */
  readonly replicas: readonly string[];
  readonly stream:
    | { readonly view: StreamView; readonly createdMs: Known<number>; readonly shards: Known<number> }
    | undefined;
  /** Whether point-in-time recovery is on: exports need it. */
  readonly canExport: Known<boolean>;
  /** The attribute by which its items expire; undefined: they do not. */
  readonly ttlAttribute: Known<string | undefined>;
  /** Kinesis streams that its changes go to. */
  readonly kinesisStreams: Known<readonly string[]>;
  /** How far this machine's clock is ahead of the service's, in ms, to about a second; undefined: it does not tell. */
  readonly aheadMs: number | undefined;
}

/** What was found out, or why it was not: these credentials may not ask, or the server knows no answer. */
export type Known<T> = { readonly value: T } | { readonly unknown: SluiceError };
