import { MARGIN_MS } from "../live/stream-state.ts";
import type { KinesisShard, KinesisStream } from "./kinesis-client.ts";
import type { KinesisShardState, KinesisState } from "./kinesis-state.ts";

/** A listing of shards put together with what is known of them. */
export interface Listed {
  readonly state: KinesisState;
  /** Shards that may be read now: every shard before them is read to its end. */
  readonly readable: readonly KinesisShard[];
  /** What may be gone unread, for people; empty: nothing. */
  readonly lost: readonly string[];
}

export interface FirstLook {
  readonly epoch: number;
  readonly nowMs: number;
  /** Whether the table is known to send its changes to it. */
  readonly isFed: boolean;
  readonly filter: string | undefined;
}

/** The memory of a stream that nobody has looked at yet. */
export function firstKinesis(
  { arn, createdMs, keptMs }: KinesisStream,
  { epoch, nowMs, isFed, filter }: FirstLook,
): KinesisState {
  const seen = filter === undefined ? {} : { filter };
  const since = isFed ? { sinceMs: nowMs } : {};
  return {
    format: 1,
    epoch,
    streamArn: arn,
    createdMs,
    keptMs,
    lookedMs: nowMs,
    ...since,
    ...seen,
    polledMs: nowMs,
    shards: {},
  };
}

/**
 * Which shards may be read: a shard holds what happened after all of the shards that it came from, one when it was split off, two after a merge.
 * Kinesis says nothing when a position is older than what it keeps, but goes on with what is left: so what was read has its time, and
 * records are lost once that is older than the stream's retention.
 */
export function listedKinesis(
  before: KinesisState,
  stream: KinesisStream,
  { nowMs, seenMs }: { readonly nowMs: number; readonly seenMs: number },
): Listed {
  // Whichever it was since: what was there at the last look is there as long as the shorter one says.
  const keptMs = Math.min(before.keptMs, stream.keptMs);
  const keptFromMs = nowMs - keptMs + MARGIN_MS;
  const isFirstLook = Object.keys(before.shards).length === 0;
  const lost: string[] = [];
  if (stream.arn !== before.streamArn || stream.createdMs !== before.createdMs)
    lost.push("the whole stream: it is another one of the same name");
  if (!isFirstLook && before.polledMs < keptFromMs)
    lost.push(`what is older than ${hours(keptMs)}: nobody looked for ${hours(nowMs - before.polledMs)}`);
  const listed = new Map(stream.shards.map((shard) => [shard.id, shard]));
  for (const [id, shard] of Object.entries(before.shards)) {
    if (shard.isDone === true) continue;
    const isLate = shard.readToMs < keptFromMs;
    if (isLate || !listed.has(id)) lost.push(`shard ${id} behind ${shard.after ?? "its beginning"}`);
  }
  const readToMs = isFirstLook ? before.lookedMs : before.polledMs;
  const shards = Object.fromEntries(
    stream.shards.map(({ id, parents }): [string, KinesisShardState] => {
      const known = before.shards[id] ?? { readToMs };
      return [id, parents.length === 0 ? known : { ...known, parents }];
    }),
  );
  const isThrough = (id: string): boolean => !listed.has(id) || shards[id]?.isDone === true;
  const readable = stream.shards.filter(({ id, parents }) => shards[id]?.isDone !== true && parents.every(isThrough));
  return { state: { ...before, keptMs: stream.keptMs, polledMs: seenMs, shards }, readable, lost };
}

function hours(ms: number): string {
  return `${Math.floor(ms / 3_600_000)} hours`;
}
