import type { Compaction } from "../../layers/index.ts";
import type { ComparisonReport, RunReport, TableReport } from "../../orchestration/index.ts";
import { counted, duration, percent, thousands } from "./amounts.ts";
import { failureJson } from "./failure-text.ts";
import type { Jsonable } from "./json.ts";
import { noticesText } from "./notices.ts";
import { publicationJson, publicationsText } from "./publications.ts";
import type { Paint } from "./paint.ts";
import { reconcileJson, reconcileText } from "./reconciliation.ts";
import { textTable, type Cell } from "./text-table.ts";

/** What a run did, one line a table; a run that found nothing new is one line in all. */
export function runReportText(report: RunReport, options: { readonly paint: Paint }): string {
  const { paint } = options;
  const waiting = noticesText("Waiting", withNotices(report.tables, "waiting"), paint);
  const publications = publicationsText(report.publications, paint);
  const published = publications === "" ? "" : `\n${publications}`;
  const compared = comparisonsText(report, paint);
  if (report.tables.every((table) => table.outcome === "unchanged")) {
    return `Nothing new: ${counted(report.tables.length, "table")} up to date\n${published}${compared}${waiting}`;
  }
  const columns = [
    { title: "table" },
    { title: "outcome" },
    { title: "version", align: "right" as const },
    { title: "rows", align: "right" as const },
    { title: "quarantined", align: "right" as const },
    { title: "quality", align: "right" as const },
    { title: "took", align: "right" as const },
  ];
  const rows = report.tables.map((table): Cell[] => [
    table.table,
    outcomeCell(table, paint),
    table.version === undefined ? "" : String(table.version),
    table.outcome === "unchanged" || table.table.startsWith("gold.") ? "" : thousands(table.rows),
    table.quarantined === 0 ? "" : { text: thousands(table.quarantined), paint: paint.yellow },
    qualityCell(table, paint),
    table.outcome === "unchanged" || table.outcome === "blocked" ? "" : duration(table.elapsedMs),
  ]);
  return (
    textTable(columns, rows, options) +
    brokenRules(report.tables, paint) +
    published +
    compacted(report, paint) +
    compared +
    waiting
  );
}

/** `3 changed, 1 failed · 4.2 s · run 2026…` */
export function runSummary(report: RunReport): string {
  const counts = (["changed", "unchanged", "failed", "blocked"] as const)
    .map((outcome) => [outcome, report.tables.filter((table) => table.outcome === outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`);
  return `${counts.join(", ")} · ${duration(report.endedMs - report.startedMs)} · run ${report.run}`;
}

export function runReportJson(report: RunReport, exitCode: number): { readonly [name: string]: Jsonable } {
  return {
    run: report.run === "" ? null : report.run,
    exitCode,
    startedAt: new Date(report.startedMs).toISOString(),
    elapsedMs: Math.round(report.endedMs - report.startedMs),
    unrecorded: report.unrecorded === undefined ? null : failureJson(report.unrecorded),
    publications: report.publications.map(publicationJson),
    compactions: report.compactions.map(compactionJson),
    comparisons: (report.comparisons ?? []).map(comparisonJson),
    tables: report.tables.map((table) => ({
      table: table.table,
      outcome: table.outcome,
      version: table.version ?? null,
      rows: table.rows,
      quarantined: table.quarantined,
      quality: qualityJson(table),
      waiting: table.waiting.map(({ what, why }) => ({ what, why })),
      skipped: table.skipped.map(({ what, why }) => ({ what, why })),
      error: table.error === undefined ? null : failureJson(table.error),
      elapsedMs: Math.round(table.elapsedMs),
    })),
  };
}

function comparisonsText({ comparisons = [] }: RunReport, paint: Paint): string {
  return comparisons.map((one) => (one.outcome === "compared" ? `\n${reconcileText(one.report, paint)}` : "")).join("");
}

function comparisonJson(one: ComparisonReport): Jsonable {
  if (one.outcome === "failed") return { table: one.table, verdict: null, error: failureJson(one.error) };
  return { ...reconcileJson(one.report), error: null };
}

function compactionJson(one: Compaction): Jsonable {
  if (one.kind === "failed") return { table: one.table, version: null, error: failureJson(one.error) };
  const { filesRemoved, filesAdded, bytesRemoved, bytesAdded } = one.metrics;
  return { table: one.table, version: one.version, filesRemoved, filesAdded, bytesRemoved, bytesAdded, error: null };
}

/** One dim line for what went well; what did not is for the user to know, and no reason to worry. */
function compacted({ compactions }: RunReport, paint: Paint): string {
  const done = compactions.flatMap((one) =>
    one.kind === "done" ? `${one.table} ${one.metrics.filesRemoved} → ${one.metrics.filesAdded}` : [],
  );
  const failed = compactions.flatMap((one) =>
    one.kind === "failed"
      ? paint.yellow(`Small files of ${one.table} stay for now: ${one.error.message} (${one.error.code})`)
      : [],
  );
  const lines = [...(done.length === 0 ? [] : [paint.dim(`Small files put together: ${done.join(", ")}`)]), ...failed];
  return lines.length === 0 ? "" : `\n${lines.join("\n")}\n`;
}

function qualityJson({ verdict }: TableReport): Jsonable {
  if (verdict === undefined || verdict.judged === 0) return null;
  const { score, judged, passed, violations } = verdict;
  return { score, judged, passed, violations };
}

function outcomeCell({ outcome }: TableReport, paint: Paint): Cell {
  const painted = { changed: paint.green, unchanged: paint.dim, failed: paint.red, blocked: paint.yellow } as const;
  return { text: outcome, paint: painted[outcome] };
}

function qualityCell({ verdict }: TableReport, paint: Paint): Cell {
  if (verdict?.score === undefined) return "";
  const text = percent(verdict.score);
  return verdict.score === 1 ? text : { text, paint: paint.yellow };
}

function brokenRules(tables: readonly TableReport[], paint: Paint): string {
  const rows = tables.flatMap(({ table, verdict }) =>
    Object.entries(verdict?.violations ?? {})
      .filter(([, count]) => count > 0)
      .map(([rule, count]) => [table, rule, `${thousands(count)} of ${thousands(verdict?.judged ?? 0)}`]),
  );
  if (rows.length === 0) return "";
  const columns = [{ title: "table" }, { title: "rule" }, { title: "rows that broke it", align: "right" as const }];
  return `\n${paint.bold("Rules")}\n${textTable(columns, rows, { paint, indent: "  " })}`;
}

function withNotices(
  tables: readonly TableReport[],
  kind: "waiting" | "skipped",
): { readonly table: string; readonly notices: TableReport["waiting"] }[] {
  return tables.map((table) => ({ table: table.table, notices: table[kind] }));
}
