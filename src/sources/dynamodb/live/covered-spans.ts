import { knownEpochs } from "../../channel-epochs.ts";
import type { ChannelHistory, SourcePart, Span } from "../../span.ts";
import { decodeScan, isWhole, type ScanState } from "./scan-state.ts";
import { isOpen, owedFrom, readUpTo, unreadFrom } from "./stream-horizon.ts";
import {
  KEPT_MS,
  MARGIN_MS,
  OVERLAP_MS,
  decodeStream,
  tellsFrom,
  type ShardState,
  type StreamState,
} from "./stream-state.ts";

/** What a stream brought: one stretch an epoch, from its beginning to where its slowest shard was. */
export function streamSpans(history: ChannelHistory): readonly Span[] {
  return knownEpochs(history, decodeStream).map(({ state, batches }, index, all) =>
    spanOf(state, { batches, isLast: index === all.length - 1 }),
  );
}

function spanOf(state: StreamState, { batches, isLast }: { batches: Span["batches"]; isLast: boolean }): Span {
  const overlapsMs = tellsFrom(state);
  const span: Span = {
    channel: "stream",
    epoch: state.epoch,
    kind: "changes",
    title: "stream",
    // What is as old as the table has no beginning that matters.
    fromMs: overlapsMs === 0 ? undefined : overlapsMs - OVERLAP_MS,
    toMs: readUpTo(state),
    overlapMs: OVERLAP_MS,
    batches,
    ...(state.filterMs === undefined ? {} : { isRedefined: true }),
  };
  if (!isLast) return span;
  const parts = Object.entries(state.shards).map(([name, shard]) => partOf(state, name, shard));
  return { ...span, owed: { fromMs: owedFrom(state), keptMs: KEPT_MS - MARGIN_MS, parts } };
}

function partOf(state: StreamState, name: string, shard: ShardState): SourcePart {
  if (!isOpen(shard)) return { name, state: "done", upToMs: undefined };
  const upToMs = unreadFrom(state, shard);
  if (shard.caughtUpMs !== undefined && shard.caughtUpMs >= shard.seconds * 1_000)
    return { name, state: "current", upToMs };
  return { name, state: shard.after === undefined ? "unread" : "behind", upToMs };
}

/** What scans brought: one snapshot each. */
export function scanSpans({ epochs }: ChannelHistory): readonly Span[] {
  return epochs.flatMap(({ epoch, end, batches }) => {
    const state = decodeScan(end);
    return state === undefined ? [] : [scanSpan(state, { epoch, batches })];
  });
}

function scanSpan(state: ScanState, { epoch, batches }: Pick<Span, "epoch" | "batches">): Span {
  const atMs = Date.parse(state.time);
  const done = state.segments.filter((at) => at === null).length;
  return {
    channel: "scan",
    epoch,
    kind: "snapshot",
    title: "scan",
    fromMs: undefined,
    toMs: isWhole(state) ? atMs : undefined,
    atMs,
    overlapMs: 0,
    batches,
    ...(isWhole(state) ? {} : { progress: { done, of: state.segments.length, what: "segments" } }),
  };
}
