import { knownEpochs, type KnownEpoch } from "../../channel-epochs.ts";
import { joinTallies } from "../../file-tally.ts";
import type { BatchRange, ChannelHistory, FileTally, Limit, MissingPart, SourcePart, Span } from "../../span.ts";
import { OVERLAP_MS } from "../live/stream-state.ts";
import { readPath } from "./delivered-path.ts";
import { decodeDeliveries, type DeliveryMemory } from "./memory.ts";

const HOUR_MS = 3_600_000;

/** An hour or a day of the prefix, in whatever zone that is: `2026-03-09T10`, `2026-03-09`. */
export function hourOfFile({ path }: { readonly path: string }): string {
  const { hour, series } = readPath(path);
  if (hour === undefined) return TIMELESS;
  const day = `${hour.slice(0, 4)}-${hour.slice(4, 6)}-${hour.slice(6, 8)}`;
  return series.endsWith("HH") ? `${day}T${hour.slice(8)}` : day;
}

const TIMELESS = "no time in the path";

const MISSING: Limit = {
  kind: "missing-files",
  text: "files of Firehose have no numbers: an hour without a file may be one without changes, or one whose files are missing",
};

/**
 * What files of Firehose brought: one stretch as long as the same filter is read through, with the hours of which there were files. It proves
 * nothing: a file that is missing leaves no trace.
 */
export function deliverySpans(history: ChannelHistory): readonly Span[] {
  const stretches: Stretch[] = [];
  for (const known of knownEpochs(history, decodeDeliveries)) {
    const before = stretches.at(-1);
    // Files follow the epochs of whatever is read beside them, and are one stretch all the same.
    if (before?.state.sinceMs === known.state.sinceMs) stretches[stretches.length - 1] = joined(before, known);
    else stretches.push(known);
  }
  return stretches.map((stretch, index) => {
    const isFirst = index === 0;
    const isRedefined = isFirst ? history.isCut !== true : true;
    return spanOf(stretch, { isRedefined, isLast: index === stretches.length - 1 });
  });
}

type Stretch = KnownEpoch<DeliveryMemory>;

function joined(before: Stretch, after: Stretch): Stretch {
  const batches = rangeOf(before.batches, after.batches);
  const files = new Map(before.files);
  for (const [hour, tally] of after.files ?? []) files.set(hour, joinTallies(files.get(hour), tally));
  return { ...after, ...(batches === undefined ? {} : { batches }), files };
}

function rangeOf(before: BatchRange | undefined, after: BatchRange | undefined): BatchRange | undefined {
  if (before === undefined || after === undefined) return before ?? after;
  const { first, firstMs } = before;
  return { ...after, first, firstMs, count: before.count + after.count, rows: before.rows + after.rows };
}

function spanOf(
  { state, batches, files = new Map() }: Stretch,
  { isRedefined, isLast }: { readonly isRedefined: boolean; readonly isLast: boolean },
): Span {
  const written = [...files.values()].flatMap(({ lastMs }) => (lastMs === undefined ? [] : [lastMs]));
  return {
    channel: "firehose",
    epoch: state.epoch,
    kind: "changes",
    title: "files of Firehose",
    fromMs: state.sinceMs,
    toMs: written.length === 0 ? undefined : Math.max(state.sinceMs, ...written),
    overlapMs: OVERLAP_MS,
    batches,
    isUnproven: true,
    limits: [MISSING],
    parts: partsOf(files),
    ...(isRedefined ? { isRedefined } : {}),
    ...(isLast ? { missing: failedOf(state) } : {}),
  };
}

/** The hours of which there were files, and what lies between them. */
function partsOf(files: ReadonlyMap<string, FileTally>): readonly SourcePart[] {
  const parts: SourcePart[] = [];
  // A series by days and one by hours do not tell of each other.
  const before = new Map<number, string>();
  for (const [name, tally] of [...files].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const gap = between(before.get(name.length), name);
    if (gap !== undefined) parts.push({ name: gap, state: "empty", upToMs: undefined });
    parts.push({ name, state: "read", upToMs: undefined, files: tally });
    if (name !== TIMELESS) before.set(name.length, name);
  }
  return parts;
}

/** The hours, or days, that lie between two: `2026-03-09T11` or `2026-03-09T11 … 2026-03-09T13`. */
function between(before: string | undefined, after: string): string | undefined {
  if (before === undefined) return undefined;
  const stepMs = before.includes("T") ? HOUR_MS : 24 * HOUR_MS;
  const [from, to] = [startOf(before) + stepMs, startOf(after) - stepMs];
  if (from > to) return undefined;
  const name = (ms: number): string => new Date(ms).toISOString().slice(0, before.length);
  return from === to ? name(from) : `${name(from)} … ${name(to)}`;
}

function startOf(name: string): number {
  return Date.parse(name.includes("T") ? `${name}:00:00Z` : `${name}T00:00:00Z`);
}

function failedOf({ failed = {} }: DeliveryMemory): readonly MissingPart[] {
  return Object.values(failed).map(([files, newestMs, path]) => ({
    kind: "failed",
    what: files === 1 ? path : `${path} and ${files - 1} more`,
    toMs: newestMs,
    neededMs: newestMs + OVERLAP_MS,
    advice: "Deliver these records again and remove the files, or have a snapshot made that is newer than they",
  }));
}
