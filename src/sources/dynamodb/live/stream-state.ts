import { readMemory } from "../../read-memory.ts";

/** The stream channel's memory. It stands in the `end` of each batch manifest, and beside them what moved without records. */
export interface StreamState {
  readonly format: 1;
  readonly tableId: string;
  readonly epoch: number;
  readonly streamArn: string;
  /** When the stream was switched on, and when the table was made. */
  readonly createdMs: number;
  readonly tableCreatedMs: number;
  /** Every record since this moment is in or will be: the stream's beginning, or what it still kept at the first look. */
  readonly sinceMs: number;
  /** What turned out to be gone while it was read, for people: the next look begins an epoch. */
  readonly lost?: string;
  /** What the stream had forgotten when the epoch began, where exports fill it. */
  readonly gap?: StreamGap;
  /** Of the filter that its records are read through, and from when on that is so for certain, where there was another one before. */
  readonly filter?: string;
  readonly filterMs?: number;
  /** Of an epoch that it went on in without a gap: nothing that it brought in an earlier one is newer. */
  readonly epochMs?: number;
  /** When it was first looked at. */
  readonly lookedMs?: number;
  /** When the list of shards was last asked for. */
  readonly polledMs: number;
  /** Changes were taken in whose images nobody has: no row can be made of them. */
  readonly lacksImages?: true;
  /** Shards that the stream still lists; those that are through stay until it does not, or they would be read again. */
  readonly shards: Readonly<Record<string, ShardState>>;
}

export interface StreamGap {
  /** Everything before this moment was read; null where windows of changes cannot tell what came after it, only a snapshot can. */
  readonly fromMs: number | null;
  /** No event of an earlier epoch is newer. */
  readonly newestMs: number;
}

export interface ShardState {
  /** The last record that was taken in; undefined: none yet. */
  readonly after?: string;
  /** Whole seconds: no record of the shard, or of one that comes after it, counts as older. */
  readonly seconds: number;
  /** None of its records is older: it was not there when the shards were listed before, or the whole stream begins here. */
  readonly sinceMs?: number;
  /** Everything older than this was read: behind it the shard had nothing. */
  readonly caughtUpMs?: number;
  readonly isDone?: true;
}

/** What a stream keeps for certain (AWS, "DynamoDB Streams": records are subject to removal after 24 hours). */
export const KEPT_MS = 24 * 3_600_000;

/** Clocks differ, and reading takes time: so much before its time a record counts as gone. */
export const MARGIN_MS = 5 * 60_000;

export function encodeStream(state: StreamState): string {
  return JSON.stringify(state);
}

export function decodeStream(text: string | undefined): StreamState | undefined {
  return readMemory(text) as StreamState | undefined;
}

/** Switched on with the table, within what AWS's clocks and a slow create may differ: then there was nothing before it. */
const TOGETHER_MS = 60_000;

/** By so much a snapshot must be younger than the stream (DESIGN, "Order"). */
export const OVERLAP_MS = 5 * 60_000;

/**
 * From when on a snapshot may be for stream and snapshot to overlap for sure, in ms since the epoch; 0 where the stream has been there as
 * long as the table. undefined before the stream was first looked at.
 */
export function overlapsFrom(state: StreamState | undefined): number | undefined {
  if (state === undefined) return undefined;
  return Math.max(tellsFrom(state), state.epochMs === undefined ? 0 : state.epochMs + OVERLAP_MS);
}

/** The same for a snapshot in any epoch that the stream went on in. */
export function tellsFrom({ sinceMs, createdMs, tableCreatedMs, gap, filterMs }: StreamState): number {
  const isAsOldAsTheTable = sinceMs === createdMs && createdMs - tableCreatedMs <= TOGETHER_MS;
  // What fills a gap must be newer than all that it follows, too (DESIGN, "Order").
  const marks = [isAsOldAsTheTable && gap === undefined ? undefined : sinceMs, gap?.newestMs, filterMs];
  return Math.max(0, ...marks.flatMap((ms) => (ms === undefined ? [] : [ms + OVERLAP_MS])));
}

/** No event of the stream that was taken in is newer; 0 before the first. */
export function newestTaken({ shards }: Pick<StreamState, "shards">): number {
  return Math.max(0, ...Object.values(shards).map(({ seconds }) => seconds * 1_000 + 999));
}
