import { expect, test } from "vitest";
import type { ChannelEpoch } from "../../span.ts";
import { encodeIncrements, markOf, type IncrementState } from "./increment-state.ts";
import { incrementSpans } from "./increment-spans.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const place = { index: "by-change", attribute: "changed", partitions: ['{"S":"s0"}', '{"S":"s1"}'] };
const settings = { ...place, overlapMs: 5 * MINUTE, hasScan: true };

function time(minutes: number): { readonly tag: "S"; readonly text: string } {
  return { tag: "S", text: new Date(NOW + minutes * MINUTE).toISOString().slice(0, 19) };
}

function state(parts: IncrementState["parts"], more: Partial<IncrementState> = {}): IncrementState {
  const sinceMs = NOW - 600 * MINUTE;
  return { format: 1, tableId: "t", epoch: 0, mark: markOf(place), sinceMs, startedMs: NOW, parts, seen: [], ...more };
}

function epochOf(kept: IncrementState): ChannelEpoch {
  const batches = { first: 0, last: 0, count: 1, rows: 1, firstMs: NOW - 300 * MINUTE, lastMs: NOW };
  return { epoch: kept.epoch, end: encodeIncrements(kept), batches };
}

test("a round that is through has read up to its beginning less the overlap, window by window, and no delete", () => {
  const parts = [{ first: time(-605), since: time(-35), high: time(-2), isDone: true }, { isDone: true }] as const;
  const [span] = incrementSpans({ epochs: [epochOf(state(parts))] }, settings);
  expect(span).toMatchObject({
    isUnproven: true,
    isRedefined: true,
    fromMs: NOW - 600 * MINUTE,
    toMs: NOW - 5 * MINUTE,
  });
  expect(span?.parts).toEqual([
    { name: "s0", state: "current", upToMs: NOW - 2 * MINUTE, overlapMs: 5 * MINUTE, from: { text: time(-605).text, ms: NOW - 605 * MINUTE }, window: { text: time(-35).text, ms: NOW - 35 * MINUTE }, to: { text: time(-2).text, ms: NOW - 2 * MINUTE } }, // prettier-ignore
    { name: "s1", state: "current", upToMs: undefined, overlapMs: 5 * MINUTE },
  ]);
  expect(span?.limits?.map(({ kind }) => kind)).toEqual(["deletes", "unindexed", "overlap"]);
  expect(span?.limits?.[0]?.text).toMatch(/goes with the next scan/);
  const [alone] = incrementSpans({ epochs: [epochOf(state(parts))] }, { ...settings, hasScan: false });
  expect(alone?.limits?.[0]?.text).toMatch(/nobody finds deletes/);
});

test("a round that is under way has read up to where it began", () => {
  const parts = [{ since: time(-35), high: time(-2), isDone: true }, { since: time(-90), high: time(-60), after: "{}" }] as const; // prettier-ignore
  const [span] = incrementSpans({ epochs: [epochOf(state(parts))] }, settings);
  expect(span?.toMs).toBe(NOW - 90 * MINUTE);
  expect(span?.parts?.[1]?.state).toBe("behind");
  // The whole index is read for the first time.
  const first = state([{ high: time(-60), after: "{}" }], { sinceMs: 0 });
  expect(incrementSpans({ epochs: [epochOf(first)] }, settings)[0]).toMatchObject({
    fromMs: undefined,
    toMs: undefined,
  });
});

test("what an older version began counts from its first batch on", () => {
  const { sinceMs: _unknown, ...older } = state([{ isDone: true }]);
  expect(incrementSpans({ epochs: [epochOf(older)] }, settings)[0]?.fromMs).toBe(NOW - 300 * MINUTE);
});

test("another table of the name is a break, another filter is not; places of another index have no names", () => {
  const first = epochOf(state([]));
  const breaks = (more: Partial<IncrementState>): readonly unknown[] =>
    incrementSpans({ epochs: [first, epochOf(state([{}], { epoch: 1, ...more }))] }, settings).map(({ isRedefined = false }) => isRedefined); // prettier-ignore
  expect(breaks({ tableId: "other" })).toEqual([true, false]);
  expect(breaks({ filter: "x" })).toEqual([true, true]);
  const other = epochOf(state([{}], { mark: "other" }));
  expect(incrementSpans({ epochs: [other] }, settings)[0]?.parts?.[0]?.name).toBe("partition 1");
});
