import type { Changes } from "../live/beside.ts";
import { OVERLAP_MS } from "../live/stream-state.ts";
import { changesEpochOf, type Coverage } from "./coverage.ts";

/** What channels that are not beside the exports any more have brought. */
export interface BroughtByOthers {
  /** The newest epoch of any batch that is in. */
  readonly newestEpoch: number;
  /** When the last batch of another channel was made, ms; undefined where they brought nothing. */
  readonly othersMs: number | undefined;
}

/** Where exports go on. */
export interface GoesOnFrom {
  /** undefined: they begin. */
  readonly coverage: Coverage | undefined;
  /** The epoch that they begin in. */
  readonly firstEpoch: number;
  /** They begin with a full export of this moment or later; undefined: with any. */
  readonly fullFrom?: string;
}

/**
 * Coverage by exports alone. What others brought before, in newer epochs, would stand above whatever comes: then the exports go on in the newest
 * one. What is in of an export that is under way is of an older epoch, so that export is taken from its beginning; where it was to begin an epoch
 * itself, there is nothing yet that others could go on from.
 *
 * Where others brought changes that no full export has seen, windows lead nowhere: of an item whose insert they brought, and that was deleted
 * later within the same window, its export has nothing (docs/decisions/0016).
 */
export function aloneFrom(coverage: Coverage | undefined, { newestEpoch, othersMs }: BroughtByOthers): GoesOnFrom {
  const fullFrom = othersMs === undefined ? undefined : fullFromOf(othersMs);
  const needed = fullFrom === undefined ? {} : { fullFrom };
  if (coverage === undefined) return { coverage, firstEpoch: newestEpoch, ...needed };
  if (fullFrom !== undefined && !hasFullFrom(coverage, fullFrom)) {
    return { coverage: undefined, firstEpoch: Math.max(newestEpoch, coverage.epoch + 1), fullFrom };
  }
  const { streamEpoch: _beside, partial, ...own } = coverage;
  if (own.epoch >= newestEpoch) {
    return { coverage: partial === undefined ? own : { ...own, partial }, firstEpoch: newestEpoch };
  }
  const isBegun = own.coveredTo !== null;
  return {
    coverage: isBegun ? { ...own, epoch: newestEpoch } : undefined,
    firstEpoch: newestEpoch,
    ...(isBegun ? {} : needed),
  };
}

/**
 * Coverage by exports beside changes that are read now. Until the two are one table windows must not lie over the end of what channels brought that are
 * read no longer, for the reason that `aloneFrom` has; a full export that reaches into the changes needs no window.
 */
export function besideFrom(
  stream: Changes,
  before: Coverage | undefined,
  { othersMs }: Pick<BroughtByOthers, "othersMs">,
): GoesOnFrom {
  const coverage = inEpochOf(stream, before);
  const firstEpoch = before === undefined ? 0 : before.epoch + 1;
  const { movedMs, fromMs = Infinity } = stream;
  if ((othersMs === undefined && movedMs === undefined) || isJoined(stream, coverage)) return { coverage, firstEpoch };
  const fullFrom = wholeSecond(Math.min(Math.max(othersMs ?? 0, movedMs ?? 0) + OVERLAP_MS, fromMs));
  if (coverage === undefined || isUnbegun(coverage)) return { coverage, firstEpoch, fullFrom };
  const { newestFull: _ofBefore, ...own } = coverage;
  if (hasFullFrom(movedMs === undefined ? coverage : own, fullFrom)) return { coverage, firstEpoch };
  return { coverage: undefined, firstEpoch, fullFrom };
}

/** Whether nothing of its epoch is in. */
function isUnbegun({ coveredTo, partial }: Coverage): boolean {
  return coveredTo === null && partial === undefined;
}

/** Clocks differ: a snapshot must be younger by so much (DESIGN, "Order"). */
function fullFromOf(othersMs: number): string {
  return wholeSecond(othersMs + OVERLAP_MS);
}

/** That moment, or the first whole second after it: exports are made of such. */
function wholeSecond(ms: number): string {
  return new Date(Math.ceil(ms / 1_000) * 1_000).toISOString();
}

/** Whether one of that moment or later is in, or on its way in. */
function hasFullFrom({ snapshots, newestFull, coveredTo, base }: Coverage, fullFrom: string): boolean {
  const whole = newestFull === undefined ? snapshots : [...snapshots, newestFull];
  return whole.some((time) => time >= fullFrom) || (coveredTo === null && base >= fullFrom);
}

/**
 * Coverage by exports in the present epoch of the stream beside them. Where that began with a gap, what was exported before is of an earlier
 * epoch: windows go on from the moment up to which the stream had been read, or a later snapshot begins anew.
 */
function inEpochOf(stream: Changes | undefined, coverage: Coverage | undefined): Coverage | undefined {
  const streamEpoch = stream?.epoch ?? 0;
  if (coverage === undefined || changesEpochOf(coverage) >= streamEpoch) return coverage;
  const { tableId, settled } = coverage;
  const fromMs = stream?.gapFromMs ?? null;
  const coveredTo = fromMs === null ? null : new Date(fromMs).toISOString();
  const base = coveredTo ?? coverage.coveredTo ?? coverage.base;
  const newestFull = coverage.snapshots.reduce(
    (newest, time) => (time > newest ? time : newest),
    coverage.newestFull ?? "",
  );
  const followed = fromMs === null || newestFull === "" ? {} : { newestFull };
  const nothing = { snapshots: [], hasWindows: fromMs !== null, ...followed };
  return { format: 1, tableId, epoch: coverage.epoch + 1, base, coveredTo, ...nothing, settled, streamEpoch };
}

/** Whether the exports that are in reach far enough for them and the stream to be one table. */
export function isJoined(stream: Changes, coverage: Omit<Coverage, "settled" | "partial"> | undefined): boolean {
  const { fromMs, epoch, movedMs } = stream;
  if (movedMs !== undefined && !hasFullSince(coverage, movedMs)) return false;
  if (fromMs === undefined || (coverage === undefined ? 0 : changesEpochOf(coverage)) !== epoch) return false;
  return fromMs === 0 || Date.parse(coverage?.coveredTo ?? "") >= fromMs;
}

function hasFullSince(coverage: Pick<Coverage, "snapshots"> | undefined, sinceMs: number): boolean {
  return coverage?.snapshots.some((time) => Date.parse(time) >= sinceMs + OVERLAP_MS) === true;
}
