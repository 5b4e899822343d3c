import fc from "fast-check";
import { expect, test } from "vitest";
import { reconcileAgainMs, reconcileDueMs } from "./reconcile-due.ts";

const DAY_MS = 86_400_000;

test("what was never compared is due, and what was, so long after that began", () => {
  expect(reconcileDueMs({ lastMs: undefined, everyMs: DAY_MS, nowMs: 5 })).toBe(5);
  const lastMs = 40 * DAY_MS;
  for (const nowMs of [lastMs, lastMs + DAY_MS - 1, lastMs + DAY_MS, lastMs + 9 * DAY_MS]) {
    expect(reconcileDueMs({ lastMs, everyMs: DAY_MS, nowMs })).toBe(lastMs + DAY_MS);
  }
});

test("it is due within twice the time, whatever clock the last one was recorded by", () => {
  const ms = fc.integer({ min: 1, max: 400 * DAY_MS });
  fc.assert(
    fc.property(ms, ms, ms, (lastMs, everyMs, nowMs) => {
      expect(reconcileDueMs({ lastMs, everyMs, nowMs })).toBeLessThanOrEqual(nowMs + 2 * everyMs);
    }),
  );
});

const minutes = (everyMs: number) =>
  Array.from({ length: 12 }, (_, at) => Math.round(reconcileAgainMs(at + 1, everyMs, () => 1) / 60_000));

test("what failed is tried again more and more seldom, and not more seldom than it is due", () => {
  expect(minutes(DAY_MS)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
  expect(minutes(600_000)).toEqual([1, 2, 4, 8, 10, 10, 10, 10, 10, 10, 10, 10]);
  expect(reconcileAgainMs(1, DAY_MS, () => 0)).toBe(30_000);
  expect(reconcileAgainMs(10_000, DAY_MS, () => 1)).toBe(6 * 3_600_000);
});
