import { SluiceError, isFailure } from "../../base/index.ts";
import type { StructField } from "../../contract/index.ts";
import {
  physicalTable,
  rowIdColumns,
  type AddFile,
  type RowIdColumns,
  type RowSet,
  type TableMetadata,
} from "../../delta/index.ts";
import type { OpenTable } from "../engine.ts";
import type { DeletedRows } from "./deleted-rows.ts";
import type { FileCache } from "./file-cache.ts";
import type { Session } from "./session.ts";
import { assertFoundById } from "./columns-by-id.ts";
import { explicitRead, named, storedName } from "./explicit-schema.ts";
import { FACTS, createFacts, fileOfRow, partitionFact, partitionLiteral, type FileFacts } from "./table-files.ts";
import { quoteIdentifier, sqlTypeOf } from "../sql-text.ts";
import { renameMembers } from "./rename-members.ts";
import { recordsOf } from "./file-statistics.ts";
import { rowIdFields } from "./row-id-fields.ts";
import { markedFiles } from "./variant/variant-files.ts";
import { PLAIN_VARIANTS, variantReading, type VariantReading } from "./variant/variant-sql.ts";

/** Names of the columns that `positions` adds. */
export const FILE_COLUMN = "__file";
export const ROW_COLUMN = "__row";

export interface ScanOptions {
  readonly table: Pick<OpenTable, "name" | "store">;
  readonly metadata: TableMetadata;
  readonly files: readonly AddFile[];
  /** Adds `__row` and, as `__file`, the path or the file's place in `files`. */
  readonly positions?: "path" | "index";
  /** Rows to leave out besides those that are deleted. */
  readonly hidden?: ReadonlyMap<AddFile, RowSet>;
  /** Adds two columns of these names: the id of each row and the version it was last changed in. */
  readonly rowIds?: RowIdColumns | undefined;
}

export interface ScanAccess {
  readonly session: Session;
  readonly files: FileCache;
  readonly deleted: DeletedRows;
  /** A Parquet file without rows. */
  readonly padding: string;
}

/**
 * SQL for the live rows of some of a table's files: columns typed and named as the schema says, whatever older files hold
 * (a missing one is null, at any depth), partition columns from the log, deleted rows left out.
 * Valid for the session: it refers to temporary tables and to files that the session keeps in reach.
 */
export async function tableScan(access: ScanAccess, options: ScanOptions): Promise<string> {
  const { metadata, files } = options;
  if (files.length === 0) return emptyScan(options);
  const physical = physicalTable(metadata);
  const isStored = (field: StructField): boolean => !physical.partitionColumns.includes(field.name);
  const partitions = physical.partitionColumns.map((name) => columnNamed(physical, name, options.table.name));
  const stored = physical.schema.fields.filter(isStored);
  const paths = await localPaths(access, options);
  const byId = physical.mode === "id";
  const variants = await heldVariants(access.session, { ...options, paths, fields: stored, byId });
  const facts = await loadFacts(access, options);
  const kept = options.rowIds === undefined ? undefined : rowIdColumns(metadata);
  const rows = rowsIn(files);
  const source = explicitRead({
    paths,
    fields: [...stored, ...rowIdFields(kept)],
    byId,
    variants,
    rows,
    padding: access.padding,
  });
  const constant = constantPartition(files, physical.partitionColumns);
  const live = liveRows(facts);
  const columns = metadata.schema.fields.map((field, at) => {
    const inFiles = physical.schema.fields[at] ?? field;
    if (isStored(inFiles)) {
      const column = `t.${storedName(stored.indexOf(inFiles))}`;
      return named(renameMembers(column, inFiles.type, field.type, { variants }), field.name);
    }
    const index = physical.partitionColumns.indexOf(inFiles.name);
    const value =
      constant === undefined ? `f.${partitionFact(index)}` : partitionLiteral(constant[inFiles.name], field);
    return named(value, field.name);
  });
  if (options.positions !== undefined) {
    const file = options.positions === "path" ? `f.${FACTS.path}` : "t.file_index";
    columns.push(named(file, FILE_COLUMN), named("t.file_row_number", ROW_COLUMN));
  }
  const { rowIds } = options;
  if (rowIds !== undefined) columns.push(...rowIdValues(rowIds, kept === undefined ? undefined : stored.length));
  const needsFacts =
    options.positions === "path" || constant === undefined || live !== undefined || rowIds !== undefined;
  if (!needsFacts) return `SELECT ${columns.join(", ")} FROM ${source} t`;
  const factsTable = await createFacts(access.session, facts, {
    partitions: constant === undefined ? partitions : [],
    tableName: options.table.name,
  });
  const where = live === undefined ? "" : ` WHERE ${live}`;
  const file = fileOfRow("t", { files: files.length, rows });
  return `SELECT ${columns.join(", ")} FROM ${source} t JOIN ${factsTable} f ON f.${FACTS.index} = ${file}${where}`;
}

/** SQL that is true of rows that are not deleted; undefined where none is. Asked of every row: no work that the files spare. */
function liveRows(facts: readonly FileFacts[]): string | undefined {
  if (facts.every((fact) => fact.deleted === undefined)) return undefined;
  const bit = `get_bit(f.${FACTS.deleted}, t.file_row_number::INTEGER)`;
  return facts.every((fact) => fact.deleted !== undefined) ? `${bit} = 0` : `coalesce(${bit}, 0) = 0`;
}

/** What a file keeps of a row that came from elsewhere, else what follows from where the row stands (Delta PROTOCOL, "Row Tracking"). */
function rowIdValues({ id, version }: RowIdColumns, keptAt: number | undefined): readonly string[] {
  const byPlace = `f.${FACTS.baseRowId} + t.file_row_number`;
  const byFile = `f.${FACTS.rowVersion}`;
  if (keptAt === undefined) return [named(byPlace, id), named(byFile, version)];
  return [
    named(`coalesce(t.${storedName(keptAt)}, ${byPlace})`, id),
    named(`coalesce(t.${storedName(keptAt + 1)}, ${byFile})`, version),
  ];
}

function emptyScan({ metadata, positions, rowIds }: ScanOptions): string {
  const places =
    positions === undefined
      ? []
      : [
          named(`NULL::${positions === "path" ? "VARCHAR" : "UBIGINT"}`, FILE_COLUMN),
          named("NULL::BIGINT", ROW_COLUMN),
        ];
  const columns = [...nullColumns(metadata.schema.fields), ...places, ...nullColumns(rowIdFields(rowIds))];
  return `SELECT ${columns.join(", ")} WHERE false`;
}

/** SQL without rows in the columns of a schema, which has some. */
export function noRows(fields: readonly StructField[]): string {
  return `SELECT ${nullColumns(fields).join(", ")} WHERE false`;
}

function nullColumns(fields: readonly StructField[]): readonly string[] {
  return fields.map(({ name, type }) => named(`NULL::${sqlTypeOf(type)}`, name));
}

/** What only a look at the files themselves tells: whether columns are found in them as they are looked for, and how variants lie. */
async function heldVariants(
  session: Session,
  request: Parameters<typeof assertFoundById>[1] & { readonly byId: boolean },
): Promise<VariantReading> {
  if (request.byId) await assertFoundById(session, request);
  const marked = await markedFiles(session, request);
  return marked === undefined ? PLAIN_VARIANTS : variantReading(marked, request.files.length);
}

async function localPaths(access: ScanAccess, { table, files }: ScanOptions): Promise<readonly string[]> {
  try {
    const used = await access.files.use(table.store, files);
    access.session.defer(used.release);
    access.session.nameFiles(
      new Map(used.paths.map((path, index) => [path, `file ${files[index]?.path ?? path} of table ${table.name}`])),
    );
    return used.paths;
  } catch (error) {
    if (!isFailure(error, "storage.missing")) throw error;
    throw new SluiceError("table.corrupt", `Cannot read table ${table.name}: a data file is missing`, {
      cause: error,
      facts: error.facts,
    });
  }
}

async function loadFacts(access: ScanAccess, { table, files, hidden }: ScanOptions): Promise<readonly FileFacts[]> {
  const facts: FileFacts[] = [];
  for (const file of files) {
    const deleted = await access.deleted.bits(table, file, hidden?.get(file));
    facts.push({ file, deleted });
  }
  return facts;
}

/** Rows of a file that does not say how many it has, at a hundred bytes each. */
const BYTES_A_ROW = 100;

function rowsIn(files: readonly AddFile[]): number {
  return files.reduce((sum, file) => sum + (recordsOf(file) ?? file.sizeBytes / BYTES_A_ROW), 0);
}

/** The partition that all files share, as it is for an unpartitioned table. */
function constantPartition(
  files: readonly AddFile[],
  columns: readonly string[],
): AddFile["partitionValues"] | undefined {
  const first = files[0]?.partitionValues ?? {};
  const same = files.every((file) => columns.every((column) => file.partitionValues[column] === first[column]));
  return same ? first : undefined;
}

function columnNamed(metadata: Pick<TableMetadata, "schema">, name: string, table: string): StructField {
  const found = metadata.schema.fields.find((field) => field.name === name);
  if (found !== undefined) return found;
  throw new SluiceError(
    "table.corrupt",
    `Cannot read table ${table}: partition column ${quoteIdentifier(name)} is not in its schema`,
  );
}
