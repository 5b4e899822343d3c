import type { Coverage } from "../plan/coverage.ts";
import { changesOfStream } from "./beside.ts";
import { isJoined } from "../plan/goes-on-from.ts";
import { readUpTo } from "./stream-horizon.ts";
import { MARGIN_MS, newestTaken, type StreamGap, type StreamState } from "./stream-state.ts";

interface Around {
  readonly tableId: string;
  readonly coverage: Coverage | undefined;
  /** When channels but the stream and the exports last brought something, ms. */
  readonly othersMs?: number | undefined;
}

/**
 * What exports must bring again once records of a stream are gone that nobody has read, or it is another one. A window says nothing of a key
 * that came and went in it (AWS, "DynamoDB table export output format": insert and delete, no output): one that is to follow on what was
 * read must begin where nothing that came later was read, or what was taken in of such a key would stay. So it takes a stream that was
 * quiet at the last look; else a snapshot is needed.
 */
export function gapBehind(before: StreamState, { tableId, coverage, othersMs = 0 }: Around): StreamGap {
  const shards = Object.values(before.shards);
  const exportedMs = coverage === undefined ? 0 : Date.parse(coverage.coveredTo ?? coverage.base);
  const takenMs = newestTaken(before);
  const newestMs = Math.max(
    before.polledMs,
    exportedMs,
    takenMs,
    othersMs,
    ...shards.map(({ caughtUpMs = 0 }) => caughtUpMs),
  );
  // What a stream says of times is approximate, and a record takes a moment to be in it.
  const readMs = readUpTo(before) - MARGIN_MS;
  const fromMs = readMs - (readMs % 1_000);
  const isQuiet = Math.max(takenMs + MARGIN_MS, othersMs + MARGIN_MS, exportedMs) <= fromMs;
  const isWhole = before.lacksImages !== true && before.tableId === tableId;
  const isFollowed = isQuiet && isWhole && isJoined(changesOfStream(before), coverage);
  return { fromMs: isFollowed ? fromMs : null, newestMs };
}
