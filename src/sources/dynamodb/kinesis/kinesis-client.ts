/** What the channel needs of Kinesis Data Streams, in few words: behind it stands the SDK, or a fake that a test drives. Fails with a `SourceFault`. */
export interface KinesisClient {
  /** Where it is, for messages. */
  readonly where: string;
  /** The stream, and every shard that it lists. */
  describe(): Promise<KinesisStream>;
  /** Whether the table sends its changes to the stream now; undefined where nobody can tell. */
  isFed(): Promise<boolean | undefined>;
  /** An iterator behind a record, from a moment on, or from the oldest record that is kept. A position that is no position there is `trimmed`. */
  iterator(from: { readonly shard: string; readonly after?: string; readonly sinceMs?: number }): Promise<string>;
  records(iterator: string): Promise<KinesisPage>;
  close(): void;
}

export interface KinesisStream {
  readonly arn: string;
  readonly createdMs: number;
  /** How long it keeps records: a day to a year. */
  readonly keptMs: number;
  readonly shards: readonly KinesisShard[];
}

export interface KinesisShard {
  readonly id: string;
  /** None, one, or after a merge two. */
  readonly parents: readonly string[];
}

export interface KinesisPage {
  readonly records: readonly KinesisRecord[];
  /** Undefined when the shard is closed and was read to its end. */
  readonly next: string | undefined;
  /** How much older the place that was read up to is than the newest record of the shard; 0 at its end. */
  readonly behindMs: number;
}

export interface KinesisRecord {
  readonly data: Uint8Array;
  readonly sequence: string;
  readonly arrivedMs: number;
}
