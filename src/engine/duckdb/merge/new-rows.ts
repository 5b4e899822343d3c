import type { StructField } from "../../../contract/index.ts";
import { rowIdColumns, type AddFile, type RowIdColumns } from "../../../delta/index.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../../sql-text.ts";
import { conformed } from "../conform.ts";
import { rowIdNames } from "../row-id-fields.ts";
import { rulesSql, type RulesSql } from "../rules/table-rules-sql.ts";
import { FILE_COLUMN, ROW_COLUMN } from "../table-scan.ts";
import { scanOf, type Matches } from "./find-matches.ts";
import { SOURCE_ROW, sourceField, sourceRows, type MergeStep } from "./merge-step.ts";
import { bitOf, rowBits } from "./row-bits.ts";

/** What rows that a merge writes are, in the words of the change feed. */
export type NewRowType = "update_postimage" | "insert";

/**
 * SQL for the rows that a merge writes, updated and inserted, in the table's columns and types; undefined when there are none. With
 * the name of a column in `typeColumn`, that one says which they are.
 */
export async function newRowsSql(step: MergeStep, matches: Matches, typeColumn?: string): Promise<string | undefined> {
  const { session, table, target, doing } = step;
  const { schema } = target.metadata;
  const tableName = table.name;
  const rules = rulesSql(session, { ...target, tableName, world: step.parts.database.world });
  const typed: string[] = [];
  for (const { sql, type } of await newRows(step, matches, { rules, isTold: typeColumn !== undefined })) {
    const rows = await conformed(session, sql, {
      schema,
      tableName,
      doing,
      rules,
      besides: rowIdNames(rowIdsIn(step)),
    });
    typed.push(
      typeColumn === undefined ? `(${rows})` : `(SELECT *, ${quoteLiteral(type)} AS ${typeColumn} FROM (${rows}))`,
    );
  }
  return typed.length === 0 ? undefined : typed.join(" UNION ALL ");
}

async function newRows(
  step: MergeStep,
  matches: Matches,
  { rules, isTold }: { rules: RulesSql | undefined; isTold: boolean },
): Promise<readonly { readonly sql: string; readonly type: NewRowType }[]> {
  const { updated, inserted, updates, inserts } = matches;
  // A generated column that nobody gives a value is computed anew from the others.
  const fields = step.target.metadata.schema.fields.filter(
    (field) => rules?.generated.has(field.name) !== true || isGiven(step, field),
  );
  const changed = [...fields.map((field) => updatedColumn(step, field)), ...updatedRowIds(step)];
  const added = [...fields.map((field) => insertedColumn(step, field, rules)), ...insertedRowIds(step)];
  if (updated > 0 && (matches.updatesRepeat || changed.some((column) => column.readsTarget))) {
    const sql = await rowsByTarget(step, matches, changed);
    const rows = [{ type: "update_postimage" as const, sql }];
    if (inserted === 0) return rows;
    const more = await rowsOfSource(step, added, { from: [inserts], count: inserted });
    return [...rows, { type: "insert" as const, sql: more }];
  }
  const isAlike = !isTold && changed.every((column, index) => column.sql === added[index]?.sql);
  const parts = isAlike
    ? [{ type: "insert" as const, columns: added, from: [updates, inserts], count: updated + inserted }]
    : [
        { type: "update_postimage" as const, columns: changed, from: [updates], count: updated },
        { type: "insert" as const, columns: added, from: [inserts], count: inserted },
      ];
  const rows: { sql: string; type: NewRowType }[] = [];
  for (const { type, columns, ...chosen } of parts) {
    if (chosen.count > 0) rows.push({ type, sql: await rowsOfSource(step, columns, chosen) });
  }
  return rows;
}

/** Some of the source's rows, or all of them, each once. */
async function rowsOfSource(
  step: MergeStep,
  columns: readonly NewColumn[],
  { from, count }: { from: readonly string[]; count: number },
): Promise<string> {
  const select = `SELECT ${listOf(columns)} FROM ${sourceRows(step)} source`;
  if (count === step.source.rows) return select;
  const chosen = await rowBits(step, from.map((table) => `SELECT s FROM ${table}`).join(" UNION ALL "));
  return `${select}, ${chosen} b WHERE ${bitOf("b", `source.${SOURCE_ROW}`)} = 1`;
}

/**
 * Updates row by row of the target: they need what it had, or are more than the source's rows. The target is read as if no
 * row of it were deleted: the updates name live rows only, and the engine then knows how many rows it reads, so that it keeps
 * the few narrow ones in memory and lets the wide ones stream by.
 */
async function rowsByTarget(step: MergeStep, matches: Matches, columns: readonly NewColumn[]): Promise<string> {
  const touched = matches.scanned.filter((file) => matches.removed.byFile.has(file));
  const place = touched.map((file, index) => `WHEN ${matches.scanned.indexOf(file)} THEN ${index}`).join(" ");
  const scan = await scanOf(step, touched.map(asWhole), rowIdsIn(step));
  return (
    `SELECT ${listOf(columns)} FROM (${scan}) target ` +
    `JOIN (SELECT (CASE f ${place} END)::UBIGINT AS f, r, s FROM ${matches.updates}) u ` +
    `ON target.${FILE_COLUMN} = u.f AND target.${ROW_COLUMN} = u.r ` +
    `JOIN ${sourceRows(step)} source ON source.${SOURCE_ROW} = u.s`
  );
}

function asWhole(file: AddFile): AddFile {
  const { deletionVector, ...whole } = file;
  return deletionVector === undefined ? file : whole;
}

function listOf(columns: readonly NewColumn[]): string {
  return columns.map(({ sql, name }) => `${sql} AS ${quoteIdentifier(name)}`).join(", ");
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

function rowIdsIn({ target }: MergeStep): RowIdColumns | undefined {
  return rowIdColumns(target.metadata);
}

/** A row that is updated keeps its id; the version that it was changed in is that of its new file. */
function updatedRowIds(step: MergeStep): readonly NewColumn[] {
  const columns = rowIdsIn(step);
  if (columns === undefined) return [];
  return [
    { name: columns.id, sql: `target.${quoteIdentifier(columns.id)}`, readsTarget: true },
    { name: columns.version, sql: "NULL::BIGINT", readsTarget: false },
  ];
}

function insertedRowIds(step: MergeStep): readonly NewColumn[] {
  return rowIdNames(rowIdsIn(step)).map((name) => ({ name, sql: "NULL::BIGINT", readsTarget: false }));
}

function isGiven(step: MergeStep, { name }: StructField): boolean {
  const isSet = Object.keys(step.spec.matched?.set ?? {}).some((column) => column.toLowerCase() === name.toLowerCase());
  return isSet || sourceField(step, name) !== undefined;
}

function insertedColumn(step: MergeStep, { name, type }: StructField, rules: RulesSql | undefined): NewColumn {
  const present = sourceField(step, name);
  const missing = `CAST(${rules?.missing.get(name) ?? "NULL"} AS ${sqlTypeOf(type)})`;
  const sql = present === undefined ? missing : `source.${quoteIdentifier(present.name)}`;
  return { name, sql, readsTarget: false };
}
