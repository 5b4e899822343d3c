import { expect, test } from "vitest";
import type { ChannelEpoch, FileTally } from "../../span.ts";
import { dmsSpans, kindOfFile } from "./dms-spans.ts";
import { encodeMemory } from "./memory.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;

/** Files that were written from one minute to another; of changes with their commit times a minute before. */
function tally(from: number, to: number, isTimed = false): FileTally {
  const [firstMs, lastMs] = [NOW + from * MINUTE, NOW + to * MINUTE];
  const [oldestMs, newestMs] = isTimed ? [firstMs - MINUTE, lastMs - MINUTE] : [undefined, undefined];
  return { files: 1, records: 2, rows: 2, quarantined: 0, firstMs, lastMs, oldestMs, newestMs };
}

function epochOf(epoch: number, files: Readonly<Record<string, FileTally>>, isLoading = false): ChannelEpoch {
  const batches = { first: epoch, last: epoch, count: 1, rows: 4, firstMs: 0, lastMs: 0 };
  const end = encodeMemory({ format: 1, epoch, loadedMs: 1, isLoading, groups: {} });
  return { epoch, end, batches, files: new Map(Object.entries(files)) };
}

test.each([
  ["shop/orders/LOAD0000000A.csv.gz", 1, "load 10"],
  ["shop/orders/SEGMENT1_LOAD00000001.csv", 1, "load segment"],
  ["shop/orders/2026/03/01/20260301-001000123.parquet", 1, "files of changes"],
  ["cdc/CDC_TXN-20260301101112123.csv", 1, "files of transactions"],
  ["cdc/CDC_TXN-20260301101112123.csv", 0, "transactions of other tables"],
])("%s with %i rows of the table is one of: %s", (path, rows, kind) => {
  expect(kindOfFile({ path, rows })).toBe(kind);
});

test("a load is whole once changes have come behind it, which reach from the oldest commit to the newest", () => {
  const files = { "load 1": tally(-60, -60), "load 2": tally(-50, -50), "files of changes": tally(-40, -10, true) };
  const [load, changes] = dmsSpans({ epochs: [epochOf(0, files)] });
  const own = { isUnproven: true, epoch: 0 };
  expect(load).toMatchObject({ ...own, kind: "snapshot", atMs: NOW - 60 * MINUTE, toMs: NOW - 60 * MINUTE, missing: [], limits: [{ kind: "load-begin" }], batches: { rows: 4 } }); // prettier-ignore
  expect(changes).toMatchObject({ ...own, kind: "changes", fromMs: NOW - 60 * MINUTE, toMs: NOW - 11 * MINUTE, limits: [{ kind: "missing-files" }] }); // prettier-ignore
  expect(changes?.parts).toMatchObject([{ name: "files of changes", from: { ms: NOW - 41 * MINUTE }, to: { ms: NOW - 11 * MINUTE } }]); // prettier-ignore
});

test("without changes of the table behind it nobody knows whether a load has ended", () => {
  const others = {
    "load 1": tally(-60, -60),
    "load 3": tally(-50, -50),
    "transactions of other tables": tally(-40, -10),
  };
  const [load] = dmsSpans({ epochs: [epochOf(0, others)] });
  expect(load).toMatchObject({ toMs: NOW - 60 * MINUTE, limits: [{ kind: "load-begin" }, { kind: "load-end" }] });
  // A file of it may be under way.
  expect(load?.missing).toBeUndefined();
  const [reload] = dmsSpans({ epochs: [epochOf(1, { "load 1": tally(-5, -5) }, true)] });
  expect(reload).toMatchObject({ toMs: undefined, atMs: NOW - 5 * MINUTE, progress: { done: 1, what: "files" } });
});

test("a number that was left out of a load that has ended is missing, also the hexadecimal ones", () => {
  const numbers = [1, 2, 4, 5, 6, 7, 8, 9, 11].map((number) => [`load ${number}`, tally(-60, -50)] as const);
  const files = { ...Object.fromEntries(numbers), "files of changes": tally(-40, -10, true) };
  expect(dmsSpans({ epochs: [epochOf(0, files)] })[0]?.missing).toMatchObject([
    { kind: "missing", what: "LOAD00000003, LOAD0000000A of the full load", toMs: NOW - 50 * MINUTE },
  ]);
});

test("changes without a load begin with their oldest commit; late files of an earlier load belong to it", () => {
  const alone = dmsSpans({ epochs: [epochOf(0, { "files of changes": tally(-40, -10, true) })] });
  expect(alone).toMatchObject([{ kind: "changes", fromMs: NOW - 41 * MINUTE, toMs: NOW - 11 * MINUTE }]);
  // Without a column of commit times, files have those at which they were written.
  expect(dmsSpans({ epochs: [epochOf(0, { "files of changes": tally(-40, -10) })] })).toMatchObject([
    { fromMs: NOW - 40 * MINUTE, toMs: NOW - 10 * MINUTE },
  ]);
  const first = epochOf(0, { "load 1": tally(-90, -90), "files of changes": tally(-80, -70, true) });
  const second = epochOf(1, { "load 1": tally(-60, -60), "files of changes": tally(-50, -10, true) });
  const late = epochOf(0, { "files of changes": tally(-62, -62, true) });
  const spans = dmsSpans({ epochs: [first, second, late] });
  expect(spans.map(({ epoch, kind, batches }) => [epoch, kind, batches?.rows])).toEqual([
    [0, "snapshot", 2],
    [0, "changes", 4],
    [1, "snapshot", 2],
    [1, "changes", 2],
  ]);
  expect(spans.map(({ limits = [] }) => limits.length)).toEqual([0, 0, 1, 1]);
});
