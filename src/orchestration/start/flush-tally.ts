import type { TableName } from "../../contract/index.ts";
import type { Verdict } from "../../quality/index.ts";
import type { TableReport } from "../run-report.ts";
import type { FlushedTable, StartEvent } from "./start-event.ts";

/** When the newest change that is visible somewhere happened, by the source's clock, and with which commit of Bronze it came. */
export interface Newest {
  readonly newestMs: number;
  readonly arrival: number;
}

/** Adds up what tables did: since the last flush for those who look on, since the last record for `system.runs`. */
export class FlushTally {
  readonly #flushed = new Map<TableName, FlushedTable>();
  readonly #recorded = new Map<TableName, TableReport>();
  readonly #newest = new Map<TableName, Newest>();
  #arrivals = 0;

  /** What has just come from a source. */
  arrived(newestMs: number | undefined): Newest | undefined {
    if (newestMs === undefined) return undefined;
    this.#arrivals += 1;
    return { newestMs, arrival: this.#arrivals };
  }

  newestOf(tables: readonly TableName[]): Newest | undefined {
    const known = tables.flatMap((table) => this.#newest.get(table) ?? []);
    return known.reduce<Newest | undefined>(
      (last, one) => (last === undefined || one.arrival > last.arrival ? one : last),
      undefined,
    );
  }

  /** A table changed. `newest`: what is visible in it by now, where anybody knows. */
  changed(report: TableReport, newest: Newest | undefined, nowMs: number): void {
    const { table } = report;
    const known = this.#newest.get(table);
    const isNew = newest !== undefined && newest.arrival > (known?.arrival ?? 0);
    if (isNew) this.#newest.set(table, { ...newest, newestMs: Math.max(newest.newestMs, known?.newestMs ?? 0) });
    const lagMs = isNew ? nowMs - newest.newestMs : undefined;
    const flushed = { ...report, newestMs: this.#newest.get(table)?.newestMs, lagMs };
    this.#flushed.set(table, flushedTogether(this.#flushed.get(table), flushed));
    this.noted(report);
  }

  /** Something that is to be recorded: a change, or a failure that is new. */
  noted(report: TableReport): void {
    const before = this.#recorded.get(report.table);
    this.#recorded.set(report.table, before === undefined ? report : together(before, report));
  }

  takeFlush(atMs: number): Extract<StartEvent, { kind: "flush" }> | undefined {
    if (this.#flushed.size === 0) return undefined;
    const tables = [...this.#flushed.values()].toSorted((a, b) => a.table.localeCompare(b.table));
    this.#flushed.clear();
    // What counts is what the farthest layer shows: Gold is computed from Silver, whose rows have the times.
    const visible = tables.filter(({ table }) => table.startsWith("silver."));
    const shown = visible.length > 0 ? visible : tables;
    const newest = shown.flatMap(({ newestMs }) => newestMs ?? []);
    const lags = shown.flatMap(({ lagMs }) => lagMs ?? []);
    return {
      kind: "flush",
      atMs,
      tables,
      newestMs: newest.length === 0 ? undefined : Math.max(...newest),
      lagMs: lags.length === 0 ? undefined : Math.max(...lags),
    };
  }

  takeReports(): readonly TableReport[] {
    const reports = [...this.#recorded.values()];
    this.#recorded.clear();
    return reports;
  }
}

function flushedTogether(before: FlushedTable | undefined, after: FlushedTable): FlushedTable {
  const { table, newestMs } = after;
  return {
    table,
    version: after.version ?? before?.version,
    rows: (before?.rows ?? 0) + after.rows,
    quarantined: (before?.quarantined ?? 0) + after.quarantined,
    newestMs,
    lagMs: after.lagMs ?? before?.lagMs,
  };
}

/** Two reports of one table as one: what the later one says stands, amounts are added. */
function together(before: TableReport, after: TableReport): TableReport {
  const isFailed = before.outcome === "failed" || after.outcome === "failed";
  return {
    ...after,
    outcome: isFailed ? "failed" : after.outcome,
    version: after.version ?? before.version,
    rows: before.rows + after.rows,
    quarantined: before.quarantined + after.quarantined,
    verdict: judgedTogether(before.verdict, after.verdict),
    error: after.error ?? before.error,
    elapsedMs: before.elapsedMs + after.elapsedMs,
  };
}

function judgedTogether(before: Verdict | undefined, after: Verdict | undefined): Verdict | undefined {
  if (before === undefined || after === undefined) return after ?? before;
  const judged = before.judged + after.judged;
  const passed = before.passed + after.passed;
  const violations = { ...before.violations };
  for (const [rule, count] of Object.entries(after.violations)) violations[rule] = (violations[rule] ?? 0) + count;
  return { ...after, judged, passed, violations, score: judged === 0 ? undefined : passed / judged };
}
