import type { Notice } from "../../source.ts";
import { KEPT_MS, MARGIN_MS, type ShardState, type StreamState } from "./stream-state.ts";

/** From this part of the time on that a stream keeps its records, what is unread is told of. */
const LATE_SHARE = 0.5;

/**
 * Everything that happened before this moment (and since the stream's beginning) was taken in: no record that is unread is older, neither
 * in a shard that waits, nor in one that nobody has seen yet.
 */
export function readUpTo(state: StreamState): number {
  return oldest(state, unreadFrom);
}

/** No record that the stream still owes is older: readers have a day from here on. */
export function owedFrom(state: StreamState): number {
  return oldest(state, owedOf);
}

function oldest(state: StreamState, of: (state: StreamState, shard: ShardState) => number): number {
  const shards = Object.values(state.shards);
  const open = shards.filter(isOpen).map((shard) => of(state, shard));
  if (open.length > 0) return Math.min(state.polledMs, ...open);
  // All of them are closed: perhaps the stream was switched off when one of them was last seen open.
  return Math.min(state.polledMs, Math.max(state.sinceMs, ...shards.map(lastSeenOpen)));
}

export function isOpen({ isDone }: ShardState): boolean {
  return isDone !== true;
}

/** No unread record of the shard is older. */
export function unreadFrom(state: StreamState, shard: ShardState): number {
  return Math.max(shard.sinceMs ?? state.sinceMs, lastSeenOpen(shard));
}

function lastSeenOpen({ seconds, caughtUpMs = 0 }: ShardState): number {
  return Math.max(seconds * 1_000, caughtUpMs);
}

/** What the stream had forgotten before anybody looked at it is not missed. */
function owedOf(state: StreamState, shard: ShardState): number {
  const fromMs = unreadFrom(state, shard);
  return wasThereAtFirst(state, shard) ? Math.max(fromMs, state.lookedMs ?? fromMs) : fromMs;
}

function wasThereAtFirst(state: StreamState, { sinceMs = state.sinceMs }: ShardState): boolean {
  return sinceMs <= state.sinceMs;
}

/**
 * The state when a shard that nothing was taken from yet is asked for the oldest that it has: that need not be its beginning. Either the
 * stream as a whole counts from what it still keeps, or records are lost.
 */
export function begun(
  state: StreamState,
  id: string,
  nowMs: number,
): { readonly state: StreamState; readonly isLost: boolean } {
  const shard = state.shards[id] ?? { seconds: 0 };
  const keptFromMs = nowMs - KEPT_MS + MARGIN_MS;
  if (owedOf(state, shard) < keptFromMs) return { state, isLost: true };
  if (unreadFrom(state, shard) >= keptFromMs) return { state, isLost: false };
  return { state: { ...state, sinceMs: Math.max(state.sinceMs, nowMs - KEPT_MS) }, isLost: false };
}

/** What is said once half of the time has passed until records are forgotten that nobody has read. */
export function lateNotice(
  state: StreamState,
  { table, nowMs }: { readonly table: string; readonly nowMs: number },
): Notice | undefined {
  const fromMs = owedFrom(state);
  if (nowMs - fromMs < LATE_SHARE * KEPT_MS) return undefined;
  const shards = Object.entries(state.shards);
  const shard = shards.find(([, one]) => isOpen(one) && owedOf(state, one) === fromMs)?.[0];
  const where = shard === undefined ? "" : ` (shard ${shard})`;
  const since = `${new Date(fromMs).toISOString().slice(0, 19)}Z`;
  const why = `changes since ${since} were unread${where}, and the stream forgets after 24 hours: run more often`;
  return { what: `stream of ${table}`, why };
}
