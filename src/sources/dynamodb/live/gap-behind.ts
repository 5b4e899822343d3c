import type { Coverage } from "../plan/coverage.ts";
import { changesOfStream } from "./beside.ts";
import { isJoined } from "../plan/stream-epoch.ts";
import { readUpTo } from "./stream-horizon.ts";
import { MARGIN_MS, type StreamGap, type StreamState } from "./stream-state.ts";

/** A window of a day that begins with the gap must reach beyond what was exported before. */
const EXPORTED_MOST_MS = 23 * 3_600_000;

/** What exports must bring again once records of a stream are gone that nobody has read, or it is another one. */
export function gapBehind(
  before: StreamState,
  { tableId, coverage }: { readonly tableId: string; readonly coverage: Coverage | undefined },
): StreamGap {
  const shards = Object.values(before.shards);
  const exportedMs = coverage === undefined ? 0 : Date.parse(coverage.coveredTo ?? coverage.base);
  const newest = shards.map(({ seconds, caughtUpMs = 0 }) => Math.max(caughtUpMs, seconds * 1_000 + 999));
  const newestMs = Math.max(before.polledMs, exportedMs, ...newest);
  // What a stream says of times is approximate, and a record takes a moment to be in it.
  const fromMs = readUpTo(before) - MARGIN_MS;
  const hasImages = before.lacksImages !== true;
  const isFollowed =
    hasImages &&
    before.tableId === tableId &&
    isJoined(changesOfStream(before), coverage) &&
    exportedMs - fromMs < EXPORTED_MOST_MS;
  return { fromMs: isFollowed ? fromMs - (fromMs % 1_000) : null, newestMs };
}
