import type { SluiceError } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import type { Compaction, Reconciliation } from "../layers/index.ts";
import type { Verdict } from "../quality/index.ts";
import type { PublicationReport } from "./publish-tables.ts";
import type { Notice } from "../sources/index.ts";

/** What one run did with one table. */
export interface TableReport {
  readonly table: TableName;
  readonly outcome:
    /** A version was committed. */
    | "changed"
    /** There was nothing new. */
    | "unchanged"
    /** Stopped; `error` says why. What was committed before it stays. */
    | "failed"
    /** Not looked at, because a table it reads failed. */
    | "blocked";
  readonly version: number | undefined;
  /** Rows taken in (Bronze) or events folded (Silver); 0 for Gold. */
  readonly rows: number;
  readonly quarantined: number;
  readonly verdict: Verdict | undefined;
  readonly waiting: readonly Notice[];
  readonly skipped: readonly Notice[];
  readonly error: SluiceError | undefined;
  readonly elapsedMs: number;
}

export interface RunReport {
  readonly run: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly tables: readonly TableReport[];
  /** What was brought into the targets of tables that have one. */
  readonly publications: readonly PublicationReport[];
  /** Tables whose small files were put together afterwards, or could not be. */
  readonly compactions: readonly Compaction[];
  /** Tables that were compared with their source, since that was due. */
  readonly comparisons?: readonly ComparisonReport[];
  /** Why `system.runs` does not know of the run. What the run did to its tables stands all the same. */
  readonly unrecorded?: SluiceError;
}

/** A comparison of a table with its source: what came of it, or why it could not be made. The table has nothing to do with that. */
export type ComparisonReport =
  | { readonly table: TableName; readonly outcome: "compared"; readonly report: Reconciliation }
  | { readonly table: TableName; readonly outcome: "failed"; readonly error: SluiceError };

/** As of rows that break their rules. */
const DIFFERENT = 4;

/**
 * The exit code of a run: that of the first table that failed, or whose publishing did (OPERATIONS, "CLI conventions"); when none did, 4 where
 * a table differs from its source, else 0.
 */
export function exitCodeOf(report: RunReport): number {
  const failed = [...report.tables, ...report.publications].find(
    ({ error, outcome }) => error !== undefined && outcome === "failed",
  );
  const differs = report.comparisons?.some((one) => one.outcome === "compared" && one.report.verdict === "different");
  return failed?.error?.exitCode ?? (differs === true ? DIFFERENT : 0);
}
