import { vacuum as vacuumTable, type VacuumOptions, type VacuumReport } from "../../delta/index.ts";
import type { Dependant } from "../../layers/index.ts";
import { showProgress } from "../progress.ts";
import { byteSize, counted, duration, thousands, utcTime } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { withTable, type AnyTable } from "../with-table.ts";

const HOUR_MS = 3_600_000;

/** Removes files of a table that nobody needs any more. */
export async function vacuum(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  return await withTable(session, typed, async (table) => {
    const dependant = await table.dependant?.();
    const startedMs = session.io.world.nowMs();
    const report = await withProgress(session, table, {
      ...optionsOf(session),
      ...(dependant === undefined ? {} : { keepAfterVersion: dependant.version }),
    });
    const elapsedMs = session.io.world.nowMs() - startedMs;
    if (session.isJson) await session.printJson("vacuum", { table: typed, ...reportJson(report), elapsedMs });
    else await session.print(`${reportText(typed, report)}\n`);
    sayKept(session, report, dependant);
    session.say(session.talkPaint.dim(duration(elapsedMs)));
    return 0;
  });
}

async function withProgress(session: Session, table: AnyTable, options: VacuumOptions): Promise<VacuumReport> {
  using progress = showProgress(session);
  const tell = (detail: string): void => {
    progress.onProgress({ table: table.name, phase: "clean", detail, rows: 0 });
  };
  tell("looking");
  const { name, store, log } = table;
  return await vacuumTable(
    { name, store, log, world: session.io.world },
    {
      ...options,
      signal: session.io.signal,
      onProgress: ({ listed, removed, toRemove }) =>
        tell(listed > 0 ? `${counted(listed, "file")} seen` : `${thousands(removed)} of ${counted(toRemove, "file")}`),
    },
  );
}

function optionsOf(session: Session): VacuumOptions {
  const hours = session.flags.wholeNumber("retain-hours");
  return {
    dryRun: session.flags.isOn("dry-run"),
    allowShortRetention: session.flags.isOn("allow-short-retention"),
    ...(hours === undefined ? {} : { retentionMs: hours * HOUR_MS }),
  };
}

function reportText(table: string, report: VacuumReport): string {
  const since = `left before ${utcTime(report.cutoffMs)}`;
  if (report.removed.length === 0) return `${table} has no file to remove (${since})`;
  const files = `${counted(report.removed.length, "file")} (${byteSize(report.removedBytes)})`;
  return `${table}: ${files} ${report.isDryRun ? "would be" : report.removed.length === 1 ? "is" : "are"} removed (${since})`;
}

function sayKept(session: Session, report: VacuumReport, dependant: Dependant | undefined): void {
  if (report.youngFiles > 0) {
    session.say(`${counted(report.youngFiles, "file")} that no version needs may belong to a writer at work: kept.`);
  }
  if (dependant !== undefined && dependant.version < report.version) {
    session.say(`Files of versions after ${dependant.version} are kept until ${dependant.table} has taken them in.`);
  }
}

function reportJson(report: VacuumReport): Parameters<Session["printJson"]>[1] {
  return {
    version: report.version,
    dryRun: report.isDryRun,
    leftBefore: new Date(report.cutoffMs).toISOString(),
    removedFiles: report.removed.length,
    removedBytes: report.removedBytes,
    youngFiles: report.youngFiles,
    files: report.removed.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
  };
}
