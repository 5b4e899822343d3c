import { expect, test } from "vitest";
import type { TableReport } from "../run-report.ts";
import { FlushTally } from "./flush-tally.ts";

function report(table: TableReport["table"], more: Partial<TableReport> = {}): TableReport {
  const nothing = { quarantined: 0, verdict: undefined, waiting: [], skipped: [], error: undefined, elapsedMs: 5 };
  return { table, outcome: "changed", version: 1, rows: 10, ...nothing, ...more };
}

test("a flush tells what tables did since the one before, and how old the newest change was when Silver showed it", () => {
  const tally = new FlushTally();
  tally.changed(report("bronze.orders"), tally.arrived(1_000), 3_000);
  tally.changed(report("silver.orders", { version: 4 }), tally.newestOf(["bronze.orders"]), 3_500);
  tally.changed(report("bronze.orders", { version: 2, rows: 5 }), tally.arrived(2_000), 4_000);
  expect(tally.takeFlush(5_000)).toMatchObject({
    atMs: 5_000,
    newestMs: 1_000,
    lagMs: 2_500,
    tables: [
      { table: "bronze.orders", version: 2, rows: 15, newestMs: 2_000, lagMs: 2_000 },
      { table: "silver.orders", version: 4, rows: 10, newestMs: 1_000, lagMs: 2_500 },
    ],
  });
  expect(tally.takeFlush(6_000)).toBeUndefined();
  // A snapshot's rows have no time of their own: what was seen long ago is no lag of theirs.
  tally.changed(report("silver.orders"), tally.newestOf(["bronze.orders"]), 9_000);
  tally.takeFlush(9_000);
  tally.changed(report("bronze.orders"), tally.arrived(undefined), 900_000);
  tally.changed(report("silver.orders"), tally.newestOf(["bronze.orders"]), 900_000);
  expect(tally.takeFlush(900_000)).toMatchObject({ newestMs: 2_000, lagMs: undefined });
});

test("a record has one report a table, whatever it did in the meantime, and none where nothing happened", () => {
  const tally = new FlushTally();
  const verdict = { judged: 10, passed: 9, violations: { cheap: 1 }, score: 0.9, failures: [] };
  for (let version = 1; version <= 3; version += 1) {
    tally.changed(report("silver.orders", { version, verdict }), undefined, 0);
  }
  const [only, ...others] = tally.takeReports();
  expect(others).toEqual([]);
  expect(only).toMatchObject({ version: 3, rows: 30, elapsedMs: 15 });
  expect(only?.verdict).toMatchObject({ judged: 30, passed: 27, violations: { cheap: 3 }, score: 0.9 });
  expect(tally.takeReports()).toEqual([]);
});
