import { knownEpochs, type KnownEpoch } from "../../channel-epochs.ts";
import type { ChannelHistory, Limit, PartPlace, SourcePart, Span } from "../../span.ts";
import { microsOf, type TimeValue } from "./attribute-time.ts";
import { decodeIncrements, markOf, type IncrementPlace, type IncrementState, type PartState } from "./increment-state.ts"; // prettier-ignore

export interface IncrementSettings extends IncrementPlace {
  readonly overlapMs: number;
  /** Whether a scan finds what an index does not tell of. */
  readonly hasScan: boolean;
}

/**
 * What readings of an index brought: one stretch an epoch, from the first look to where the slowest partition was, less the overlap. It proves nothing,
 * and has no deletes: an index does not tell of them.
 */
export function incrementSpans(history: ChannelHistory, settings: IncrementSettings): readonly Span[] {
  return knownEpochs(history, decodeIncrements).map((known, index, all) => {
    const before = all[index - 1]?.state;
    const isRedefined = before === undefined ? history.isCut !== true : before.tableId === known.state.tableId;
    const span = spanOf(known, { settings, isRedefined });
    return index === all.length - 1 ? { ...span, parts: partsOf(known.state, settings) } : span;
  });
}

function spanOf(
  { state, batches }: KnownEpoch<IncrementState>,
  { settings, isRedefined }: { readonly settings: IncrementSettings; readonly isRedefined: boolean },
): Span {
  // An older version did not write down when it began: by the first batch at the latest.
  const { sinceMs = batches?.firstMs ?? state.startedMs } = state;
  const toMs = readUpTo(state, settings.overlapMs);
  return {
    channel: "incremental",
    epoch: state.epoch,
    kind: "changes",
    title: "changes by index",
    fromMs: sinceMs === 0 ? undefined : sinceMs,
    toMs: toMs === undefined ? undefined : Math.max(sinceMs, toMs),
    overlapMs: 0,
    batches,
    isUnproven: true,
    limits: limitsOf(settings),
    ...(isRedefined ? { isRedefined } : {}),
  };
}

/** What changed before this moment was read, where index and clocks are late by less than the overlap; undefined while the first round is under way. */
function readUpTo({ parts, startedMs }: IncrementState, overlapMs: number): number | undefined {
  const reached = parts.map(({ isDone, since }) => (isDone === true ? startedMs - overlapMs : msOf(since)));
  return reached.reduce<number | undefined>(
    (least, ms) => (least === undefined || ms === undefined ? undefined : Math.min(least, ms)),
    Infinity,
  );
}

function limitsOf({ index, attribute, overlapMs, hasScan }: IncrementSettings): readonly Limit[] {
  const deletes = hasScan
    ? "what was deleted goes with the next scan"
    : "nobody finds deletes, for which `scan` beside it is needed";
  const unindexed = hasScan ? "a scan brings them" : "nobody reads them";
  const minutes = `${Math.round(overlapMs / 6_000) / 10} minutes`;
  return [
    { kind: "deletes", text: `the index ${index} tells of no delete: ${deletes}` },
    { kind: "unindexed", text: `items without ${attribute} are not in the index ${index}: ${unindexed}` },
    {
      kind: "overlap",
      text: `each reading begins ${minutes} before the end of the one before: a change that comes later into the index ${index}, or whose ${attribute} is older than that, is not seen`,
    },
  ];
}

function partsOf(state: IncrementState, settings: IncrementSettings): readonly SourcePart[] {
  const isSame = state.mark === markOf(settings);
  return state.parts.map((part, index): SourcePart => {
    const name = isSame ? plainValue(settings.partitions[index]) : undefined;
    return partOf(part, { name: name ?? `partition ${index + 1}`, overlapMs: settings.overlapMs });
  });
}

function partOf(
  { high, since, first, isDone }: PartState,
  { name, overlapMs }: { readonly name: string; readonly overlapMs: number },
): SourcePart {
  return {
    name,
    state: isDone === true ? "current" : high === undefined ? "unread" : "behind",
    upToMs: msOf(high),
    overlapMs,
    ...(first === undefined ? {} : { from: placeOf(first) }),
    ...(high === undefined ? {} : { to: placeOf(high) }),
    ...(since === undefined ? {} : { window: placeOf(since) }),
  };
}

function placeOf(value: TimeValue): PartPlace {
  const ms = msOf(value);
  return { text: value.text, ...(ms === undefined ? {} : { ms }) };
}

function msOf(value: TimeValue | undefined): number | undefined {
  const micros = value === undefined ? undefined : microsOf(value);
  return micros === undefined ? undefined : Number(micros / 1_000n);
}

/** `s0` of `{"S":"s0"}`. */
function plainValue(partition: string | undefined): string | undefined {
  if (partition === undefined) return undefined;
  const [value] = Object.values(JSON.parse(partition) as Record<string, string>);
  return value;
}
