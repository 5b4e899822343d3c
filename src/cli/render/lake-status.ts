import {
  readTotals,
  type LakeStatus,
  type LastReconciliation,
  type PlannedRead,
  type PlannedStep,
  type TableStatus,
} from "../../lake/index.ts";
import type { TargetState } from "../../layers/index.ts";
import { byteSize, counted, duration, moment, percent, relativeTime, thousands } from "./amounts.ts";
import { failureJson } from "./failure-text.ts";
import type { Jsonable } from "./json.ts";
import { noticesText } from "./notices.ts";
import type { Paint } from "./paint.ts";
import { textTable, type Cell } from "./text-table.ts";

export interface StatusTextOptions {
  readonly paint: Paint;
  readonly nowMs: number;
}

/** Tables, what waits, and the last runs. */
export function statusText(status: LakeStatus, options: StatusTextOptions): string {
  const { paint, nowMs } = options;
  const columns = [
    { title: "table" },
    { title: "version", align: "right" as const },
    { title: "rows", align: "right" as const },
    { title: "size", align: "right" as const },
    { title: "committed" },
    { title: "newest change" },
    { title: "quality", align: "right" as const },
    { title: "state" },
  ];
  const rows = status.tables.map((table): Cell[] => [
    table.table,
    table.version === undefined ? "–" : String(table.version),
    table.size?.rows === undefined ? "–" : thousands(table.size.rows),
    table.size === undefined ? "–" : byteSize(table.size.sizeBytes),
    table.committedMs === undefined ? "–" : relativeTime(table.committedMs, nowMs),
    table.newestEventMs === undefined ? "–" : moment(table.newestEventMs, nowMs),
    table.lastRun?.score === undefined ? "" : percent(table.lastRun.score),
    stateCell(table, paint),
  ]);
  const waiting = status.tables.map(({ table, plan }) => ({ table, notices: plan?.waiting ?? [] }));
  return (
    textTable(columns, rows, options) +
    noticesText("Waiting", waiting, paint) +
    targetsText(status, options) +
    reconciledText(status, options) +
    runsText(status, options)
  );
}

/** How far tables are in their targets, as far as the lake remembers; nothing at all where none has one. */
function targetsText({ tables }: LakeStatus, { paint }: StatusTextOptions): string {
  const rows = tables.flatMap(({ table, version, target }): Cell[][] => {
    if (target === undefined) return [];
    const published = target.version === undefined ? "–" : String(target.version);
    return [[table, target.target, published, lagCell(version, target, paint)]];
  });
  if (rows.length === 0) return "";
  const columns = [
    { title: "table" },
    { title: "target" },
    { title: "published", align: "right" as const },
    { title: "state" },
  ];
  return `\n${paint.bold("Targets")}\n${textTable(columns, rows, { paint, indent: "  " })}`;
}

/** How tables compared with their sources; nothing at all where none was. */
function reconciledText({ tables }: LakeStatus, { paint, nowMs }: StatusTextOptions): string {
  const rows = tables.flatMap(({ table, reconciled }): Cell[][] => {
    if (reconciled === undefined) return [];
    const { startedMs, version } = reconciled;
    return [[table, moment(startedMs, nowMs), String(version), reconciledCell(reconciled, paint)]];
  });
  if (rows.length === 0) return "";
  const columns = [
    { title: "table" },
    { title: "compared" },
    { title: "version", align: "right" as const },
    { title: "outcome" },
  ];
  return `\n${paint.bold("Compared with their sources")}\n${textTable(columns, rows, { paint, indent: "  " })}`;
}

function reconciledCell({ verdict, missing, extra, different }: LastReconciliation, paint: Paint): Cell {
  if (verdict === "equal") return { text: "equal", paint: paint.green };
  if (verdict !== "different") return { text: verdict, paint: paint.yellow };
  const counts = `${thousands(missing)} missing, ${thousands(extra)} extra, ${thousands(different)} different`;
  return { text: counts, paint: paint.red };
}

function lagCell(newest: number | undefined, { version, isCurrent }: TargetState, paint: Paint): Cell {
  if (isCurrent)
    return newest === undefined ? { text: "empty", paint: paint.dim } : { text: "up to date", paint: paint.green };
  if (version === undefined || newest === undefined) return { text: "to be published", paint: paint.yellow };
  return { text: `${counted(newest - version, "version")} behind`, paint: paint.yellow };
}

/** In a few words: up to date, or what the next run has to do, or why it cannot. */
function stateCell(table: TableStatus, paint: Paint): Cell {
  const failure = table.problem ?? table.plan?.problem;
  if (failure !== undefined) return { text: `stopped: ${failure.code}`, paint: paint.red };
  const step = table.plan?.step ?? { kind: "nothing" };
  switch (step.kind) {
    case "read":
      return readCell(step.batches, table, paint);
    case "fold":
      return foldCell(step, paint);
    case "refresh":
      return table.version === undefined ? { text: "to be built", paint: paint.yellow } : newsCell(step, paint);
    case "rebuild":
      return { text: "needs a rebuild", paint: paint.red };
    case "nothing":
      return restingCell(table, paint);
  }
}

function readCell(batches: readonly PlannedRead[], { version }: TableStatus, paint: Paint): Cell {
  const { files, records } = readTotals(batches);
  // Whether a stream has news only reading it tells.
  if (files + records === 0 && version !== undefined) return { text: "follows its source", paint: paint.green };
  return { text: `${counted(records, "record")} to read`, paint: paint.yellow };
}

function foldCell(step: Extract<PlannedStep, { kind: "fold" }>, paint: Paint): Cell {
  const behind = step.to === undefined ? 0 : step.to - step.from + 1;
  return behind > 0 ? { text: `${counted(behind, "version")} behind`, paint: paint.yellow } : newsCell(step, paint);
}

function newsCell({ follows }: { readonly follows?: true }, paint: Paint): Cell {
  return follows === true
    ? { text: "follows its input", paint: paint.green }
    : { text: "input has news", paint: paint.yellow };
}

function restingCell({ version, lastRun, reconciled }: TableStatus, paint: Paint): Cell {
  if (lastRun?.outcome === "failed") return { text: `failed: ${lastRun.errorCode ?? ""}`, paint: paint.red };
  if (reconciled?.verdict === "different") return { text: "differs from the source", paint: paint.red };
  return version === undefined ? { text: "empty", paint: paint.dim } : { text: "up to date", paint: paint.green };
}

function runsText({ runs }: LakeStatus, { paint, nowMs }: StatusTextOptions): string {
  if (runs.length === 0) return "";
  const columns = [
    { title: "run" },
    { title: "started" },
    { title: "worked", align: "right" as const },
    { title: "rows read", align: "right" as const },
    { title: "tables" },
  ];
  const rows = runs.map((run): Cell[] => [
    run.run,
    moment(run.startedMs, nowMs),
    duration(run.elapsedMs),
    thousands(run.rows),
    run.failed === 0
      ? `${run.changed} changed`
      : { text: `${run.changed} changed, ${run.failed} failed`, paint: paint.red },
  ]);
  const table = textTable(columns, rows, { paint, indent: "  " });
  return `\n${paint.bold("Last runs that did something")}\n${table}`;
}

export function statusJson(status: LakeStatus): { readonly [name: string]: Jsonable } {
  return {
    tables: status.tables.map((table) => ({
      table: table.table,
      layer: table.layer,
      version: table.version ?? null,
      committedAt: isoTime(table.committedMs),
      rows: table.size?.rows ?? null,
      files: table.size?.files ?? null,
      sizeBytes: table.size?.sizeBytes ?? null,
      newestChangeAt: isoTime(table.newestEventMs),
      next: table.plan?.step.kind ?? "nothing",
      lag: lagJson(table),
      waiting: (table.plan?.waiting ?? []).map(({ what, why }) => ({ what, why })),
      lastRun: lastRunJson(table),
      target: targetJson(table),
      reconciled: reconciledJson(table),
      error: errorJson(table),
    })),
    runs: status.runs.map((run) => ({
      run: run.run,
      startedAt: isoTime(run.startedMs),
      elapsedMs: run.elapsedMs,
      changed: run.changed,
      failed: run.failed,
      rowsRead: run.rows,
    })),
  };
}

/** How far a table is behind what it is made from; null when it is not. */
function lagJson({ plan }: TableStatus): Jsonable {
  const step = plan?.step;
  if (step?.kind === "read") {
    return { records: readTotals(step.batches).records, batches: step.batches.length };
  }
  if (step?.kind === "fold")
    return { versions: step.to === undefined ? null : step.to - step.from + 1, because: step.because };
  return step?.kind === "refresh" ? { because: step.because } : null;
}

function lastRunJson({ lastRun }: TableStatus): Jsonable {
  if (lastRun === undefined) return null;
  const { run, outcome, startedMs, score, errorCode } = lastRun;
  return { run, outcome, startedAt: isoTime(startedMs), score: score ?? null, errorCode: errorCode ?? null };
}

function targetJson({ target, version }: TableStatus): Jsonable {
  if (target === undefined) return null;
  const { target: name, version: published = null, isCurrent } = target;
  const lag = isCurrent || published === null || version === undefined ? null : version - published;
  return { name, version: published, isCurrent, versionsBehind: lag };
}

function reconciledJson({ reconciled }: TableStatus): Jsonable {
  if (reconciled === undefined) return null;
  const { startedMs, ...found } = reconciled;
  return { startedAt: isoTime(startedMs), ...found };
}

function errorJson({ problem, plan }: TableStatus): Jsonable {
  const failure = problem ?? plan?.problem;
  return failure === undefined ? null : failureJson(failure);
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
