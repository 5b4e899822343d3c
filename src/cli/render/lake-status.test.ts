import { expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import type { LakeStatus, PlannedStep, TableStatus } from "../../lake/index.ts";
import { statusJson, statusText } from "./lake-status.ts";
import { paintFor } from "./paint.ts";

const NOW = Date.UTC(2026, 0, 31, 12);

function table(name: TableStatus["table"], more: Partial<TableStatus> = {}): TableStatus {
  return {
    table: name,
    layer: name.startsWith("gold") ? "gold" : "silver",
    version: 4,
    committedMs: NOW - 180_000,
    size: { files: 2, sizeBytes: 45_000_000, rows: 431_818, deletedRows: 0 },
    newestEventMs: NOW - 7_200_000,
    plan: {
      table: name,
      step: { kind: "nothing" },
      waiting: [],
      skipped: [],
      problem: undefined,
      publishesTo: undefined,
    },
    lastRun: undefined,
    problem: undefined,
    ...more,
  };
}

const step = (name: TableStatus["table"], kind: NonNullable<TableStatus["plan"]>["step"]): TableStatus =>
  table(name, {
    plan: { table: name, step: kind, waiting: [], skipped: [], problem: undefined, publishesTo: undefined },
  });

const STATUS: LakeStatus = {
  tables: [
    table("silver.a", {
      lastRun: { run: "r", outcome: "changed", startedMs: NOW, score: 0.98433, errorCode: undefined },
      target: { target: "dynamodb a", version: 4, isCurrent: true },
    }),
    step("silver.b", { kind: "fold", from: 3, to: 4, because: [] }),
    step("silver.c", { kind: "rebuild" }),
    table("silver.d", { problem: new SluiceError("table.corrupt", "Cannot read the table") }),
    table("gold.e", { version: undefined, committedMs: undefined, size: undefined, newestEventMs: undefined }),
    table("gold.f", {
      target: { target: "dynamodb daily", version: 1, isCurrent: false },
      newestEventMs: undefined,
      lastRun: { run: "r", outcome: "failed", startedMs: NOW, score: undefined, errorCode: "quality.failed" },
    }),
  ],
  runs: [{ run: "20260131T115700Z-x", startedMs: NOW - 180_000, elapsedMs: 6_300, changed: 2, failed: 1, rows: 5_000 }],
};

test("status is one line a table, then the last runs", () => {
  expect(statusText(STATUS, { paint: paintFor(false), nowMs: NOW })).toBe(
    [
      "table     version     rows     size  committed  newest change                   quality  state",
      "silver.a        4  431,818  45.0 MB  3 min ago  2026-01-31 10:00:00Z (2 h ago)  98.43 %  up to date",
      "silver.b        4  431,818  45.0 MB  3 min ago  2026-01-31 10:00:00Z (2 h ago)           2 versions behind",
      "silver.c        4  431,818  45.0 MB  3 min ago  2026-01-31 10:00:00Z (2 h ago)           needs a rebuild",
      "silver.d        4  431,818  45.0 MB  3 min ago  2026-01-31 10:00:00Z (2 h ago)           stopped: table.corrupt",
      "gold.e          –        –        –  –          –                                        empty",
      "gold.f          4  431,818  45.0 MB  3 min ago  –                                        failed: quality.failed",
      "",
      "Targets",
      "  table     target          published  state",
      "  silver.a  dynamodb a              4  up to date",
      "  gold.f    dynamodb daily          1  3 versions behind",
      "",
      "Last runs that did something",
      "  run                 started                           worked  rows read  tables",
      "  20260131T115700Z-x  2026-01-31 11:57:00Z (3 min ago)   6.3 s      5,000  2 changed, 1 failed",
      "",
    ].join("\n"),
  );
});

test("a table that differs from its source says so, and how it was compared last", () => {
  const found = { startedMs: NOW - 7_200_000, version: 118, verdict: "equal", missing: 0, extra: 0, different: 0 };
  const status: LakeStatus = {
    tables: [
      table("bronze.a", { reconciled: found }),
      table("bronze.b", { reconciled: { ...found, verdict: "different", missing: 1_200, extra: 1 } }),
      table("bronze.c"),
    ],
    runs: [],
  };
  const text = statusText(status, { paint: paintFor(false), nowMs: NOW });
  expect(text).toMatch(/^bronze\.b .* differs from the source$/m);
  expect(text).toMatch(/^bronze\.a .* up to date$/m);
  expect(text.split("\n\n").at(-1)).toBe(
    [
      "Compared with their sources",
      "  table     compared                        version  outcome",
      "  bronze.a  2026-01-31 10:00:00Z (2 h ago)      118  equal",
      "  bronze.b  2026-01-31 10:00:00Z (2 h ago)      118  1,200 missing, 1 extra, 0 different",
      "",
    ].join("\n"),
  );
  expect(statusJson(status)).toMatchObject({
    tables: [
      { reconciled: { startedAt: "2026-01-31T10:00:00.000Z", verdict: "equal", version: 118 } },
      { reconciled: { verdict: "different", missing: 1_200, extra: 1, different: 0 } },
      { reconciled: null },
    ],
  });
});

test("status says the same to programs", () => {
  expect(statusJson(STATUS)).toMatchObject({
    tables: [
      {
        table: "silver.a",
        version: 4,
        rows: 431_818,
        lag: null,
        lastRun: { score: 0.98433 },
        target: { name: "dynamodb a", version: 4, isCurrent: true, versionsBehind: null },
        error: null,
      },
      { lag: { versions: 2 }, next: "fold" },
      { next: "rebuild" },
      { error: { code: "table.corrupt" } },
      { version: null, committedAt: null, rows: null, newestChangeAt: null },
      {
        lastRun: { outcome: "failed", errorCode: "quality.failed" },
        target: { name: "dynamodb daily", versionsBehind: 3 },
      },
    ],
    runs: [{ startedAt: "2026-01-31T11:57:00.000Z", rowsRead: 5_000, failed: 1 }],
  });
});

function reads(records: number): PlannedStep {
  return { kind: "read", batches: [{ title: "stream", files: 0, records, sizeBytes: 0 }] };
}

test("a table that goes with a stream is told apart from one that has something to do", () => {
  const because = ["this run changes bronze.a"];
  const tables = [
    step("bronze.a", reads(0)),
    step("bronze.b", reads(7)),
    step("silver.a", { kind: "fold", from: 5, to: undefined, because, follows: true }),
    step("silver.b", { kind: "fold", from: 5, to: undefined, because }),
    step("gold.a", { kind: "refresh", because, follows: true }),
  ];
  const lines = statusText({ tables, runs: [] }, { paint: paintFor(false), nowMs: NOW }).split("\n");
  expect(lines.slice(1, 6).map((line) => line.replace(/.*ago\) +/, ""))).toEqual([
    "follows its source",
    "7 records to read",
    "follows its input",
    "input has news",
    "follows its input",
  ]);
});
