import { expect, test } from "vitest";
import { firstState, listed } from "./shard-order.ts";
import { begun, lateNotice, owedFrom, readUpTo } from "./stream-horizon.ts";
import type { ShardState, StreamState } from "./stream-state.ts";
import type { ShardFacts } from "./table-client.ts";

const NOON = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

function stream(ids: readonly (string | ShardFacts)[]): Parameters<typeof listed>[1] {
  const shards = ids.map((one) => (typeof one === "string" ? { id: one, isClosed: false } : one));
  return { arn: "arn", createdMs: NOON - 48 * HOUR, view: "NEW_AND_OLD_IMAGES", shards };
}

const capacity = { kind: "on-demand", readMost: undefined } as const;
const TABLE = { arn: "", id: "t", keys: ["id"], createdMs: 0, items: 0, sizeBytes: 0, capacity };

function stateOf(shards: Readonly<Record<string, ShardState>>, more: Partial<StreamState> = {}): StreamState {
  const first = firstState(stream([]), { table: TABLE, epoch: 0, nowMs: NOON });
  return { ...first, polledMs: NOON + 20 * HOUR, shards, ...more };
}

const upToDate = (hours: number): ShardState => ({ seconds: 0, sinceMs: 0, caughtUpMs: NOON + hours * HOUR });

test("a stream was read up to where its slowest shard is, and never beyond the last look at its shards", () => {
  expect(readUpTo(stateOf({ a: upToDate(5), b: upToDate(3), c: { seconds: 0, isDone: true } }))).toBe(NOON + 3 * HOUR);
  expect(readUpTo(stateOf({ a: upToDate(25) }))).toBe(NOON + 20 * HOUR);
  expect(readUpTo(stateOf({ a: upToDate(5), b: { seconds: NOON / 1_000, sinceMs: 0 } }))).toBe(NOON);
});

test("a stream that has only closed shards was read up to when one of them was last seen open", () => {
  const done = (hours: number): ShardState => ({ seconds: NOON / 1_000 + hours * 3_600, isDone: true });
  expect(readUpTo(stateOf({ a: done(1), b: done(4) }))).toBe(NOON + 4 * HOUR);
});

test("a shard that came between two looks has nothing older than the first of them", () => {
  const before = stateOf({ a: upToDate(19) });
  const { state } = listed(before, stream(["a", { id: "b", parent: "a", isClosed: false }]), NOON + 22 * HOUR);
  expect(state.shards["b"]).toEqual({ seconds: 0, sinceMs: NOON + 20 * HOUR });
  const alone = { ...state, shards: { ...state.shards, a: { seconds: 0, isDone: true } } } as const;
  expect(readUpTo(alone)).toBe(NOON + 20 * HOUR);
});

test("what a stream had forgotten before the first look is not missed, what came since is", () => {
  const first = firstState(stream([]), { table: TABLE, epoch: 0, nowMs: NOON });
  const { state } = listed(first, stream(["a"]), NOON);
  expect([readUpTo(state), owedFrom(state)]).toEqual([NOON - 24 * HOUR, NOON]);
  const late = begun(state, "a", NOON + 10 * HOUR);
  expect([late.isLost, late.state.sinceMs]).toEqual([false, NOON - 14 * HOUR]);
  expect(begun(state, "a", NOON + 24 * HOUR).isLost).toBe(true);
});

test("a shard that nobody read for a day has lost records, however often the stream was looked at", () => {
  const state = stateOf({ a: { seconds: 0, sinceMs: NOON + HOUR } });
  expect(begun(state, "a", NOON + 20 * HOUR)).toEqual({ state, isLost: false });
  expect(begun(state, "a", NOON + 25 * HOUR).isLost).toBe(true);
});

test("half a day of unread changes is told of, also in a shard that was never read", () => {
  const state = stateOf({ a: upToDate(20), b: { seconds: 0, sinceMs: NOON + 9 * HOUR } });
  const at = (hours: number): ReturnType<typeof lateNotice> =>
    lateNotice(state, { table: "orders", nowMs: NOON + hours * HOUR });
  expect(at(20.9)).toBeUndefined();
  expect(at(21)).toEqual({
    what: "stream of orders",
    why: "changes since 2026-01-31T21:00:00Z were unread (shard b), and the stream forgets after 24 hours: run more often",
  });
});
