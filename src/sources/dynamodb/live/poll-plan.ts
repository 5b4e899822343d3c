import type { Pace } from "../../source.ts";

/**
 * When a shard is asked again, and when the list of shards: decided from what the shard answered so far. A hot shard is asked
 * for page after page; one that is up to date once a flush; one that has been idle for long, seldom.
 */

/** What is known of a shard from asking it in this process. */
export interface ShardPoll {
  /** When it was asked last. */
  readonly askedMs: number;
  /** When something last happened in it, as far as is known. */
  readonly activeMs: number;
  /** Answers in a row that had no record. */
  readonly empty: number;
  /** When the first of the last few of these had come: what is older would be in those that came since. */
  readonly quietMs: number;
  /** Refusals in a row. */
  readonly refused: number;
  /** Whether its end was found, and what came since was young: then one answer without a record tells that nothing is left. */
  readonly isNear: boolean;
  /** Whether the last answer reached what has only just happened. */
  readonly isCurrent: boolean;
}

export interface Answer {
  readonly records: number;
  /** As much as an answer can hold: there is more. */
  readonly isFull: boolean;
  /** When the last of the records happened, by the source's clock; undefined without one. */
  readonly newestMs: number | undefined;
  readonly nowMs: number;
}

/** What to do with a shard next. */
export interface NextPoll {
  readonly atMs: number;
  /** Whether nothing more is expected of it at present: who waits for all shards need not wait for this one. */
  readonly isSettled: boolean;
}

/** An open shard may answer with nothing though there is something: only so many such answers in a row mean its end. */
const EMPTY_PAGES = 5;
const EMPTY_PAUSE_MS = 100;
/** A shard is not asked more often when it is up to date, however short the flush interval is. */
const POLL_MS_LEAST = 200;
const IDLE_AFTER_MS = 10 * 60_000;
/** Some 0.19 requests a second and idle shard: within the 0.2 that it may cost, with its share of listings. */
const IDLE_POLL_MS = 5_300;
/** Within the time that records carry (whole seconds) and clocks differ. */
const CURRENT_MS = 2_000;
/** Records older than this are a backlog. */
const NEAR_MS = 30_000;
const REFUSED_PAUSE_MS = 100;
const REFUSED_PAUSE_MS_MAX = 5_000;

/** A shard after an answer. `before`: undefined when this is the first; `activeMs` is then when it last had a record, if that is known. */
export function answered(before: ShardPoll | undefined, answer: Answer, activeMs?: number): ShardPoll {
  const { records, isFull, newestMs, nowMs } = answer;
  const known = before ?? { activeMs: activeMs ?? nowMs, empty: 0, quietMs: nowMs, isNear: false };
  if (records === 0) {
    const empty = known.empty + 1;
    const quietMs = empty % EMPTY_PAGES === 1 ? nowMs : known.quietMs;
    const isNear = known.isNear || empty >= EMPTY_PAGES;
    return { askedMs: nowMs, activeMs: known.activeMs, empty, quietMs, refused: 0, isNear, isCurrent: false };
  }
  const ageMs = nowMs - (newestMs ?? 0);
  const isCurrent = ageMs <= CURRENT_MS && !isFull;
  const isNear = (known.isNear || isCurrent) && ageMs <= NEAR_MS;
  return { askedMs: nowMs, activeMs: nowMs, empty: 0, quietMs: nowMs, refused: 0, isNear, isCurrent };
}

/** When a shard was up to date for certain, if its last answer tells; in ms since the epoch. */
export function upToDateMs({ empty, quietMs }: ShardPoll): number | undefined {
  return empty > 0 && empty % EMPTY_PAGES === 0 ? quietMs : undefined;
}

/** A shard after a refusal, when more than its two readers ask or too much is asked. */
export function refused(before: ShardPoll | undefined, nowMs: number): ShardPoll {
  const known = before ?? { activeMs: nowMs, empty: 0, quietMs: nowMs, refused: 0, isNear: false, isCurrent: false };
  return { ...known, askedMs: nowMs, refused: known.refused + 1 };
}

export interface Shard {
  /** Undefined for who reads once: he stays with each shard until it has had nothing often enough. */
  readonly pace: Pace | undefined;
  /** Nothing is added to it any more. */
  readonly isClosed: boolean;
  /** In [0, 1): spreads those that were refused together. */
  readonly random: () => number;
}

/** When a shard is to be asked again. */
export function nextPoll(poll: ShardPoll | undefined, { pace, isClosed, random }: Shard): NextPoll {
  if (poll === undefined) return { atMs: 0, isSettled: false };
  const { askedMs, empty, isNear, isCurrent } = poll;
  if (poll.refused > 0) {
    const pauseMs = Math.min(REFUSED_PAUSE_MS_MAX, REFUSED_PAUSE_MS * 2 ** (poll.refused - 1));
    return { atMs: askedMs + pauseMs * (0.5 + random() / 2), isSettled: true };
  }
  if (pace === undefined) {
    const isSettled = empty >= EMPTY_PAGES;
    return { atMs: isSettled ? Infinity : askedMs + (empty === 0 ? 0 : EMPTY_PAUSE_MS), isSettled };
  }
  const isAtEnd = empty === 0 ? isCurrent : isNear || empty >= EMPTY_PAGES;
  if (isAtEnd && !isClosed) return { atMs: askedMs + restMs(poll, pace), isSettled: true };
  // A closed shard has an end, which it tells; until then it is asked, more slowly the longer it has nothing.
  const pauseMs = empty === 0 ? 0 : EMPTY_PAUSE_MS * 2 ** Math.min(4, Math.floor(empty / EMPTY_PAGES));
  return { atMs: askedMs + pauseMs, isSettled: false };
}

/** A shard that was asked in an earlier round is due in this one, and where this one takes long, after a flush interval. */
function restMs({ askedMs, activeMs }: ShardPoll, { flushMs, roundMs }: Pace): number {
  const restsMs = askedMs < roundMs ? POLL_MS_LEAST : Math.max(flushMs, POLL_MS_LEAST);
  return Math.max(restsMs, askedMs - activeMs >= IDLE_AFTER_MS ? IDLE_POLL_MS : 0);
}

/** A list of shards that was seen. */
export interface ShardLook {
  readonly seenMs: number;
  /** Names of the shards that were read to their end and have none behind them in the list. */
  readonly childless: string;
  /** Looks since these changed last. */
  readonly tries: number;
}

const LOOK_MS = 60_000;
/** AWS, "DescribeStream": ten a second for all that read; one a second is for us. */
const LOOK_MS_LEAST = 1_000;

/** A new list of shards, of which some are read to their end and have none behind them. */
export function looked(before: ShardLook | undefined, childless: string, seenMs: number): ShardLook {
  const tries = before === undefined || before.childless !== childless ? 0 : before.tries + 1;
  return { seenMs, childless, tries };
}

/**
 * When the shards are to be listed again. `childless`: as `looked` has it, of now. New shards come behind those that end, so
 * nothing is missed in between; what is behind an end may be listed a moment later.
 */
export function nextLookMs(look: ShardLook | undefined, childless: string): number {
  if (look === undefined) return 0;
  if (childless === "") return look.seenMs + LOOK_MS;
  const tries = childless === look.childless ? look.tries : 0;
  return look.seenMs + Math.min(LOOK_MS, LOOK_MS_LEAST * 2 ** tries);
}
