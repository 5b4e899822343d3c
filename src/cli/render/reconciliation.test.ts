import { expect, test } from "vitest";
import type { Reconciliation } from "../../lake/index.ts";
import { paintFor } from "./paint.ts";
import { reconcileJson, reconcileText } from "./reconciliation.ts";

const EQUAL: Reconciliation = {
  table: "bronze.orders",
  startedMs: Date.UTC(2026, 0, 31, 12),
  elapsedMs: 4_200,
  version: 12,
  verdict: "equal",
  sourceRecords: 1_200,
  lakeRecords: 1_200,
  buckets: 4_096,
  bucketsDifferent: 0,
  candidates: 0,
  missing: 0,
  extra: 0,
  different: 0,
  moving: 0,
  unchecked: 0,
  isCaughtUp: true,
  silver: [{ table: "silver.orders", version: 9, keys: 1_200, quarantined: 0, absent: 0 }],
  keys: [],
};

const DIFFERENT: Reconciliation = {
  ...EQUAL,
  verdict: "different",
  bucketsDifferent: 9,
  candidates: 12,
  missing: 1,
  different: 2,
  moving: 1,
  unchecked: 3,
  isCaughtUp: false,
  silver: [{ table: "silver.orders", version: 9, keys: 1_200, quarantined: 8, absent: 2 }],
  keys: [
    { key: "S:o-1", what: "missing", attributes: [] },
    { key: "S:o-\u001b[2J", what: "different", attributes: ["amount", "note"] },
  ],
};

const text = (report: Reconciliation): readonly string[] => reconcileText(report, paintFor(false)).split("\n");

test("an equal table is told in three lines", () => {
  expect(text(EQUAL)).toEqual([
    "bronze.orders version 12 has what the source has (4.2 s)",
    "  the source has 1,200 records, the table 1,200; all 4,096 buckets are equal",
    "  silver.orders has 1,200 of 1,200 keys",
    "",
  ]);
});

test("differing keys are named, with the attributes that differ, and what was not decided is said", () => {
  expect(text(DIFFERENT)).toEqual([
    "bronze.orders version 12 differs from the source (4.2 s)",
    "  the source has 1,200 records, the table 1,200; 9 of 4,096 buckets and 12 keys differed at first",
    "  1 missing, 0 extra, 2 different",
    "  1 key changed whenever it was looked at: compare again later",
    "  3 more keys differ by their digests and were not looked at one by one",
    "  without the table's stream, what changed since the last snapshot counts as different",
    "  silver.orders has 1,190 of 1,200 keys; 8 are in quarantine; 2 in neither: a rule drops them, or they came too late",
    "  what       key            attributes that differ",
    "  missing    S:o-1",
    "  different  S:o-\\u001b[2J  amount, note",
    "  …          1 more",
    "",
  ]);
});

test("programs are told the same", () => {
  expect(reconcileJson(DIFFERENT)).toMatchObject({
    table: "bronze.orders",
    verdict: "different",
    missing: 1,
    startedAt: "2026-01-31T12:00:00.000Z",
    keys: [{ what: "missing" }, { key: "S:o-\u001b[2J", attributes: ["amount", "note"] }],
  });
});
