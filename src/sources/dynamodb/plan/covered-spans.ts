import type { ChannelEpoch, ChannelHistory, Span } from "../../span.ts";
import { decodeCoverage, type Coverage } from "./coverage.ts";

/** What exports brought: snapshots, and windows that follow each other from the first one on. */
export function exportSpans({ epochs }: ChannelHistory): readonly Span[] {
  return epochs.flatMap(({ end, ...rest }) => {
    const coverage = decodeCoverage(end);
    return coverage === undefined ? [] : [...snapshotsOf(coverage, rest), ...windowsOf(coverage, rest)];
  });
}

type Rest = Omit<ChannelEpoch, "end">;

const ONE_CLOCK = { channel: "export", overlapMs: 0 } as const;

function snapshotsOf({ base, coveredTo, snapshots, partial }: Coverage, rest: Rest): readonly Span[] {
  const whole = snapshots.map((time): Span => {
    const atMs = Date.parse(time);
    return { ...ONE_CLOCK, ...rest, kind: "snapshot", title: "full export", fromMs: undefined, toMs: atMs, atMs };
  });
  if (coveredTo !== null || partial === undefined) return whole;
  const progress = { done: partial.filesTaken, of: undefined, what: "files" };
  const underWay = { title: "full export", fromMs: undefined, toMs: undefined, atMs: Date.parse(base), progress };
  return [...whole, { ...ONE_CLOCK, ...rest, kind: "snapshot", ...underWay }];
}

function windowsOf({ base, coveredTo, snapshots, hasWindows, streamEpoch }: Coverage, rest: Rest): readonly Span[] {
  if (!hasWindows || coveredTo === null) return [];
  // Windows without a full export reach back to the table's creation: the definition says so. Those that fill a gap begin with it.
  const isFromCreation = snapshots.length === 0 && streamEpoch === undefined;
  const fromMs = isFromCreation ? undefined : Date.parse(base);
  return [{ ...ONE_CLOCK, ...rest, kind: "changes", title: "export windows", fromMs, toMs: Date.parse(coveredTo) }];
}
