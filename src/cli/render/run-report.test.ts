import { describe, expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import { exitCodeOf, type RunReport, type TableReport } from "../../orchestration/index.ts";
import { paintFor } from "./paint.ts";
import { runReportJson, runReportText, runSummary } from "./run-report.ts";

const paint = paintFor(false);

function table(name: TableReport["table"], more: Partial<TableReport> = {}): TableReport {
  return {
    table: name,
    outcome: "unchanged",
    version: undefined,
    rows: 0,
    quarantined: 0,
    verdict: undefined,
    waiting: [],
    skipped: [],
    error: undefined,
    elapsedMs: 0,
    ...more,
  };
}

const report = (...tables: readonly TableReport[]): RunReport => ({
  run: "20260131T120000Z-1a2b3c4d",
  startedMs: Date.UTC(2026, 0, 31, 12),
  endedMs: Date.UTC(2026, 0, 31, 12, 0, 4),
  tables,
  publications: [],
  compactions: [],
});

const COMPARED = {
  table: "bronze.orders",
  startedMs: Date.UTC(2026, 0, 31, 12),
  elapsedMs: 4_200,
  version: 12,
  verdict: "different",
  sourceRecords: 12,
  lakeRecords: 11,
  buckets: 4_096,
  bucketsDifferent: 1,
  candidates: 1,
  missing: 1,
  extra: 0,
  different: 0,
  moving: 0,
  unchecked: 0,
  isCaughtUp: true,
  keys: [{ key: "S:o-1", what: "missing", attributes: [] }],
  silver: [],
} as const;

const MIXED = report(
  table("bronze.orders", { outcome: "changed", version: 12, rows: 210_585, quarantined: 3, elapsedMs: 4_200 }),
  table("silver.orders", {
    outcome: "changed",
    version: 13,
    rows: 210_585,
    verdict: {
      judged: 1_000,
      passed: 990,
      score: 0.99,
      violations: { positive: 10, named: 0 },
      failures: [],
    },
    elapsedMs: 2_100,
  }),
  table("silver.people", { outcome: "failed", error: new SluiceError("source.gap", "Cannot go on: a hole") }),
  table("gold.sales", { outcome: "blocked", waiting: [{ what: "01", why: "still running" }] }),
);

describe("a run's report", () => {
  test("has what tables are compared with, and its exit code says that one differs, unless something failed", () => {
    const name = "bronze.orders" as const;
    const compared = { table: name, outcome: "compared" as const, report: COMPARED };
    const error = new SluiceError("source.denied", "Cannot scan the table");
    const failed = { table: "bronze.people" as const, outcome: "failed" as const, error };
    const nothing = { ...report(table(name)), comparisons: [compared, failed] };
    expect(runReportText(nothing, { paint })).toMatch(
      /^Nothing new.*\n\nbronze\.orders version 12 differs from the source/,
    );
    expect(runReportJson(nothing, 4)["comparisons"]).toMatchObject([
      { table: "bronze.orders", verdict: "different", missing: 1, error: null },
      { table: "bronze.people", verdict: null, error: { code: "source.denied" } },
    ]);
    expect(exitCodeOf(nothing)).toBe(4);
    expect(exitCodeOf({ ...nothing, comparisons: [failed] })).toBe(0);
    expect(exitCodeOf({ ...MIXED, comparisons: [compared] })).toBe(5);
  });

  test("is one line where nothing was new, and what waits", () => {
    const waiting = [{ what: "AWSDynamoDB/01", why: "the export is still running" }];
    expect(runReportText(report(table("bronze.orders", { waiting }), table("gold.sales")), { paint })).toBe(
      "Nothing new: 2 tables up to date\n\nWaiting\n" +
        "  table          what            why\n  bronze.orders  AWSDynamoDB/01  the export is still running\n",
    );
  });

  test("is one line a table otherwise, with broken rules below", () => {
    expect(runReportText(MIXED, { paint })).toBe(
      [
        "table          outcome  version     rows  quarantined  quality   took",
        "bronze.orders  changed       12  210,585            3           4.2 s",
        "silver.orders  changed       13  210,585                  99 %  2.1 s",
        "silver.people  failed                  0                         0 ms",
        "gold.sales     blocked",
        "",
        "Rules",
        "  table          rule      rows that broke it",
        "  silver.orders  positive         10 of 1,000",
        "",
        "Waiting",
        "  table       what  why",
        "  gold.sales  01    still running",
        "",
      ].join("\n"),
    );
    expect(runSummary(MIXED)).toBe("2 changed, 1 failed, 1 blocked · 4.0 s · run 20260131T120000Z-1a2b3c4d");
  });

  test("tells in a line what became of small files", () => {
    const metrics = {
      filesRemoved: 12,
      filesAdded: 1,
      bytesRemoved: 1_300_000,
      bytesAdded: 1_200_000,
      partitions: 1,
      vectorsFolded: 2,
      rowsFolded: 7,
      filesLeft: 0,
    };
    const error = new SluiceError("storage.full", "Cannot write to the disk");
    const compactions = [
      { kind: "done", table: "silver.orders", version: 14, metrics },
      { kind: "failed", table: "quarantine.silver_orders", of: "silver.orders", error },
    ] as const;
    const tidied = { ...report(table("silver.orders", { outcome: "changed", version: 13 })), compactions };
    expect(runReportText(tidied, { paint }).split("\n").slice(2)).toEqual([
      "",
      "Small files put together: silver.orders 12 → 1",
      "Small files of quarantine.silver_orders stay for now: Cannot write to the disk (storage.full)",
      "",
    ]);
    expect(runReportJson(tidied, 0)).toMatchObject({
      compactions: [
        { table: "silver.orders", version: 14, filesRemoved: 12, filesAdded: 1, bytesAdded: 1_200_000, error: null },
        { table: "quarantine.silver_orders", version: null, error: { code: "storage.full" } },
      ],
    });
  });

  test("tells what was published, and what could not be", () => {
    const place = { version: 7, put: 1_200, deleted: 3, units: 1_203.5, error: undefined, elapsedMs: 2_000 };
    const error = new SluiceError("target.denied", "Cannot write to the DynamoDB table days: permission denied");
    const publications = [
      { ...place, table: "gold.days", target: "dynamodb days", outcome: "failed", version: undefined, error },
      { ...place, table: "gold.shops", target: "dynamodb shops\u001b[2J", outcome: "published" },
      { ...place, table: "gold.towns", target: "dynamodb towns", outcome: "unchanged", version: undefined },
    ] as const;
    const published = { ...report(table("gold.shops")), publications };
    expect(exitCodeOf(published)).toBe(7);
    expect(runReportText(published, { paint }).split("\n").slice(2)).toEqual([
      "published   to                       outcome    version    put  deleted  units   took",
      "gold.days   dynamodb days            failed                                     2.0 s",
      "gold.shops  dynamodb shops\\u001b[2J  published        7  1,200        3  1,204  2.0 s",
      "gold.towns  dynamodb towns           unchanged",
      "",
    ]);
    expect(runReportJson(published, 7)).toMatchObject({
      publications: [
        { outcome: "failed", error: { code: "target.denied" } },
        { put: 1_200, deleted: 3 },
        { version: null },
      ],
    });
  });

  test("says the same to programs", () => {
    expect(runReportJson(MIXED, 5)).toMatchObject({
      run: MIXED.run,
      exitCode: 5,
      startedAt: "2026-01-31T12:00:00.000Z",
      elapsedMs: 4_000,
      tables: [
        { table: "bronze.orders", version: 12, rows: 210_585, quarantined: 3, quality: null, error: null },
        { quality: { score: 0.99, judged: 1_000, passed: 990, violations: { positive: 10, named: 0 } } },
        { outcome: "failed", version: null, error: { code: "source.gap", exitCode: 5, retryable: false } },
        { outcome: "blocked", waiting: [{ what: "01", why: "still running" }] },
      ],
    });
  });
});
