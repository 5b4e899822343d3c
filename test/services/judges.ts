import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CanonicalRow, DeltaStruct } from "./canonical-rows.ts";
import { startJudgeProcess, type Engine, type JudgeProcess } from "./judge-process.ts";
import { partFolder } from "./parts.ts";

export { partsAvailable, requirePart, type Part, type PartAvailability } from "./parts.ts";

/** Starts delta-rs of one version. Ready within a second. */
export async function startDeltaRs(
  version: "1.6.3" | "1.6.6",
  { requestTimeoutMs = 240_000 }: JudgeOptions = {},
): Promise<DeltaRsJudge> {
  const judge = await startJudgeProcess({
    program: join(partFolder(`delta-${version}`), "bin", "python"),
    programArguments: [scriptPath("judge_delta_rs.py")],
    startTimeoutMs: 30_000,
    requestTimeoutMs,
  });
  return {
    ...commonMethods(judge),
    query: (path, sql, options = {}) => answer(judge, "query", { path, sql, ...readFields(options) }),
    delete: (path, predicate) => answer(judge, "delete", { path, predicate }),
    merge: (path, sourceParquet, key) => answer(judge, "merge", { path, source_parquet: sourceParquet, key }),
    arrowForms: (target) => answer(judge, "arrow_forms", { target }),
    arrow: (source, target) => answer(judge, "arrow", { source, target }),
    writeParquetAsDelta: (path, source, { mode = "append" } = {}) =>
      answer(judge, "write_parquet_as_delta", { path, source, mode }),
  };
}

/** Starts Spark with Delta Lake. Takes some seconds, and some more for its first table: start one for a whole file. */
export async function startSpark({
  requestTimeoutMs = 300_000,
  startTimeoutMs = 120_000,
}: JudgeOptions & { readonly startTimeoutMs?: number } = {}): Promise<SparkJudge> {
  const judge = await startJudgeProcess({
    program: join(partFolder("spark"), "bin", "python"),
    programArguments: [scriptPath("judge_spark.py"), partFolder("delta-jars")],
    startTimeoutMs,
    requestTimeoutMs,
  });
  return {
    ...commonMethods(judge),
    sql: (sql, { limitRows } = {}) => answer(judge, "sql", { sql, limit_rows: limitRows }),
  };
}

export interface JudgeOptions {
  /** How long one answer may take; a judge that is late is stopped. */
  readonly requestTimeoutMs?: number;
}

/** An independent reader and writer of Delta tables. Paths are absolute folders on this machine. */
export interface Judge extends AsyncDisposable {
  readonly engine: Engine;
  rows(path: string, options?: RowsOptions): Promise<RowsAnswer & VersionAnswer>;
  /** Writes all rows as one Parquet file: of a large table quicker than rows that Python spells, to be compared by an engine. */
  copy(path: string, target: string, options?: Pick<RowsOptions, "version">): Promise<CopyAnswer>;
  /** The versions that the engine can travel to, ascending. */
  versions(path: string): Promise<readonly number[]>;
  /** What the commits say of themselves, oldest first, in the engine's own words. */
  history(path: string): Promise<readonly HistoryEntry[]>;
  schema(path: string): Promise<DeltaStruct>;
  protocol(path: string): Promise<DeltaProtocol>;
  /** Appends rows; columns that a row lacks are null. Values are plain JSON or in canonical form. */
  append(path: string, rows: readonly AppendRow[]): Promise<VersionAnswer>;
  close(): Promise<void>;
}

export interface DeltaRsJudge extends Judge {
  /** Runs a query over the table, whose name in it is `t`. Rows come in the order of the result. */
  query(path: string, sql: string, options?: Omit<RowsOptions, "columns">): Promise<RowsAnswer & VersionAnswer>;
  delete(path: string, predicate: string): Promise<VersionAnswer>;
  /** Updates all columns of the rows whose key matches, inserts the others. */
  merge(path: string, sourceParquet: string, key: string): Promise<WorkAnswer & { readonly metrics: object }>;
  /** Reads a file with an Arrow IPC stream by pyarrow, which writes its rows to another one. */
  arrow(source: string, target: string): Promise<RowsAnswer & { readonly types: Readonly<Record<string, string>> }>;
  /** Writes an Arrow file of three rows, in forms of Arrow's that Delta tables are not read in. */
  arrowForms(target: string): Promise<{ readonly count: number }>;
  writeParquetAsDelta(path: string, source: string, options?: { readonly mode?: WriteMode }): Promise<WorkAnswer>;
}

export interface SparkJudge extends Judge {
  /** Runs any statement; a table is ``delta.`/absolute/path` ``. Rows come in the order of the result. */
  sql(statement: string, options?: { readonly limitRows?: number }): Promise<RowsAnswer>;
}

export type WriteMode = "append" | "overwrite" | "error";

export interface RowsOptions {
  /** The latest where not given. */
  readonly version?: number;
  readonly columns?: readonly string[];
  /** Up to how many rows the answer lists them; 1,000 where not given. */
  readonly limitRows?: number;
}

export interface RowsAnswer {
  readonly count: number;
  /** Over the sorted canonical lines, as `canonicalRows` has it. */
  readonly sha256: string;
  /** Null where there are more than `limitRows`. */
  readonly rows: readonly CanonicalRow[] | null;
}

export interface CopyAnswer extends VersionAnswer {
  readonly count: number;
}

export interface VersionAnswer {
  readonly version: number;
}

export interface WorkAnswer extends VersionAnswer {
  readonly seconds: number;
  /** Of all threads of the engine. */
  readonly cpuSeconds: number;
}

export interface DeltaProtocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures: readonly string[];
  readonly writerFeatures: readonly string[];
}

export type HistoryEntry = VersionAnswer & Readonly<Record<string, unknown>>;
export type AppendRow = Readonly<Record<string, AppendValue>>;
export type AppendValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly AppendValue[]
  | { readonly [name: string]: AppendValue };

function commonMethods(judge: JudgeProcess): Judge {
  return {
    engine: judge.engine,
    rows: (path, options = {}) => answer(judge, "rows", { path, columns: options.columns, ...readFields(options) }),
    copy: (path, target, { version } = {}) => answer(judge, "copy", { path, target, version }),
    versions: async (path) => (await answer<{ versions: number[] }>(judge, "versions", { path })).versions,
    history: async (path) => (await answer<{ history: HistoryEntry[] }>(judge, "history", { path })).history,
    schema: async (path) => (await answer<{ schema: DeltaStruct }>(judge, "schema", { path })).schema,
    protocol: async (path) => (await answer<{ protocol: DeltaProtocol }>(judge, "protocol", { path })).protocol,
    append: (path, rows) => answer(judge, "append", { path, rows }),
    close: () => judge.close(),
    [Symbol.asyncDispose]: () => judge.close(),
  };
}

/** The judges are part of this folder, so what they answer is taken at its word. */
async function answer<Answer>(judge: JudgeProcess, operation: string, fields: object): Promise<Answer> {
  const { id: _id, ok: _ok, ...rest } = (await judge.ask(operation, fields)) as Record<string, unknown>;
  return rest as Answer;
}

function readFields({ version, limitRows }: RowsOptions): object {
  return { version, limit_rows: limitRows };
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
