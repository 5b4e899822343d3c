import { SluiceError } from "../../base/index.ts";
import { identityColumns, rowIdColumns, type AddFile } from "../../delta/index.ts";
import type { OpenTable, UpdateSpec, WriteOptions, WriteOutcome } from "../engine.ts";
import { quoteIdentifier } from "../sql-text.ts";
import { CHANGE_TYPE } from "./changes/change-columns.ts";
import { keepsChangeFeed } from "./changes/write-change-files.ts";
import { commitLoop, type PreparedWrite } from "./commit-loop.ts";
import { conformed } from "./conform.ts";
import type { DraftFiles } from "./draft-files.ts";
import type { EngineParts } from "./engine-parts.ts";
import { filesWithin } from "./file-statistics.ts";
import { collectPositions, type Positions } from "./positions.ts";
import { predicateRanges } from "./pruning/predicate-ranges.ts";
import { assertReadOnlyExpression } from "./query-guard.ts";
import { removeRows, type RemoveRequest } from "./remove-rows.ts";
import { changedRowIds, rowIdNames } from "./row-id-fields.ts";
import { givenIdentity } from "./rules/identities.ts";
import { rulesSql } from "./rules/table-rules-sql.ts";
import type { Session } from "./session.ts";
import { FILE_COLUMN, ROW_COLUMN, tableScan } from "./table-scan.ts";
import type { WriteTarget } from "./write-target.ts";

/** Gives columns new values in the rows for which the predicate is true. */
export async function updateRows(
  parts: EngineParts,
  table: OpenTable,
  spec: UpdateSpec,
  options: WriteOptions = {},
): Promise<WriteOutcome> {
  return await commitLoop(
    parts.database.world,
    table,
    {
      operation: "UPDATE",
      operationParameters: { predicate: spec.where ?? "true" },
      prepare: async (target, draft) => await prepare(parts, { table, spec, target, draft, options }),
    },
    options,
  );
}

interface UpdateRequest {
  readonly table: OpenTable;
  readonly spec: UpdateSpec;
  readonly target: WriteTarget;
  readonly draft: DraftFiles;
  readonly options: WriteOptions;
}

async function prepare(parts: EngineParts, request: UpdateRequest): Promise<PreparedWrite> {
  const { table, spec, target, draft, options } = request;
  refuseUnknown(table, target, spec);
  await using session = await parts.database.session(options.signal);
  for (const expression of Object.values(spec.set)) await assertReadOnlyExpression(session, expression);
  const tree = await assertReadOnlyExpression(session, spec.where ?? "true");
  const metadata = target.snapshot?.metadata ?? target.metadata;
  const ranges = await predicateRanges(session, tree, { schema: metadata.schema, alias: undefined });
  const files = filesWithin(target.snapshot, metadata, ranges);
  const found = await findRows(parts, session, request, files);
  const doing = { what: `update table ${table.name}`, userSql: true, linesBefore: 1 };
  const written = await newRowsOf(parts, session, { request, files, found });
  const { bytesWritten, ...removed } = await removeRows(parts, session, {
    table,
    target,
    hits: found.hits,
    doing,
    draft,
    ...written,
  });
  return {
    ...removed,
    reads: { wholeTable: true, files: new Set(files.map((file) => file.path)) },
    metrics: {
      rowsInserted: 0,
      rowsUpdated: found.hits.count,
      rowsDeleted: 0,
      filesAdded: removed.adds.length,
      filesRemoved: removed.removes.length,
      bytesWritten,
    },
  };
}

interface FoundRows {
  readonly hits: Positions;
  /** A temporary table of (file, row): the predicate is asked once, whatever it would say a second time. */
  readonly name: string;
}

async function findRows(
  parts: EngineParts,
  session: Session,
  { table, spec, target }: UpdateRequest,
  files: readonly AddFile[],
): Promise<FoundRows> {
  const metadata = target.snapshot?.metadata ?? target.metadata;
  const scan = await tableScan(parts.access(session), { table, metadata, files, positions: "index" });
  const doing = { what: `update table ${table.name}`, userSql: true, linesBefore: 1 };
  const name = session.newName("hits");
  const where = `SELECT ${FILE_COLUMN}, ${ROW_COLUMN} FROM (${scan.replaceAll("\n", " ")}) WHERE (\n${spec.where ?? "true"}\n)`;
  await session.run(`CREATE TEMP TABLE ${name} AS ${where}`, doing);
  return { name, hits: await collectPositions(session, `SELECT * FROM ${name}`, { files, doing }) };
}

/** Where the table tells its changes they are kept, as they are written twice: expressions may have another value the second time. */
async function newRowsOf(
  parts: EngineParts,
  session: Session,
  work: { request: UpdateRequest; files: readonly AddFile[]; found: FoundRows },
): Promise<Pick<RemoveRequest, "newRows" | "changed">> {
  const { hits } = work.found;
  if (hits.count === 0) return {};
  const { table, target } = work.request;
  const sql = await newRowsSql(parts, session, work);
  if (!keepsChangeFeed(target)) return { newRows: sql };
  const name = session.newName("new_rows");
  const doing = { what: `update table ${table.name}`, userSql: true, linesBefore: 1 };
  await session.run(`CREATE TEMP TABLE ${name} AS ${sql}`, doing);
  const told = `SELECT *, 'update_postimage' AS ${CHANGE_TYPE} FROM ${name}`;
  return { newRows: `SELECT * FROM ${name}`, changed: { updated: hits.byFile, newRows: told } };
}

/** The rows that were found, with their new values, in the table's columns and types. */
async function newRowsSql(
  parts: EngineParts,
  session: Session,
  { request, files, found }: { request: UpdateRequest; files: readonly AddFile[]; found: FoundRows },
): Promise<string> {
  const { table, spec, target } = request;
  const metadata = target.snapshot?.metadata ?? target.metadata;
  const touched = files.filter((file) => found.hits.byFile.has(file));
  const rowIds = rowIdColumns(target.metadata);
  const scan = await tableScan(parts.access(session), { table, metadata, files: touched, positions: "index", rowIds });
  const rules = rulesSql(session, { ...target, tableName: table.name, world: parts.database.world });
  const values = new Map(Object.entries(spec.set).map(([column, value]) => [column.toLowerCase(), value]));
  const columns = target.metadata.schema.fields.flatMap(({ name }) => {
    const value = values.get(name.toLowerCase());
    // A generated column that nobody gives a value is computed anew from the others.
    if (value === undefined && rules?.generated.has(name) === true) return [];
    return [`${value === undefined ? quoteIdentifier(name) : `(\n${value}\n)`} AS ${quoteIdentifier(name)}`];
  });
  columns.push(...changedRowIds(rowIds, quoteIdentifier));
  const places = touched.map((file, index) => `WHEN ${files.indexOf(file)} THEN ${index}`).join(" ");
  const sql =
    `SELECT ${columns.join(", ")} FROM (${scan.replaceAll("\n", " ")}) WHERE (${FILE_COLUMN}, ${ROW_COLUMN}) IN ` +
    `(SELECT ((CASE ${FILE_COLUMN} ${places} END)::UBIGINT, ${ROW_COLUMN}) FROM ${found.name})`;
  const doing = { what: `update table ${table.name}`, userSql: true, linesBefore: 1 };
  const besides = rowIdNames(rowIds);
  return await conformed(session, sql, {
    schema: target.metadata.schema,
    tableName: table.name,
    doing,
    rules,
    besides,
  });
}

function refuseUnknown(table: OpenTable, target: WriteTarget, spec: UpdateSpec): void {
  const known = new Set(target.metadata.schema.fields.map(({ name }) => name.toLowerCase()));
  for (const { name } of identityColumns(target.metadata.schema)) {
    const isSet = Object.keys(spec.set).some((column) => column.toLowerCase() === name.toLowerCase());
    if (isSet) throw givenIdentity(name, table.name);
  }
  const stray = Object.keys(spec.set).find((column) => !known.has(column.toLowerCase()));
  if (stray === undefined && Object.keys(spec.set).length > 0) return;
  const why = stray === undefined ? "no column is given a value" : `the table does not have column ${stray}`;
  throw new SluiceError("table.schema-mismatch", `Cannot update table ${table.name}: ${why}`, {
    facts: { table: table.name, columns: [...known].join(", ") },
  });
}
