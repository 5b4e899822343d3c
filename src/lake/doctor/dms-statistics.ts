import { SluiceError, parseJson, type JsonValue } from "../../base/index.ts";
import type { BronzeDefinition, DmsDefinition } from "../../definition/index.ts";
import { countOf } from "../../engine/index.ts";
import { openNewest, placeOf } from "../../layers/index.ts";
import type { Lake } from "../open-lake.ts";
import { count } from "./amount-texts.ts";
import { Findings, type Finding } from "./finding.ts";

/** Rows by what happened to them. */
export interface RowCounts {
  readonly loaded: number;
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
}

/** What a task of AWS DMS says of one table (AWS DMS API Reference, "TableStatistics"). */
export interface TableStatistics extends RowCounts {
  readonly schema: string;
  readonly table: string;
  readonly state: string;
  /** Rows that DMS itself could not write. */
  readonly failed: number;
}

/** Reads what `aws dms describe-table-statistics` prints. Fails with `usage.invalid` where the text is something else. */
export function readStatistics(text: string): readonly TableStatistics[] {
  let answer: JsonValue;
  try {
    answer = parseJson(text);
  } catch (error) {
    throw notStatistics("it is no JSON", error);
  }
  const tables = memberOf(answer, "TableStatistics");
  if (!Array.isArray(tables)) throw notStatistics("it has no TableStatistics");
  return tables.map((one: JsonValue) => ({
    schema: textOf(one, "SchemaName"),
    table: textOf(one, "TableName"),
    state: textOf(one, "TableState"),
    loaded: numberOf(one, "FullLoadRows"),
    failed: numberOf(one, "FullLoadErrorRows") + numberOf(one, "FullLoadCondtnlChkFailedRows"),
    inserts: numberOf(one, "Inserts"),
    updates: numberOf(one, "Updates"),
    deletes: numberOf(one, "Deletes"),
  }));
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })[name]
    : undefined;
}

function textOf(value: JsonValue, name: string): string {
  const member = memberOf(value, name);
  return typeof member === "string" ? member : "";
}

function numberOf(value: JsonValue, name: string): number {
  const member = Number(memberOf(value, name) ?? 0);
  return Number.isFinite(member) ? member : 0;
}

function notStatistics(why: string, cause?: unknown): SluiceError {
  return new SluiceError("usage.invalid", `Cannot use --dms-statistics: ${why}`, {
    advice: "Give what `aws dms describe-table-statistics --replication-task-arn … --output json` prints.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Compares what a task says that it delivered with what is in Bronze since the last load. */
export async function compareStatistics(
  lake: Lake,
  { name, source }: BronzeDefinition & { readonly source: DmsDefinition },
  statistics: readonly TableStatistics[],
): Promise<readonly Finding[]> {
  const told = statistics.find(({ schema, table }) => schema === source.schema && table === source.table);
  return judgeStatistics(name, told, await countsOf(lake, name));
}

/** Rows of the newest epoch, which begins with a load. What an update of the key takes away is no record of its own. */
async function countsOf(lake: Lake, name: BronzeDefinition["name"]): Promise<RowCounts> {
  const table = await openNewest(placeOf(lake, name));
  if (table.snapshot === undefined) return { loaded: 0, inserts: 0, updates: 0, deletes: 0 };
  const [row] = await lake.engine.rows({
    sql: `SELECT count(*) FILTER (WHERE _op = 'R') AS loaded, count(*) FILTER (WHERE _op = 'I') AS inserts,
      count(*) FILTER (WHERE _op = 'U') AS updates,
      count(*) FILTER (WHERE _op = 'D' AND json_extract_string(_source_meta, '/movedTo') IS NULL) AS deletes
      FROM bronze WHERE left(_sequence, 4) = (SELECT max(left(_sequence, 4)) FROM bronze)`,
    inputs: { bronze: { kind: "table", table } },
  });
  const of = (what: keyof RowCounts): number => countOf(row, what);
  return { loaded: of("loaded"), inserts: of("inserts"), updates: of("updates"), deletes: of("deletes") };
}

const KINDS = [
  ["loaded", "row of the load", "rows of the load"],
  ["inserts", "insert", "inserts"],
  ["updates", "update", "updates"],
  ["deletes", "delete", "deletes"],
] as const;

export function judgeStatistics(
  name: string,
  told: TableStatistics | undefined,
  counts: RowCounts,
): readonly Finding[] {
  const findings = new Findings(name);
  if (told === undefined) {
    findings.add("warning", "dms", "the statistics do not name this table", "statistics of the task that writes it");
    return findings.all;
  }
  if (told.failed > 0)
    findings.add(
      "problem",
      "dms",
      `DMS itself could not write ${count(told.failed, "row")} of the load`,
      "the task's log",
    );
  if (/error/i.test(told.state))
    findings.add("problem", "dms", `the task says of the table: ${told.state}`, "the task's log");
  const apart = KINDS.filter(([kind]) => counts[kind] !== told[kind]);
  const totals = KINDS.map(([kind, one, many]) => counted(told[kind], one, many)).join(", ");
  if (apart.length === 0) findings.add("ok", "dms", `Bronze has what the task delivered: ${totals}`);
  for (const [kind, one, many] of apart) {
    const text = `the task delivered ${counted(told[kind], one, many)}, Bronze has ${counts[kind].toLocaleString("en-US")}`;
    if (counts[kind] < told[kind])
      findings.add("warning", "dms", `${text}: files on their way, in quarantine, or lost`, `sluice run ${name}`);
    else
      findings.add(
        "warning",
        "dms",
        `${text}: the task counts anew since it was started again, or delivered some twice`,
      );
  }
  return findings.all;
}

function counted(number: number, one: string, many: string): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}
