import { knownEpochs, type KnownEpoch } from "../../channel-epochs.ts";
import type { ChannelHistory, Limit, SourcePart, Span } from "../../span.ts";
import { MARGIN_MS, OVERLAP_MS } from "../live/stream-state.ts";
import { decodeKinesis, type KinesisShardState, type KinesisState } from "./kinesis-state.ts";

const SENDING: Limit = {
  kind: "sending",
  text: "the Kinesis stream does not show whether the table was switched off from it for a while: that is only asked at each run",
};
const UNKNOWN: Limit = {
  kind: "sending",
  text: "nobody knows yet whether the table sends its changes to the Kinesis stream: until then nothing of it counts as covered",
};

/**
 * What a Kinesis stream brought: one stretch an epoch, from the moment since which the table is known to send its changes to where the slowest
 * shard was. What lies between two of them was gone before anybody read it; an epoch that goes on from the same moment as the one before has no gap.
 */
export function kinesisSpans(history: ChannelHistory): readonly Span[] {
  return knownEpochs(history, decodeKinesis).map((known, index, all) => {
    const span = spanOf(known, all[index - 1]?.state, history.isCut === true);
    if (index < all.length - 1) return span;
    const { state } = known;
    const parts = partsOf(state);
    return { ...span, parts, owed: { fromMs: readUpTo(state), keptMs: state.keptMs - MARGIN_MS, parts } };
  });
}

function spanOf({ state, batches }: KnownEpoch<KinesisState>, before: KinesisState | undefined, isCut: boolean): Span {
  const { epoch, sinceMs } = state;
  const isRedefined = before === undefined ? !isCut : before.filter !== state.filter;
  return {
    channel: "kinesis",
    epoch,
    kind: "changes",
    title: "Kinesis stream",
    fromMs: sinceMs ?? state.lookedMs,
    // Records are told by their arrival, which is a bit later than the change.
    toMs: sinceMs === undefined ? undefined : Math.max(sinceMs, readUpTo(state) - MARGIN_MS),
    overlapMs: OVERLAP_MS,
    batches,
    limits: [sinceMs === undefined ? UNKNOWN : SENDING],
    ...(isRedefined ? { isRedefined } : {}),
  };
}

/** Everything that arrived before this moment was taken in: neither a shard that waits nor one that nobody has seen yet has an older record unread. */
function readUpTo({ polledMs, shards }: KinesisState): number {
  const open = Object.values(shards).filter(({ isDone }) => isDone !== true);
  return Math.min(polledMs, ...open.map(({ readToMs }) => readToMs));
}

function partsOf({ shards }: KinesisState): readonly SourcePart[] {
  return Object.entries(shards).map(([name, shard]): SourcePart => {
    const { after, afterMs, first, parents, readToMs, isDone } = shard;
    return {
      name,
      state: stateOf(shard),
      upToMs: isDone === true ? undefined : readToMs,
      ...(parents === undefined ? {} : { parents }),
      ...(first === undefined ? {} : { from: { text: first.sequence, ms: first.arrivedMs } }),
      ...(after === undefined ? {} : { to: { text: after, ...(afterMs === undefined ? {} : { ms: afterMs }) } }),
    };
  });
}

function stateOf({ after, isCurrent, isDone }: KinesisShardState): SourcePart["state"] {
  if (isDone === true) return "done";
  if (isCurrent === true) return "current";
  return after === undefined ? "unread" : "behind";
}
