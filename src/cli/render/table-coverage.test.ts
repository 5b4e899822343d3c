import { expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import type { TableCoverage } from "../../lake/index.ts";
import { ledgerOf } from "../../layers/index.ts";
import type { BatchRange, FileTally, SourcePart, Span } from "../../sources/index.ts";
import { paintFor } from "./paint.ts";
import { coverageJson, coverageText } from "./table-coverage.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;
const MINUTE = 60_000;

const batches = (first: number, last: number, rows: number): BatchRange => {
  return { first, last, count: last - first + 1, rows, firstMs: 0, lastMs: 0 };
};

function stream(epoch: number, [fromMs, toMs]: readonly [number, number], more: Partial<Span> = {}): Span {
  const at = { fromMs: NOW + fromMs * HOUR, toMs: NOW + toMs * HOUR };
  const own = { channel: "stream", kind: "changes", title: "stream", overlapMs: 5 * MINUTE } as const;
  return { ...own, epoch, ...at, batches: batches(10 * epoch, 10 * epoch + 4, 1_200), ...more };
}

function scan(epoch: number, hours: number, progress?: Span["progress"]): Span {
  const atMs = NOW + hours * HOUR;
  const own = { channel: "scan", kind: "snapshot", title: "scan", fromMs: undefined, overlapMs: 0 } as const;
  const toMs = progress === undefined ? atMs : undefined;
  return { ...own, epoch, atMs, toMs, batches: batches(5, 5, 90_000), ...(progress === undefined ? {} : { progress }) };
}

const owed = (hours: number): Required<Pick<Span, "owed">> => ({
  owed: {
    fromMs: NOW + hours * HOUR,
    keptMs: 24 * HOUR - 5 * MINUTE,
    parts: [
      { name: "shardId-1", state: "done", upToMs: undefined },
      { name: "shardId-2", state: "current", upToMs: NOW },
      { name: "shardId-3", state: "unread", upToMs: NOW + hours * HOUR },
    ],
  },
});

function coverage(spans: readonly Span[], more: Partial<TableCoverage> = {}): TableCoverage {
  const nothing = { silent: [], isCut: false, problem: undefined, unasked: undefined, next: undefined };
  return { table: "bronze.orders", source: "dynamodb orders", ledger: ledgerOf(spans, NOW), ...nothing, ...more };
}

function text(shown: TableCoverage): readonly string[] {
  return coverageText(shown, { paint: paintFor(false), nowMs: NOW }).split("\n");
}

test("a table's history is a line a stretch, with what lies between them and how it was filled", () => {
  const spans = [stream(1, [-20, -1], owed(-1)), scan(0, -70.5), stream(0, [-71, -45]), scan(1, -19.5)];
  expect(text(coverage(spans))).toEqual([
    "bronze.orders  dynamodb orders  covered up to 2026-01-31 11:00:00Z (60 min ago)",
    "  what       epoch  from                  to                    batches    rows",
    "  hand-over         the beginning         2026-01-28 13:00:00Z                   filled by the scan of 2026-01-28 13:30:00Z, which reaches 30 min beyond it (5 min are needed)",
    "  stream         0  2026-01-28 13:00:00Z  2026-01-29 15:00:00Z  0 … 4     1,200",
    "  scan           0  the beginning         2026-01-28 13:30:00Z  5        90,000",
    "  break             2026-01-29 15:00:00Z  2026-01-30 16:00:00Z                   filled by the scan of 2026-01-30 16:30:00Z, which reaches 30 min beyond it (5 min are needed)",
    "  stream         1  2026-01-30 16:00:00Z  2026-01-31 11:00:00Z  10 … 14   1,200  3 shards: 1 read to the end, 1 up to date, 1 not read yet",
    "  scan           1  the beginning         2026-01-30 16:30:00Z  5        90,000",
    "  unread changes are 1 h old at most (shard shardId-3); the source forgets them in 22 h 55 min",
    "",
  ]);
});

test("gaps are named, with what will fill them and what to do", () => {
  const next = "sluice run bronze.orders";
  const open = [stream(0, [-71, -45]), scan(0, -70.5), stream(1, [-20, -1], owed(-1))];
  expect(text(coverage(open, { next })).filter((line) => /gap|break|next/.test(line))).toEqual([
    "bronze.orders  dynamodb orders  has a gap",
    "  break             2026-01-29 15:00:00Z  2026-01-30 16:00:00Z                   open: needs a snapshot of 2026-01-30 16:05:00Z or later",
    "  next  sluice run bronze.orders",
  ]);
  const progress = { done: 3, of: 8, what: "segments" };
  const filling = text(coverage([...open, scan(1, -19.5, progress)], { next }));
  expect(filling.find((line) => line.includes("break"))).toMatch(/ the scan of 2026-01-30 16:30:00Z will fill it$/);
  expect(filling.find((line) => line.includes("scan           1"))).toMatch(/ – .* under way: 3 of 8 segments$/);
  const late = text(coverage([stream(0, [-71, -30], owed(-30)), scan(0, -70.5)]));
  expect(late.filter((line) => /gap|forg/.test(line))).toEqual([
    "bronze.orders  dynamodb orders  has a gap",
    "  forgotten         2026-01-30 06:00:00Z  2026-01-31 12:00:00Z                   nobody read it while the source kept it",
    "  unread changes are 1 d 6 h old at most (shard shardId-3); the source forgets them by now",
  ]);
});

test("what is not certain is not said to be covered", () => {
  const early = coverage([stream(0, [-10, -1]), scan(0, -9.95)]);
  expect(text(early)[0]).toBe("bronze.orders  dynamodb orders  is being loaded");
  expect(early.ledger?.coveredToMs).toBe(NOW - 9.95 * HOUR);
  const unasked = new SluiceError("source.unavailable", "Cannot describe the table");
  const silent = coverage([], { ledger: undefined, silent: ["files"], unasked });
  expect(text(silent)).toEqual([
    "bronze.orders  dynamodb orders  unknown",
    "  its files cannot tell what they cover",
    "  the source was not asked: Cannot describe the table (source.unavailable)",
    "",
  ]);
});

test("a Kinesis stream is shown shard by shard, and what it cannot tell is said", () => {
  const parts = [
    { name: "shardId-0", state: "done", upToMs: undefined, from: { text: "49546986683135544286507457936321625675700192471156785154", ms: NOW - 3 * HOUR }, to: { text: "49546986683135544286507457936754639466400688377178144770" } }, // prettier-ignore
    { name: "shardId-1", state: "current", upToMs: NOW - MINUTE, parents: ["shardId-0"] },
  ] as const;
  const limits = [{ kind: "sending", text: "nobody can tell whether it was switched off" }] as const;
  const kinesis = stream(0, [-4, -1], { channel: "kinesis", title: "Kinesis stream", parts, limits });
  const shown = coverage([kinesis, scan(0, -3.5)]);
  expect(text(shown).slice(5)).toEqual([
    "    shard      came from  state            first record                    last record  read up to",
    "    shardId-0  –          read to the end  2026-01-31 09:00:00Z …56785154  …78144770    its end",
    "    shardId-1  shardId-0  up to date       –                               –            2026-01-31 11:59:00Z",
    "  nobody can tell whether it was switched off",
    "",
  ]);
  expect(coverageJson(shown)).toMatchObject({
    verdict: "covered",
    readTo: null,
    limits: [{ channel: "kinesis", kind: "sending" }],
    spans: [
      {
        isProven: true,
        parts: [
          { name: "shardId-0", state: "done", from: { place: parts[0].from.text, at: "2026-01-31T09:00:00.000Z" }, to: { place: parts[0].to.text, at: null } }, // prettier-ignore
          { name: "shardId-1", upTo: "2026-01-31T11:59:00.000Z", parents: ["shardId-0"], from: null },
        ],
      },
      { channel: "scan", isProven: true, parts: null },
    ],
  });
});

test("files are shown by the hours that follow each other, with those that have none and what never came", () => {
  const files = (count: number, hours: number): FileTally => {
    const [firstMs, lastMs] = [NOW + hours * HOUR, NOW + hours * HOUR + 10 * MINUTE];
    return { files: count, records: 9, rows: 8, quarantined: 1, firstMs, lastMs, oldestMs: undefined, newestMs: undefined }; // prettier-ignore
  };
  const read = (name: string, hours: number): SourcePart => ({ name, state: "read", upToMs: undefined, files: files(2, hours) }); // prettier-ignore
  const parts = [read("2026-01-31T05", -6), read("2026-01-31T06", -5), { name: "2026-01-31T07 … 2026-01-31T08", state: "empty", upToMs: undefined } as const, read("2026-01-31T09", -2)]; // prettier-ignore
  const missing = [{ kind: "failed", what: "errors/a and 2 more", toMs: NOW - HOUR, neededMs: NOW - HOUR, advice: "Deliver them again" }] as const; // prettier-ignore
  const own = { channel: "firehose", title: "files of Firehose", isUnproven: true, parts, missing };
  const shown = coverage([stream(0, [-7, -1], own), scan(0, -6.5)]);
  expect(text(shown)).toEqual([
    "bronze.orders  dynamodb orders  has a gap",
    "  what               epoch  from                  to                    batches    rows",
    "  hand-over                 the beginning         2026-01-31 05:00:00Z                   filled by the scan of 2026-01-31 05:30:00Z, which reaches 30 min beyond it (5 min are needed)",
    "  files of Firehose      0  2026-01-31 05:00:00Z  2026-01-31 11:00:00Z  0 … 4     1,200",
    "  scan                   0  the beginning         2026-01-31 05:30:00Z  5        90,000",
    "  failed                                          2026-01-31 11:00:00Z                   errors/a and 2 more: the source could not deliver it",
    "    files of                       files  rows  set aside  written from          to",
    "    2026-01-31T05 … 2026-01-31T06      4    16          2  2026-01-31 06:00:00Z  2026-01-31 07:10:00Z",
    "    2026-01-31T07 … 2026-01-31T08   none",
    "    2026-01-31T09                      2     8          1  2026-01-31 10:00:00Z  2026-01-31 10:10:00Z",
    "",
  ]);
  const whole = coverage([stream(0, [-7, -1], { ...own, missing: [] }), scan(0, -6.5)]);
  expect(text(whole)[0]).toBe(
    "bronze.orders  dynamodb orders  covered up to 2026-01-31 05:30:00Z (6 h ago), read up to 2026-01-31 11:00:00Z (60 min ago), without proof that nothing is missing",
  );
  expect(coverageJson(shown)).toMatchObject({
    verdict: "gap",
    coveredTo: "2026-01-31T05:30:00.000Z",
    readTo: "2026-01-31T11:00:00.000Z",
    holes: [
      { kind: "start", what: null },
      { kind: "failed", what: "errors/a and 2 more" },
    ],
    spans: [{ isProven: false, parts: [{ name: "2026-01-31T05", files: { count: 2, rows: 8, quarantined: 1 } }, {}, { state: "empty", files: null }, {}] }, {}], // prettier-ignore
  });
});

test("changes by an index are shown window by window, and that deletes are not among them", () => {
  const parts = [
    { name: "s0", state: "current", upToMs: NOW, overlapMs: 5 * MINUTE, from: { text: "1769850000" }, to: { text: "1769860000", ms: NOW - HOUR }, window: { text: "1769859700" } }, // prettier-ignore
    { name: "s1", state: "unread", upToMs: undefined, overlapMs: 5 * MINUTE },
  ] as const;
  const limits = [{ kind: "deletes", text: "the index tells of no delete" }] as const;
  const own = { channel: "incremental", title: "changes by index", isUnproven: true, overlapMs: 0, parts, limits };
  const shown = coverage([stream(0, [-4, -1], own), scan(0, -4)]);
  expect(text(shown).slice(5)).toEqual([
    "    partition  state         from           to          newest reading from  overlap",
    "    s0         up to date    1769850000     1769860000  1769859700           5 min",
    "    s1         not read yet  the beginning  –           the beginning        5 min",
    "  the index tells of no delete",
    "",
  ]);
  expect(coverageJson(shown)).toMatchObject({
    limits: [{ channel: "incremental", kind: "deletes" }],
    spans: [{ isProven: false, parts: [{ window: { place: "1769859700", at: null }, overlapMs: 300_000, to: { at: "2026-01-31T11:00:00.000Z" } }, {}] }, {}], // prettier-ignore
  });
});

test("programs are told the same", () => {
  const problem = new SluiceError("source.gap", "Cannot go on: the exports leave a hole");
  expect(coverageJson(coverage([stream(0, [-71, -1], owed(-1)), scan(0, -70.5)], { problem }))).toMatchObject({
    table: "bronze.orders",
    verdict: "gap",
    coveredTo: "2026-01-31T11:00:00.000Z",
    spans: [
      { channel: "stream", kind: "changes", epoch: 0, batches: { first: 0, last: 4, count: 5, rows: 1_200 } },
      { channel: "scan", kind: "snapshot", at: "2026-01-28T13:30:00.000Z" },
    ],
    holes: [{ kind: "start", from: null, filledBy: { channel: "scan", epoch: 0 } }],
    unread: { from: "2026-01-31T11:00:00.000Z", forgottenAt: "2026-02-01T10:55:00.000Z" },
    error: { code: "source.gap" },
  });
});
