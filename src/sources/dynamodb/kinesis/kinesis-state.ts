import { readMemory } from "../../read-memory.ts";

/** The channel's memory: stands in the `end` of each batch manifest, and beside them what moved without records. */
export interface KinesisState {
  readonly format: 1;
  readonly epoch: number;
  readonly streamArn: string;
  readonly createdMs: number;
  /** For how long the stream kept its records when it was last looked at. */
  readonly keptMs: number;
  /** When the epoch's first look was. */
  readonly lookedMs: number;
  /** Every change of the table since this moment is in or will be; undefined until it is known that the table sends its changes. */
  readonly sinceMs?: number;
  /** Of an epoch that it went on in without a gap: nothing that it brought in an earlier one is newer. */
  readonly epochMs?: number;
  /** Of the filter that its records are read through. */
  readonly filter?: string;
  /** When the list of shards was last seen whole. */
  readonly polledMs: number;
  /** Shards that the stream still lists; those that are through stay until it does not, or they would be read again. */
  readonly shards: Readonly<Record<string, KinesisShardState>>;
}

export interface KinesisShardState {
  /** The last record that was taken in, and when it arrived; undefined: none yet. */
  readonly after?: string;
  readonly afterMs?: number;
  /** The first record that was taken in. */
  readonly first?: { readonly sequence: string; readonly arrivedMs: number };
  /** The shards that it came from. */
  readonly parents?: readonly string[];
  /** Everything that arrived in the shard before this moment was taken in, as far as the epoch asks for it. */
  readonly readToMs: number;
  /** The last answer reached the end of what it had. */
  readonly isCurrent?: true;
  readonly isDone?: true;
}

export function encodeKinesis(state: KinesisState): string {
  return JSON.stringify(state);
}

export function decodeKinesis(text: string | undefined): KinesisState | undefined {
  return readMemory(text) as KinesisState | undefined;
}
