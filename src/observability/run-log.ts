import { isFailure } from "../base/index.ts";
import { field, struct, type StructType } from "../contract/index.ts";
import type { Row } from "../engine/index.ts";
import { AUTO_COMPACTION } from "../definition/index.ts";
import { compactAfterCommit, openNewest, type Compaction, type LayerContext } from "../layers/index.ts";
import type { RunReport, TableReport } from "../orchestration/index.ts";

/** `system.runs`: what every run did with every table it changed or failed at. */
const RUNS_SCHEMA: StructType = struct([
  field("run", "string"),
  field("table_name", "string"),
  field("outcome", "string"),
  field("version", "long"),
  field("rows", "long"),
  field("quarantined", "long"),
  field("quality_score", "double", { comment: "rows that passed every rule / rows judged" }),
  field("rows_judged", "long"),
  field("violations", "string", { comment: "JSON: rule → rows that violated it" }),
  field("error_code", "string"),
  field("error_message", "string"),
  field("started_at", "timestamp"),
  field("elapsed_ms", "long"),
  field("warning", "string", { comment: "what went wrong beside the run and does no harm" }),
]);

/** The report of a run, recorded, and the record's small files put together; where that fails it says so, and what the run did is told nevertheless (FAULTS F57). */
export async function recorded(context: LayerContext, report: RunReport): Promise<RunReport> {
  try {
    const compaction = await recordRun(context, report);
    return compaction === undefined ? report : { ...report, compactions: [...report.compactions, compaction] };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { ...report, unrecorded: error };
  }
}

/** A run that changed nothing and failed nowhere leaves no trace. */
async function recordRun(context: LayerContext, report: RunReport): Promise<Compaction | undefined> {
  const changed = report.tables.filter((table) => table.outcome === "changed" || table.outcome === "failed");
  const notable: readonly TableReport[] = [
    ...changed,
    ...unpublished(report, new Set(changed.map((one) => one.table))),
  ];
  if (notable.length === 0) return undefined;
  const rows = notable.map((table): Row => ({
    run: report.run,
    table_name: table.table,
    outcome: table.outcome,
    version: table.version === undefined ? null : BigInt(table.version),
    rows: BigInt(table.rows),
    quarantined: BigInt(table.quarantined),
    quality_score: table.verdict?.score ?? null,
    rows_judged: BigInt(table.verdict?.judged ?? 0),
    violations: table.verdict === undefined ? null : JSON.stringify(table.verdict.violations),
    error_code: table.error?.code ?? null,
    error_message: table.error?.message ?? null,
    started_at: BigInt(report.startedMs) * 1000n,
    elapsed_ms: BigInt(Math.round(table.elapsedMs)),
    warning: warningOf(report, table.table),
  }));
  const place = context.tables.place("system", "runs");
  await context.engine.append(
    await openNewest(place),
    { sql: "SELECT * FROM runs", inputs: { runs: { kind: "rows", schema: RUNS_SCHEMA, rows } } },
    { schema: RUNS_SCHEMA, create: { name: place.name, description: "What every run did", schema: RUNS_SCHEMA } },
  );
  return await compactAfterCommit(context, place, { limits: AUTO_COMPACTION });
}

/** Tables that were up to date, and whose target was not brought there. */
function unpublished({ publications, tables }: RunReport, told: ReadonlySet<string>): readonly TableReport[] {
  return publications.flatMap(({ table, outcome, error, elapsedMs }) => {
    const report = tables.find((one) => one.table === table);
    if (outcome !== "failed" || told.has(table) || report === undefined) return [];
    return [{ ...report, outcome: "failed" as const, error, elapsedMs }];
  });
}

function warningOf({ compactions, publications }: RunReport, table: string): string | null {
  const unpublishedFor = publications.find((one) => one.table === table && one.outcome === "failed")?.error;
  if (unpublishedFor !== undefined) return `Not published: ${unpublishedFor.message} (${unpublishedFor.code})`;
  const failed = compactions.flatMap((one) => (one.kind === "failed" && one.of === table ? one : []));
  const [first] = failed;
  if (first === undefined) return null;
  return `Small files of ${failed.map((one) => one.table).join(", ")} stay for now: ${first.error.message} (${first.error.code})`;
}
