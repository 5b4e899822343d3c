import { readTotals, type PlannedRead, type TablePlan } from "../../lake/index.ts";
import { byteSize, counted } from "./amounts.ts";
import { failureJson } from "./failure-text.ts";
import type { Jsonable } from "./json.ts";
import { noticesText } from "./notices.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable, type Cell } from "./text-table.ts";

export interface PlanTextOptions {
  readonly paint: Paint;
  /** Every batch, and what is passed over. */
  readonly isVerbose: boolean;
}

/** What the next run would do, one line a table. */
export function planText(plans: readonly TablePlan[], options: PlanTextOptions): string {
  const { paint, isVerbose } = options;
  const rows = plans.flatMap((plan): Cell[][] => {
    const [does, detail] = stepWords(plan);
    const colour = {
      nothing: paint.dim,
      rebuild: paint.red,
      read: paint.green,
      fold: paint.green,
      refresh: paint.green,
    };
    const line: Cell[] = [plan.table, { text: does, paint: colour[plan.step.kind] }, detail];
    const lines = [
      line,
      ...(plan.publishesTo === undefined ? [] : [publishLine(plan.publishesTo, paint)]),
      ...(plan.comparesSource === true ? [["", { text: "compare", paint: paint.green }, "with its source"]] : []),
    ];
    return isVerbose ? [...lines, ...batchLines(plan, paint)] : lines;
  });
  const columns = [{ title: "table" }, { title: "next run" }, { title: "what" }];
  const notices = (kind: "waiting" | "skipped") => plans.map((plan) => ({ table: plan.table, notices: plan[kind] }));
  return (
    textTable(columns, rows, { ...options }) +
    noticesText("Waiting", notices("waiting"), paint) +
    (isVerbose ? noticesText("Passed over", notices("skipped"), paint) : "")
  );
}

export function planJson(plans: readonly TablePlan[]): { readonly [name: string]: Jsonable } {
  return {
    tables: plans.map((plan) => ({
      table: plan.table,
      step: stepJson(plan.step),
      publishesTo: plan.publishesTo ?? null,
      comparesSource: plan.comparesSource ?? false,
      waiting: plan.waiting.map(({ what, why }) => ({ what, why })),
      skipped: plan.skipped.map(({ what, why }) => ({ what, why })),
      error: plan.problem === undefined ? null : failureJson(plan.problem),
    })),
  };
}

function stepJson(step: TablePlan["step"]): Jsonable {
  switch (step.kind) {
    case "read":
      return { kind: "read", batches: step.batches.map((batch) => ({ ...batch })) };
    case "fold":
      return { kind: "fold", fromVersion: step.from, toVersion: step.to ?? null, because: step.because };
    case "refresh":
      return { kind: "refresh", because: step.because };
    case "nothing":
    case "rebuild":
      return { kind: step.kind };
  }
}

function stepWords({ step, waiting, problem }: TablePlan): readonly [string, string] {
  switch (step.kind) {
    case "nothing":
      if (problem !== undefined) return ["stops", problem.code];
      if (step.lacks !== undefined) return ["nothing", `${step.lacks} has no rows yet`];
      return ["nothing", waiting.length > 0 ? "all that is complete is in" : "up to date"];
    case "read": {
      return ["read", `${titleOf(step.batches)} (${amountOf(readTotals(step.batches))})`];
    }
    case "fold":
      return ["fold", step.because.join("; ")];
    case "refresh":
      return ["refresh", step.because.join("; ")];
    case "rebuild":
      return ["stops", "its definition changed: needs `sluice rebuild`"];
  }
}

/** A title where there is one batch; several are told one by one where more is wanted. */
function titleOf(batches: readonly PlannedRead[]): string {
  const [first] = batches;
  return batches.length === 1 && first !== undefined
    ? safeLine(first.title)
    : counted(batches.length, "batch", "batches");
}

/** Sources without manifests know their records only when they have read them. */
function amountOf({ files, records, sizeBytes }: Omit<PlannedRead, "title">): string {
  if (files === 0) return records === 0 ? "as much as there is" : `about ${counted(records, "record")}`;
  const known = records === 0 && sizeBytes > 0 ? [] : [counted(records, "record")];
  return [counted(files, "file"), ...known, byteSize(sizeBytes)].join(", ");
}

function publishLine(target: string, paint: Paint): Cell[] {
  return ["", { text: "publish", paint: paint.green }, `to ${safeLine(target)}`];
}

function batchLines({ step }: TablePlan, paint: Paint): Cell[][] {
  if (step.kind !== "read" || step.batches.length < 2) return [];
  return step.batches.map((batch) => {
    const text = `  ${safeLine(batch.title)}: ${amountOf(batch)}`;
    return ["", "", { text, paint: paint.dim }];
  });
}
