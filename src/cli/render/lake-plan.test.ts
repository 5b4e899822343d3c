import { expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import type { TablePlan } from "../../lake/index.ts";
import { planJson, planText } from "./lake-plan.ts";
import { paintFor } from "./paint.ts";

const plan = (table: TablePlan["table"], step: TablePlan["step"], more: Partial<TablePlan> = {}): TablePlan => ({
  table,
  step,
  waiting: [],
  skipped: [],
  problem: undefined,
  publishesTo: undefined,
  ...more,
});
const batch = (title: string) => ({ title, files: 2, records: 1_500, sizeBytes: 2_000_000 });

const PLANS: readonly TablePlan[] = [
  plan("bronze.orders", { kind: "read", batches: [batch("full export"), batch("window\u001b[2J")] }),
  plan("bronze.people", { kind: "nothing" }, { problem: new SluiceError("source.gap", "Cannot go on: a hole") }),
  plan("silver.orders", { kind: "fold", from: 3, to: undefined, because: ["this run changes bronze.orders"] }),
  plan("silver.people", { kind: "rebuild" }),
  plan(
    "gold.sales",
    { kind: "refresh", because: ["it does not exist yet", "this run changes silver.orders"] },
    {
      publishesTo: "dynamodb sales",
    },
  ),
  plan("gold.people", { kind: "nothing", lacks: "silver.people" }, { skipped: [{ what: "01", why: "seen" }] }),
];

test("a plan is one line a table", () => {
  expect(planText(PLANS, { paint: paintFor(false), isVerbose: false })).toBe(
    [
      "table          next run  what",
      "bronze.orders  read      2 batches (4 files, 3,000 records, 4.0 MB)",
      "bronze.people  stops     source.gap",
      "silver.orders  fold      this run changes bronze.orders",
      "silver.people  stops     its definition changed: needs `sluice rebuild`",
      "gold.sales     refresh   it does not exist yet; this run changes silver.orders",
      "               publish   to dynamodb sales",
      "gold.people    nothing   silver.people has no rows yet",
      "",
    ].join("\n"),
  );
});

test("a plan says which tables are compared with their source", () => {
  const due = [plan("bronze.orders", { kind: "nothing" }, { comparesSource: true })];
  const lines = planText(due, { paint: paintFor(false), isVerbose: false }).split("\n");
  expect(lines[2]).toBe("               compare   with its source");
  expect(planJson(due)["tables"]).toMatchObject([{ comparesSource: true }]);
});

test("a verbose plan names every batch and what is passed over, and steers no terminal (A3)", () => {
  const text = planText(PLANS, { paint: paintFor(false), isVerbose: true });
  expect(text).toContain("  window\\u001b[2J: 2 files, 1,500 records, 2.0 MB\n");
  expect(text).toContain("Passed over\n");
});

test("a plan says the same to programs", () => {
  expect(planJson(PLANS)["tables"]).toMatchObject([
    { step: { kind: "read", batches: [{ title: "full export", records: 1_500 }, {}] } },
    { step: { kind: "nothing" }, error: { code: "source.gap" } },
    { step: { kind: "fold", fromVersion: 3, toVersion: null } },
    { step: { kind: "rebuild" } },
    {
      publishesTo: "dynamodb sales",
      step: { kind: "refresh", because: ["it does not exist yet", "this run changes silver.orders"] },
    },
    { step: { kind: "nothing" }, skipped: [{ what: "01", why: "seen" }] },
  ]);
});
