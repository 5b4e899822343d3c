import { expect, test } from "vitest";
import type { ObjectInfo } from "../../../storage/index.ts";
import type { ChannelEpoch, FileTally } from "../../span.ts";
import { deliverySpans, hourOfFile } from "./delivery-spans.ts";
import { failedAfter } from "./failed-files.ts";
import { encodeDeliveries, type DeliveryMemory } from "./memory.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

function tally(files: number, hours: number): FileTally {
  const lastMs = NOW + hours * HOUR;
  return { files, records: files, rows: files, quarantined: 0, firstMs: lastMs, lastMs, oldestMs: undefined, newestMs: undefined }; // prettier-ignore
}

interface Kept extends Partial<DeliveryMemory> {
  readonly hours: Readonly<Record<string, FileTally>>;
}

function epochOf(number: number, { hours, ...more }: Kept): ChannelEpoch {
  const memory: DeliveryMemory = { format: 1, epoch: number, sinceMs: NOW - 9 * HOUR, wholeMs: NOW, newest: "", series: [], groups: {}, ...more }; // prettier-ignore
  const batches = { first: number, last: number, count: 1, rows: 10, firstMs: number, lastMs: number };
  return { epoch: number, end: encodeDeliveries(memory), batches, files: new Map(Object.entries(hours)) };
}

test.each([
  ["2026/03/09/10/orders-1-a", "2026-03-09T10"],
  ["p/year=2026/month=03/day=09/hour=00/x.json", "2026-03-09T00"],
  ["p/dt=2026-03-09/x.gz", "2026-03-09"],
  ["flat", "no time in the path"],
])("the prefix of %s tells the hour or the day", (path, hour) => {
  expect(hourOfFile({ path })).toBe(hour);
});

test("hours without a file are named between those that have one, and nothing is proven", () => {
  const hours = { "2026-01-31T04": tally(2, -7), "2026-01-31T05": tally(1, -6), "2026-01-31T07": tally(1, -4), "2026-01-31T10": tally(3, -1), "2026-01-31": tally(1, -5), "no time in the path": tally(1, -8) }; // prettier-ignore
  const [span] = deliverySpans({ epochs: [epochOf(0, { hours })] });
  expect(span).toMatchObject({ isUnproven: true, fromMs: NOW - 9 * HOUR, toMs: NOW - HOUR, limits: [{ kind: "missing-files" }], missing: [] }); // prettier-ignore
  expect(span?.parts?.map(({ name, state, files }) => [name, state, files?.files])).toEqual([
    ["2026-01-31", "read", 1],
    ["2026-01-31T04", "read", 2],
    ["2026-01-31T05", "read", 1],
    ["2026-01-31T06", "empty", undefined],
    ["2026-01-31T07", "read", 1],
    ["2026-01-31T08 … 2026-01-31T09", "empty", undefined],
    ["2026-01-31T10", "read", 3],
    ["no time in the path", "read", 1],
  ]);
});

test("files follow the epochs of what is read beside them, and are one stretch until the filter is another one", () => {
  const one = epochOf(0, { hours: { "2026-01-31T04": tally(2, -7) } });
  const other = epochOf(1, { hours: { "2026-01-31T04": tally(1, -3), "2026-01-31T05": tally(1, -6) } });
  const spans = deliverySpans({ epochs: [one, other] });
  expect(spans).toMatchObject([{ epoch: 1, isRedefined: true, toMs: NOW - 3 * HOUR, batches: { first: 0, last: 1, count: 2, rows: 20 } }]); // prettier-ignore
  expect(spans[0]?.parts?.map(({ files }) => [files?.files, files?.firstMs])).toEqual([
    [3, NOW - 7 * HOUR],
    [1, NOW - 6 * HOUR],
  ]);
  const filtered = epochOf(2, { hours: {}, sinceMs: NOW - HOUR, filter: "x" });
  expect(deliverySpans({ epochs: [one, filtered] }).map(({ fromMs }) => fromMs)).toEqual([NOW - 9 * HOUR, NOW - HOUR]);
});

test("what Firehose could not process is missing, by its path", () => {
  const failed = { "20260130": [1, NOW - 30 * HOUR, "errors/2026/01/30/a"], "20260131": [3, NOW - HOUR, "errors/2026/01/31/b"] } as const; // prettier-ignore
  const [span] = deliverySpans({ epochs: [epochOf(0, { hours: {}, failed })] });
  expect(span?.missing).toMatchObject([
    { kind: "failed", what: "errors/2026/01/30/a", toMs: NOW - 30 * HOUR },
    { kind: "failed", what: "errors/2026/01/31/b and 2 more", neededMs: NOW - HOUR + 5 * 60_000 },
  ]);
});

function file(path: string, modifiedMs: number): ObjectInfo {
  return { path, modifiedMs, sizeBytes: 1 };
}

test("files of what could not be processed are remembered by day, those of days that were not listed too", () => {
  const first = file("e/2026/01/31/b", 2);
  const listed = [file("e/2026/01/29/a", 1), first, file("e/2026/01/31/c", 3), file("e/x", 4)];
  const all = failedAfter(undefined, listed, undefined);
  expect(all).toEqual({ "20260129": [1, 1, "e/2026/01/29/a"], "20260131": [2, 3, "e/2026/01/31/b"], "": [1, 4, "e/x"] }); // prettier-ignore
  // The second one was removed, and the first day was not listed.
  expect(failedAfter(all, [first], "20260130")).toEqual({
    "20260129": [1, 1, "e/2026/01/29/a"],
    "20260131": [1, 2, "e/2026/01/31/b"],
  });
  expect(failedAfter(all, [], undefined)).toBeUndefined();
});
