import type { TableName } from "../../contract/index.ts";
import { hasWork, isUpToDate, planLake, prepareRun, readTotals, type TablePlan } from "../../lake/index.ts";
import { exitCodeOf, type RunReport } from "../../orchestration/index.ts";
import { exitCodeAfter } from "../cli.ts";
import { showProgress, type Progress } from "../progress.ts";
import { failureText } from "../render/failure-text.ts";
import { runReportJson, runReportText, runSummary } from "../render/run-report.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

/**
 * Takes in what is new, then stops. The SQL of the definition is checked before anything is written, and only when there is
 * something to do: a run with nothing new starts no engine.
 */
export async function run(session: Session): Promise<number> {
  using progress = showProgress(session);
  const report = await withLake(
    session,
    async ({ lake, file }) => {
      const only = session.positionals.map((name) => tableNamed(lake, name).name);
      const wanted = only.length === 0 ? undefined : new Set<TableName>(only);
      const plans = await planLake(lake, wanted);
      // The plan has looked at everything that a run would look at first.
      if (isUpToDate(plans)) return nothingDone(plans, session.io.world.nowMs());
      if (hasWork(plans)) await prepareRun(lake, plans, file);
      expectRecords(progress, plans);
      return await lake.run(only.length === 0 ? {} : { only });
    },
    { onProgress: progress.onProgress },
  );
  progress[Symbol.dispose]();
  return await showReport(session, report);
}

function expectRecords(progress: Progress, plans: readonly TablePlan[]): void {
  for (const { table, step } of plans) {
    if (step.kind === "read") progress.expect(table, readTotals(step.batches).records);
  }
}

/** The report of the run that there was no need for. */
function nothingDone(plans: readonly TablePlan[], nowMs: number): RunReport {
  const nothing = { outcome: "unchanged", version: undefined, rows: 0, quarantined: 0, verdict: undefined } as const;
  const tables = plans.map(({ table, waiting, skipped }) => ({
    ...nothing,
    table,
    waiting,
    skipped,
    error: undefined,
    elapsedMs: 0,
  }));
  return { run: "", startedMs: nowMs, endedMs: nowMs, tables, publications: [], compactions: [] };
}

async function showReport(session: Session, report: RunReport): Promise<number> {
  const { io, paint, talkPaint, isVerbose } = session;
  const exitCode = exitCodeOfRun(session, report);
  if (session.isJson) await session.printJson("run", runReportJson(report, exitCode));
  else await session.print(runReportText(report, { paint }));
  for (const { table, outcome, error } of [...report.tables, ...report.publications]) {
    if (error === undefined || outcome !== "failed") continue;
    io.stderr.write(`\n${talkPaint.bold(table)}\n${failureText(error, talkPaint, { isVerbose })}`);
  }
  for (const one of report.comparisons ?? []) {
    if (one.outcome !== "failed") continue;
    const heading = `${talkPaint.bold(one.table)} could not be compared with its source; what the run did stands`;
    io.stderr.write(`\n${heading}\n${failureText(one.error, talkPaint, { isVerbose })}`);
  }
  if (report.unrecorded !== undefined) {
    const heading = talkPaint.bold("The run is not recorded in system.runs; what it did to its tables stands");
    io.stderr.write(`\n${heading}\n${failureText(report.unrecorded, talkPaint, { isVerbose })}`);
  }
  if (report.tables.some((table) => table.outcome !== "unchanged")) session.say(`\n${runSummary(report)}`);
  return exitCode;
}

function exitCodeOfRun(session: Session, report: RunReport): number {
  const comparisons = (report.comparisons ?? []).flatMap((one) => (one.outcome === "failed" ? [one] : []));
  const all = [...report.tables, ...comparisons];
  const interrupted = all.find(({ error }) => error?.code === "run.interrupted")?.error;
  return interrupted === undefined ? exitCodeOf(report) : exitCodeAfter(interrupted, session.io.signal);
}
