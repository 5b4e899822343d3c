import type { Changes } from "../live/beside.ts";
import { changesEpochOf, type Coverage } from "./coverage.ts";

/**
 * Coverage by exports alone. What others brought before, in newer epochs, would stand above whatever comes: then the exports go on in the newest
 * one. What is in of an export that is under way is of an older epoch, so that export is taken from its beginning; undefined where it was to
 * begin an epoch itself: then there is nothing yet that others could go on from.
 */
export function aloneFrom(coverage: Coverage | undefined, newestEpoch: number): Coverage | undefined {
  if (coverage === undefined) return undefined;
  const { streamEpoch: _beside, partial, ...own } = coverage;
  if (own.epoch >= newestEpoch) return partial === undefined ? own : { ...own, partial };
  return own.coveredTo === null ? undefined : { ...own, epoch: newestEpoch };
}

/**
 * Coverage by exports in the present epoch of the stream beside them. Where that began with a gap, what was exported before is of an earlier
 * epoch: windows go on from the moment up to which the stream had been read, or a later snapshot begins anew.
 */
export function inEpochOf(stream: Changes | undefined, coverage: Coverage | undefined): Coverage | undefined {
  const streamEpoch = stream?.epoch ?? 0;
  if (coverage === undefined || changesEpochOf(coverage) >= streamEpoch) return coverage;
  const { tableId, settled } = coverage;
  const fromMs = stream?.gapFromMs ?? null;
  const coveredTo = fromMs === null ? null : new Date(fromMs).toISOString();
  const base = coveredTo ?? coverage.coveredTo ?? coverage.base;
  const nothing = { snapshots: [], hasWindows: fromMs !== null };
  return { format: 1, tableId, epoch: coverage.epoch + 1, base, coveredTo, ...nothing, settled, streamEpoch };
}

/** Whether the exports that are in reach far enough for them and the stream to be one table. */
export function isJoined(stream: Changes, coverage: Coverage | undefined): boolean {
  const { fromMs, epoch } = stream;
  if (fromMs === undefined || (coverage === undefined ? 0 : changesEpochOf(coverage)) !== epoch) return false;
  return fromMs === 0 || Date.parse(coverage?.coveredTo ?? "") >= fromMs;
}
