import { expect, test } from "vitest";
import { byteSize, counted, duration, moment, percent, perSecond, relativeTime, thousands } from "./amounts.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

test.each([
  [thousands(0), "0"],
  [thousands(1234567), "1,234,567"],
  [thousands(-1234), "-1,234"],
  [thousands(12345678901234567890n), "12,345,678,901,234,567,890"],
  [counted(1, "row"), "1 row"],
  [counted(2000, "row"), "2,000 rows"],
  [counted(2, "batch", "batches"), "2 batches"],
  [byteSize(0), "0 B"],
  [byteSize(999), "999 B"],
  [byteSize(1000), "1.0 kB"],
  [byteSize(999_600), "1.0 MB"],
  [byteSize(123_456_789), "123 MB"],
  [byteSize(5e15), "5.0 PB"],
  [duration(0.4), "0 ms"],
  [duration(999), "999 ms"],
  [duration(999.6), "1.0 s"],
  [duration(59_940), "59.9 s"],
  [duration(59_960), "1 min"],
  [duration(190_000), "3 min 10 s"],
  [duration(2 * HOUR + 5 * MIN), "2 h 5 min"],
  [duration(3 * DAY + 4 * HOUR), "3 d 4 h"],
  [relativeTime(NOW - 1_000, NOW), "just now"],
  [relativeTime(NOW - 90_000, NOW), "90 s ago"],
  [relativeTime(NOW - 150_000, NOW), "2 min ago"],
  [relativeTime(NOW + 3 * HOUR, NOW), "in 3 h"],
  [relativeTime(NOW - 40 * DAY, NOW), "40 d ago"],
  [relativeTime(NOW - 5460 * DAY, NOW), "14 y ago"],
  [moment(NOW - 150_000, NOW), "2026-01-31 11:57:30Z (2 min ago)"],
  [percent(1), "100 %"],
  [percent(0.99999), "99.99 %"],
  [percent(0.5), "50 %"],
  [percent(0), "0 %"],
  [perSecond(10, 2000), "5.0/s"],
  [perSecond(123_456, 1000), "123,000/s"],
  [perSecond(5, 0), ""],
])("%s", (shown, expected) => {
  expect(shown).toBe(expected);
});
