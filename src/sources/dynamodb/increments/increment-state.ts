import { createHash } from "node:crypto";
import { earlier, microsOf, type TimeValue } from "./attribute-time.ts";
import { readMemory } from "../../read-memory.ts";

/** The channel's memory: how far each partition of the index was read, in the round that is under way or was the last. */
export interface IncrementState {
  readonly format: 1;
  readonly tableId: string;
  readonly epoch: number;
  /** Of the index and the partitions that are read: places in others mean nothing here. */
  readonly mark: string;
  /** Of the filter that items are read through. */
  readonly filter?: string;
  /** Every change since this moment is in or will be; 0: all that the index has. Absent where an older version began. */
  readonly sinceMs?: number;
  /** When the round began. */
  readonly startedMs: number;
  readonly parts: readonly PartState[];
  /**
   * Changes that lie within the overlap and are in already, as `<microseconds, base 36>:<hash of the key>:<hash of the item>`, the oldest
   * first: of each key and time what was read last.
   */
  readonly seen: readonly string[];
  /** Pages read so far: of two changes of an item that carry the same time, the one that was read later is the later one. */
  readonly pages?: number;
}

export interface PartState {
  /** The highest value that was read; undefined: none yet. */
  readonly high?: TimeValue;
  /** Where the round began to read; undefined: at the beginning. */
  readonly since?: TimeValue;
  /** Where the first round began to read; undefined: at the beginning, or an older version began. */
  readonly first?: TimeValue;
  /** Where it goes on (a key as JSON). */
  readonly after?: string;
  readonly isDone?: true;
}

export interface IncrementPlace {
  readonly index: string;
  readonly attribute: string;
  /** Values of the index's partition key, as DynamoDB JSON. */
  readonly partitions: readonly string[];
}

export function markOf(place: IncrementPlace): string {
  const text = JSON.stringify([place.index, place.attribute, place.partitions]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

export function isRead({ parts }: IncrementState): boolean {
  return parts.every(({ isDone }) => isDone === true);
}

/**
 * The next round. Each partition is read from a bit before its highest value on, and before the moment at which the last round began: what was
 * written while that one was read may stand behind the place where it was, and a clock may be ahead.
 */
export function nextRound(
  state: IncrementState,
  { overlapMs, nowMs }: { readonly overlapMs: number; readonly nowMs: number },
): IncrementState {
  const parts = state.parts.map(({ high, first }): PartState => {
    const since = high === undefined ? undefined : earlier(high, backMs(high, state.startedMs, overlapMs));
    return {
      ...(high === undefined ? {} : { high }),
      ...(since === undefined ? {} : { since }),
      ...(first === undefined ? {} : { first }),
    };
  });
  return { ...state, startedMs: nowMs, parts, seen: seenFrom(state, overlapMs) };
}

/** How far before its highest value a partition is read again. */
function backMs(high: TimeValue, startedMs: number, overlapMs: number): number {
  const aheadMs = Number((microsOf(high) ?? 0n) / 1_000n) - startedMs;
  return overlapMs + Math.max(0, Math.ceil(aheadMs));
}

/** Text is read from the beginning of its second, minute or day on. */
const ROUGHLY_MICROS = { S: 86_400_000_000n, N: 1_000_000n } as const;

/** What the round may meet again. */
function seenFrom({ parts, startedMs, seen }: IncrementState, overlapMs: number): readonly string[] {
  const starts = parts.map(({ high }) => {
    if (high === undefined) return 0n;
    const back = BigInt(backMs(high, startedMs, overlapMs)) * 1_000n;
    return (microsOf(high) ?? 0n) - back - ROUGHLY_MICROS[high.tag];
  });
  const from = starts.reduce((least, start) => (start < least ? start : least), starts[0] ?? 0n);
  return from <= 0n ? seen : seen.filter((name) => name >= timeName(from));
}

/** More changes than these within the overlap are kept apart by the Bronze table, which costs a look at it. */
const SEEN_MOST = 2_000;

/** What stands for a change of a key in `seen`, without the item. */
export function seenKey(micros: bigint, key: string): string {
  const hash = createHash("sha256").update(key).digest("base64url").slice(0, 12);
  return `${timeName(micros)}:${hash}`;
}

/** The key and the item of a name in `seen`. */
export function seenParts(name: string): readonly [key: string, item: string] {
  const at = name.indexOf(":", name.indexOf(":") + 1);
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}

function timeName(micros: bigint): string {
  return micros.toString(36).padStart(11, "0");
}

/** The state after a page. */
export function withPage(
  state: IncrementState,
  page: {
    readonly part: number;
    readonly high: TimeValue | undefined;
    readonly after: string | undefined;
    readonly seen: ReadonlyMap<string, string>;
  },
): IncrementState {
  const parts = state.parts.map((part, index): PartState => {
    if (index !== page.part) return part;
    const { after: _after, ...before } = part;
    const high = higher(part.high, page.high);
    return {
      ...before,
      ...(high === undefined ? {} : { high }),
      ...(page.after === undefined ? { isDone: true } : { after: page.after }),
    };
  });
  const pages = (state.pages ?? 0) + 1;
  if (page.seen.size === 0) return { ...state, parts, pages };
  const before = state.seen.filter((name) => !page.seen.has(seenParts(name)[0]));
  const names = [...page.seen].map(([key, item]) => `${key}:${item}`);
  return { ...state, parts, pages, seen: [...before, ...names].toSorted().slice(-SEEN_MOST) };
}

function higher(one: TimeValue | undefined, other: TimeValue | undefined): TimeValue | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (microsOf(one) ?? 0n) > (microsOf(other) ?? 0n) ? one : other;
}

export function encodeIncrements(state: IncrementState): string {
  return JSON.stringify(state);
}

export function decodeIncrements(text: string | undefined): IncrementState | undefined {
  return readMemory(text) as IncrementState | undefined;
}
