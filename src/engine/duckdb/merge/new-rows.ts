import type { StructField } from "../../../contract/index.ts";
import { quoteIdentifier, sqlTypeOf } from "../../sql-text.ts";
import { conformed } from "../conform.ts";
import { FILE_COLUMN, ROW_COLUMN } from "../table-scan.ts";
import { scanOf, type Matches } from "./find-matches.ts";
import { SOURCE_ROW, sourceField, sourceRows, type MergeStep } from "./merge-step.ts";

/** SQL for the rows that a merge writes, updated and inserted, in the table's columns and types; undefined when there are none. */
export async function newRowsSql(step: MergeStep, matches: Matches): Promise<string | undefined> {
  const rows: string[] = [];
  if (matches.updated > 0) rows.push(await updatedRows(step, matches));
  if (matches.inserted > 0) rows.push(insertedRows(step, matches));
  const { session, table, target, doing } = step;
  const typed: string[] = [];
  for (const sql of rows) {
    typed.push(`(${await conformed(session, sql, { schema: target.metadata.schema, tableName: table.name, doing })})`);
  }
  return typed.length === 0 ? undefined : typed.join(" UNION ALL ");
}

async function updatedRows(step: MergeStep, matches: Matches): Promise<string> {
  const columns = step.target.metadata.schema.fields.map((field) => updatedColumn(step, field));
  const list = columns.map(({ sql, name }) => `${sql} AS ${quoteIdentifier(name)}`).join(", ");
  const source = `FROM ${matches.updates} u JOIN ${sourceRows(step)} source ON source.${SOURCE_ROW} = u.s`;
  if (!columns.some((column) => column.readsTarget)) return `SELECT ${list} ${source}`;
  const touched = matches.scanned.filter((file) => matches.removed.byFile.has(file));
  const places = touched.map((file) => matches.scanned.indexOf(file));
  const place = places.map((at, index) => `WHEN ${at} THEN ${index}`).join(" ");
  const scan = await scanOf(step, touched);
  return (
    `SELECT ${list} ${source} JOIN (${scan}) target ` +
    `ON target.${FILE_COLUMN} = (CASE u.f ${place} END)::UBIGINT AND target.${ROW_COLUMN} = u.r`
  );
}

interface NewColumn {
  readonly name: string;
  readonly sql: string;
  readonly readsTarget: boolean;
}

/** An expression of its own, else the source's column, else what the row had. */
function updatedColumn(step: MergeStep, field: StructField): NewColumn {
  const { name } = field;
  const set = Object.entries(step.spec.matched?.set ?? {}).find(
    ([column]) => column.toLowerCase() === name.toLowerCase(),
  );
  // Whoever says "target" at all may mean it: reading it in vain only costs time.
  if (set !== undefined) return { name, sql: `(\n${set[1]}\n)`, readsTarget: /\btarget\b/i.test(set[1]) };
  const present = sourceField(step, name);
  if (present !== undefined) return { name, sql: `source.${quoteIdentifier(present.name)}`, readsTarget: false };
  return { name, sql: `target.${quoteIdentifier(name)}`, readsTarget: true };
}

function insertedRows(step: MergeStep, { inserts }: Matches): string {
  const columns = step.target.metadata.schema.fields.map((field) => {
    const present = sourceField(step, field.name);
    const sql = present === undefined ? `NULL::${sqlTypeOf(field.type)}` : `source.${quoteIdentifier(present.name)}`;
    return `${sql} AS ${quoteIdentifier(field.name)}`;
  });
  return `SELECT ${columns.join(", ")} FROM ${sourceRows(step)} source SEMI JOIN ${inserts} i ON i.s = source.${SOURCE_ROW}`;
}
