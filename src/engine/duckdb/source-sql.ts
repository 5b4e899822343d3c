import { SluiceError } from "../../base/index.ts";
import type { StructType } from "../../contract/index.ts";
import type { AddFile } from "../../delta/index.ts";
import type { Input, OpenTable, Relation, Row } from "../engine.ts";
import { changesSql } from "./changes/changes-sql.ts";
import { chunksOf } from "./engine-values.ts";
import { readJsonLines } from "./json-lines.ts";
import type { CheckedQueries } from "./checked-queries.ts";
import type { ScratchFiles } from "./scratch-files.ts";
import { noRows, tableScan, type ScanAccess } from "./table-scan.ts";
import { quoteIdentifier, sqlTypeOf } from "../sql-text.ts";
import { filesWithin } from "./file-statistics.ts";
import { predicateRanges } from "./pruning/predicate-ranges.ts";
import type { TableFilter } from "./pruning/table-filters.ts";
import { fileList } from "./literal-list.ts";

export interface SourceAccess extends ScanAccess {
  readonly scratches: ScratchFiles;
  readonly checked: CheckedQueries;
  /** How long a line of JSON may be. */
  readonly lineBytes: number;
}

export interface SourceSql {
  /** One self-contained SELECT. */
  readonly sql: string;
  /** Lines of it before the relation's own SQL begins. */
  readonly linesBefore: number;
}

/**
 * What of a relation is wanted: its rows, or no more than its columns. These do not depend on what is in the inputs, whose rows are
 * left out then: no file is named, no deletion vector read, and the engine is done in a fraction of the time.
 */
export type Wanted = "rows" | "columns";

/**
 * A relation as one SELECT: its inputs become common table expressions in front of its own SQL, which may begin with a
 * WITH of its own and shadows nothing outside.
 */
export async function sourceSql(access: SourceAccess, relation: Relation, wanted: Wanted = "rows"): Promise<SourceSql> {
  const { tables, filters } = await access.checked.check(access.session, relation.sql, Object.keys(relation.inputs));
  const inputs: string[] = [];
  for (const [name, input] of Object.entries(relation.inputs)) {
    // What nobody reads need not be found, opened or planned.
    if (!tables.has(name.toLowerCase())) continue;
    const filter = filters.get(name.toLowerCase());
    inputs.push(`${quoteIdentifier(name)} AS NOT MATERIALIZED (${await inputSql(access, input, { wanted, filter })})`);
  }
  const prelude = inputs.length === 0 ? "" : `WITH ${inputs.join(",\n")}\n`;
  const before = `${prelude}SELECT * FROM (\n`;
  return { sql: `${before}${withoutSemicolon(relation.sql)}\n)`, linesBefore: before.split("\n").length - 1 };
}

interface Use {
  readonly wanted: Wanted;
  /** What the rows that the relation looks at have to satisfy. */
  readonly filter: TableFilter | undefined;
}

async function inputSql(access: SourceAccess, input: Input, use: Use): Promise<string> {
  const { wanted } = use;
  switch (input.kind) {
    case "table":
      return await tableRows(access, input, use);
    case "files":
      return await scanOf(access, input, wanted === "rows" ? input.files : []);
    case "changes":
      return await changesSql(access, input);
    case "ndjson":
      return `SELECT * FROM ${readJsonLines({ ...input, lineBytes: access.lineBytes })}`;
    case "parquet":
      return parquetRows(input);
    case "rows":
      return isEmpty(input, wanted) ? noRows(input.schema.fields) : `SELECT * FROM ${await rowsTable(access, input)}`;
    case "scratch":
      return isEmpty(input.scratch, wanted) ? noRows(input.scratch.schema.fields) : access.scratches.sql(input.scratch);
    case "relation":
      return (await sourceSql(access, input.relation, wanted)).sql;
  }
}

function parquetRows({ files, positions }: Extract<Input, { kind: "parquet" }>): string {
  if (positions !== true) return `SELECT * FROM read_parquet(${fileList(files)}, union_by_name = true)`;
  const read = `read_parquet(${fileList(files)}, union_by_name = true, filename = '__file', file_row_number = true)`;
  return `SELECT * EXCLUDE (file_row_number), file_row_number AS __row FROM ${read}`;
}

async function tableRows(
  access: SourceAccess,
  { table, ranges = [], ...options }: Extract<Input, { kind: "table" }>,
  { wanted, filter }: Use,
): Promise<string> {
  const { snapshot } = requireSnapshot(table);
  const { metadata } = snapshot;
  if (wanted === "columns") return await scanOf(access, { table, ...options }, []);
  const filtered =
    filter === undefined
      ? []
      : await predicateRanges(access.session, filter.where, { schema: metadata.schema, alias: filter.alias });
  const files = filesWithin(snapshot, metadata, [...ranges, ...filtered]);
  return await scanOf(access, { table, ...options }, files);
}

async function scanOf(
  access: SourceAccess,
  input: { readonly table: OpenTable; readonly positions?: boolean | "index"; readonly rowIds?: boolean },
  files: readonly AddFile[],
): Promise<string> {
  const { table, positions, rowIds } = input;
  const { metadata } = requireSnapshot(table).snapshot;
  const shown = rowIds === true ? { rowIds: ROW_IDS } : {};
  return await tableScan(access, { table, metadata, files, ...positionsOf(positions), ...shown });
}

/** As users see them. */
const ROW_IDS = { id: "_row_id", version: "_row_commit_version" };

function positionsOf(positions: boolean | "index" | undefined): { positions?: "path" | "index" } {
  if (positions === undefined || positions === false) return {};
  return { positions: positions === "index" ? "index" : "path" };
}

function requireSnapshot(table: OpenTable): { snapshot: NonNullable<OpenTable["snapshot"]> } {
  const { snapshot } = table;
  if (snapshot !== undefined) return { snapshot };
  throw new SluiceError("table.missing", `Cannot read table ${table.name}: there is none`, {
    facts: { location: table.store.url },
  });
}

function isEmpty({ schema, rows }: { schema: StructType; rows: number | readonly Row[] }, wanted: Wanted): boolean {
  return schema.fields.length > 0 && (wanted === "columns" || (typeof rows !== "number" && rows.length === 0));
}

async function rowsTable(access: SourceAccess, input: { schema: StructType; rows: readonly Row[] }): Promise<string> {
  const name = access.session.newName("rows");
  const columns = input.schema.fields.map((field) => `${quoteIdentifier(field.name)} ${sqlTypeOf(field.type)}`);
  const doing = { what: "take rows into the engine" };
  await access.session.run(`CREATE TEMP TABLE ${name} (${columns.join(", ")})`, doing);
  await access.session.fill(name, chunksOf(input.schema, input.rows), doing);
  return name;
}

function withoutSemicolon(sql: string): string {
  return sql.replace(/[\s;]+$/, "");
}
