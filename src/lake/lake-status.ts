import type { SluiceError } from "../base/index.ts";
import { isFailure } from "../base/index.ts";
import type { Layer, TableName } from "../contract/index.ts";
import type { TableDefinition } from "../definition/index.ts";
import type { Row } from "../engine/index.ts";
import { openNewest, placeOf, publishes, targetState, type TargetState } from "../layers/index.ts";
import type { Lake } from "./open-lake.ts";
import { planLake, type TablePlan } from "./plan-lake.ts";
import { millisCell, numberCell, textCell } from "./row-cells.ts";
import { newestMoment, tableSize, type TableSize } from "./table-size.ts";

export interface LakeStatus {
  readonly tables: readonly TableStatus[];
  /** The newest runs that did something, newest first. */
  readonly runs: readonly RunSummary[];
}

export interface TableStatus {
  readonly table: TableName;
  readonly layer: Layer;
  /** Undefined: the table does not exist yet. */
  readonly version: number | undefined;
  /** When the newest version was committed, ms since the epoch. */
  readonly committedMs: number | undefined;
  readonly size: TableSize | undefined;
  /** When the newest change in the table happened at the source; undefined for Gold and where nothing tells. */
  readonly newestEventMs: number | undefined;
  /** What the next run would do with it: nothing means it is up to date. */
  readonly plan: TablePlan | undefined;
  readonly lastRun: TableRun | undefined;
  /** The target that its rows are published to; undefined where it names none. */
  readonly target?: TargetState | undefined;
  /** How its source was compared with it last; undefined: it never was, or it has none. */
  readonly reconciled?: LastReconciliation | undefined;
  /** Why the table cannot be read. */
  readonly problem: SluiceError | undefined;
}

/** The last time that a run changed a table or failed at it. */
export interface TableRun {
  readonly run: string;
  readonly outcome: string;
  readonly startedMs: number;
  readonly score: number | undefined;
  readonly errorCode: string | undefined;
}

/** The last complete comparison of a table with its source. */
export interface LastReconciliation {
  readonly startedMs: number;
  readonly verdict: string;
  /** Of the table that was compared. */
  readonly version: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
}

export interface RunSummary {
  readonly run: string;
  readonly startedMs: number;
  readonly elapsedMs: number;
  readonly changed: number;
  readonly failed: number;
  readonly rows: number;
}

const RUNS_SHOWN = 5;

/** How the lake stands. Writes nothing; starts the engine only to read what `system` tables tell. */
export async function lakeStatus(lake: Lake): Promise<LakeStatus> {
  const plans = new Map((await planLake(lake)).map((plan) => [plan.table, plan]));
  const runs = await readRuns(lake);
  const reconciled = await readReconciliations(lake);
  const tables: TableStatus[] = [];
  for (const definition of lake.definition.tables) {
    const status = await tableStatus(lake, definition, plans.get(definition.name), runs.byTable.get(definition.name));
    tables.push({ ...status, reconciled: reconciled.get(definition.name) });
  }
  return { tables, runs: runs.newest };
}

async function tableStatus(
  lake: Lake,
  definition: TableDefinition,
  plan: TablePlan | undefined,
  lastRun: TableRun | undefined,
): Promise<TableStatus> {
  const { name: table, layer } = definition;
  const unknown = { version: undefined, committedMs: undefined, size: undefined, newestEventMs: undefined };
  try {
    const { snapshot } = await openNewest(placeOf(lake, table));
    const target = publishes(definition) ? await targetState(lake, definition, lake.definition.name) : undefined;
    if (snapshot === undefined) return { table, layer, ...unknown, plan, lastRun, target, problem: undefined };
    const eventColumn = { bronze: "_source_ts", silver: "_updated_at", gold: undefined }[layer];
    return {
      table,
      layer,
      version: snapshot.version,
      committedMs: snapshot.timestampMs,
      size: tableSize(snapshot),
      newestEventMs: eventColumn === undefined ? undefined : newestMoment(snapshot, eventColumn),
      plan,
      lastRun,
      target,
      problem: undefined,
    };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { table, layer, ...unknown, plan, lastRun, problem: error };
  }
}

async function readRuns(
  lake: Lake,
): Promise<{ readonly byTable: ReadonlyMap<string, TableRun>; readonly newest: readonly RunSummary[] }> {
  const table = await openNewest(lake.tables.place("system", "runs"));
  if (table.snapshot === undefined) return { byTable: new Map(), newest: [] };
  const inputs = { runs: { kind: "table", table } } as const;
  const last = await lake.engine.rows({
    sql: `SELECT table_name, run, outcome, started_at, quality_score, error_code FROM runs
      QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY started_at DESC, run DESC) = 1`,
    inputs,
  });
  const newest = await lake.engine.rows({
    sql: `SELECT run, min(started_at) AS started_at, sum(elapsed_ms)::BIGINT AS elapsed_ms,
      count(*) FILTER (WHERE outcome = 'changed') AS changed, count(*) FILTER (WHERE outcome = 'failed') AS failed,
      coalesce(sum(rows) FILTER (WHERE table_name LIKE 'bronze.%'), 0)::BIGINT AS rows
      FROM runs GROUP BY run ORDER BY 2 DESC, run DESC LIMIT ${RUNS_SHOWN}`,
    inputs,
  });
  return {
    byTable: new Map(last.map((row) => [textCell(row, "table_name"), tableRun(row)])),
    newest: newest.map((row) => ({
      run: textCell(row, "run"),
      startedMs: millisCell(row, "started_at"),
      elapsedMs: numberCell(row, "elapsed_ms"),
      changed: numberCell(row, "changed"),
      failed: numberCell(row, "failed"),
      rows: numberCell(row, "rows"),
    })),
  };
}

async function readReconciliations(lake: Lake): Promise<ReadonlyMap<string, LastReconciliation>> {
  const table = await openNewest(lake.tables.place("system", "reconciliations"));
  if (table.snapshot === undefined) return new Map();
  const rows = await lake.engine.rows({
    sql: `SELECT table_name, started_at, verdict, version, missing, extra, different FROM reconciliations
      QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY started_at DESC, run DESC) = 1`,
    inputs: { reconciliations: { kind: "table", table } },
  });
  return new Map(
    rows.map((row) => [
      textCell(row, "table_name"),
      {
        startedMs: millisCell(row, "started_at"),
        verdict: textCell(row, "verdict"),
        version: numberCell(row, "version"),
        missing: numberCell(row, "missing"),
        extra: numberCell(row, "extra"),
        different: numberCell(row, "different"),
      },
    ]),
  );
}

function tableRun(row: Row): TableRun {
  const score = row["quality_score"];
  const code = row["error_code"];
  return {
    run: textCell(row, "run"),
    outcome: textCell(row, "outcome"),
    startedMs: millisCell(row, "started_at"),
    score: typeof score === "number" ? score : undefined,
    errorCode: typeof code === "string" ? code : undefined,
  };
}
