import fc from "fast-check";
import { expect, test } from "vitest";
import {
  answered,
  looked,
  nextLookMs,
  nextPoll,
  upToDateMs,
  refused,
  type ShardLook,
  type ShardPoll,
} from "./poll-plan.ts";

/** In one long round. */
const pace = { flushMs: 1_000, roundMs: 0 };
const open = { pace, isClosed: false, random: () => 0.5 };
const closed = { ...open, isClosed: true };
const nothing = (nowMs: number) => ({ records: 0, isFull: false, newestMs: undefined, nowMs });
const some = (nowMs: number, ageMs: number, isFull = false) => ({ records: 5, isFull, newestMs: nowMs - ageMs, nowMs });

/** A shard whose end was found at that moment, and which was active then. */
function upToDate(nowMs: number): ShardPoll {
  return answered(answered(undefined, some(nowMs, 0)), nothing(nowMs));
}

test("an unread shard is asked at once, and until five answers in a row had nothing", () => {
  expect(nextPoll(undefined, open)).toEqual({ atMs: 0, isSettled: false });
  let poll: ShardPoll | undefined;
  for (let at = 0; at < 4; at += 1) {
    poll = answered(poll, nothing(at));
    expect(nextPoll(poll, open).isSettled).toBe(false);
  }
  expect(nextPoll(answered(poll, nothing(4)), open)).toEqual({ atMs: 1_004, isSettled: true });
});

test("a backlog is asked for at once, page after page; what has only just happened is its end", () => {
  const old = answered(undefined, some(1_000_000, 60_000));
  expect(nextPoll(old, open)).toEqual({ atMs: 1_000_000, isSettled: false });
  expect(nextPoll(answered(old, some(1_000_100, 500)), open)).toEqual({ atMs: 1_001_100, isSettled: true });
  expect(nextPoll(answered(old, some(1_000_100, 500, true)), open)).toEqual({ atMs: 1_000_100, isSettled: false });
});

test("a shard that is up to date is asked once a flush, one that is idle for ten minutes seldom, and wakes with a record", () => {
  const poll = upToDate(0);
  expect(nextPoll(poll, open)).toEqual({ atMs: 1_000, isSettled: true });
  // The next round need not begin on the dot.
  expect(nextPoll(poll, { ...open, pace: { ...pace, roundMs: 900 } }).atMs).toBeLessThanOrEqual(900);
  const idle = answered(poll, nothing(600_000));
  expect(nextPoll(idle, open).atMs - 600_000).toBeGreaterThanOrEqual(5_000);
  expect(nextPoll(idle, open).atMs - 600_000).toBeLessThanOrEqual(6_000);
  expect(nextPoll(idle, { ...open, pace: { ...pace, flushMs: 60_000 } }).atMs).toBe(660_000);
  expect(nextPoll(answered(idle, some(606_000, 1_000)), open)).toEqual({ atMs: 607_000, isSettled: true });
});

test("a shard counts as up to date as of the first of five answers without a record", () => {
  let poll = answered(undefined, some(0, 0));
  const seen: (number | undefined)[] = [];
  for (let at = 1; at <= 12; at += 1) {
    poll = answered(poll, nothing(at * 100));
    seen.push(upToDateMs(poll));
  }
  const never = [undefined, undefined, undefined, undefined];
  expect(seen).toEqual([...never, 100, ...never, 600, undefined, undefined]);
});

test("a closed shard is asked until it tells its end, and never left alone before", () => {
  const poll = answered(upToDate(0), nothing(1));
  expect(nextPoll(poll, closed).isSettled).toBe(false);
  let tired = poll;
  for (let at = 0; at < 100; at += 1) tired = answered(tired, nothing(at));
  expect(nextPoll(tired, closed)).toEqual({ atMs: 99 + 1_600, isSettled: false });
});

test("who is refused waits longer each time, five seconds at most, and is forgiven by an answer", () => {
  let poll: ShardPoll | undefined;
  const waits: number[] = [];
  for (let at = 0; at < 9; at += 1) {
    poll = refused(poll, 0);
    waits.push(nextPoll(poll, open).atMs);
  }
  expect(waits).toEqual([75, 150, 300, 600, 1_200, 2_400, 3_750, 3_750, 3_750]);
  expect(answered(poll, nothing(10)).refused).toBe(0);
});

test("shards are listed once a minute; behind an end sooner, at first within a second, but not for ever", () => {
  expect(nextLookMs(undefined, "")).toBe(0);
  let look: ShardLook = looked(undefined, "", 0);
  expect(nextLookMs(look, "")).toBe(60_000);
  expect(nextLookMs(look, "a")).toBe(1_000);
  const waits: number[] = [];
  for (let at = 0; at < 8; at += 1) {
    look = looked(look, "a", 0);
    waits.push(nextLookMs(look, "a"));
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(nextLookMs(look, "a,b")).toBe(1_000);
});

test("whatever a shard answers, it is asked again: after one flush interval at the latest, or six seconds", () => {
  const answer = fc.record({
    records: fc.nat(3),
    isFull: fc.boolean(),
    ageMs: fc.nat(100_000),
    afterMs: fc.nat(900_000),
  });
  fc.assert(
    fc.property(
      fc.array(answer, { minLength: 1 }),
      fc.integer({ min: 100, max: 900_000 }),
      fc.boolean(),
      (answers, every, isClosed) => {
        let nowMs = 10_000_000;
        let poll: ShardPoll | undefined;
        for (const { records, isFull, ageMs, afterMs } of answers) {
          nowMs += afterMs;
          const newestMs = records === 0 ? undefined : nowMs - ageMs;
          poll = answered(poll, { records, isFull: isFull && records > 0, newestMs, nowMs });
          const next = nextPoll(poll, { pace: { flushMs: every, roundMs: 0 }, isClosed, random: () => 0 });
          expect(next.atMs).toBeGreaterThanOrEqual(nowMs);
          expect(next.atMs).toBeLessThanOrEqual(nowMs + Math.max(every, 6_000));
          // Who has nothing new is never asked again at once.
          if (records === 0) expect(next.atMs).toBeGreaterThanOrEqual(nowMs + 100);
        }
      },
    ),
  );
});
