import { BIGINT, BIT, DuckDBDataChunk, UBIGINT, VARCHAR, type DuckDBBitValue, type DuckDBValue } from "./duckdb-api.ts";
import { SluiceError } from "../../base/index.ts";
import type { StructField } from "../../contract/index.ts";
import { rowIdsOf, type AddFile } from "../../delta/index.ts";
import type { Session } from "./session.ts";
import { quoteLiteral, sqlTypeOf } from "../sql-text.ts";

/** What the log knows of a file and the file itself does not: its path, its partition, its deleted rows. */
export interface FileFacts {
  readonly file: AddFile;
  /** Deleted rows as a bit string over the file's rows; undefined: none. */
  readonly deleted: DuckDBBitValue | undefined;
}

/** Position of the path, the deleted rows and the partition values in the table of facts. */
export const FACTS = {
  index: "file_index",
  path: "path",
  deleted: "deleted",
  baseRowId: "base_row_id",
  rowVersion: "row_version",
} as const;

const FACT_TYPES = {
  [FACTS.index]: "UBIGINT",
  [FACTS.path]: "VARCHAR",
  [FACTS.deleted]: "BIT",
  [FACTS.baseRowId]: "BIGINT",
  [FACTS.rowVersion]: "BIGINT",
} as const;

/** Rows a file from which the tree of a file's number is worth planning: some 80 µs a file, and it saves some 10 ns a row. */
const TREE_ROWS_A_FILE = 10_000;

/** Files up to which there is a tree: 10 steps deep, 50 KB of SQL. */
const TREE_FILES_MAX = 1024;

/**
 * SQL for the file of a row, as the facts number it, in the form that joins with them the quickest. DuckDB knows nothing of the values of
 * `file_index`, but it knows which ones a `CASE` over constants can have: few and dense, so it finds the facts by their place in an array
 * instead of hashing, and hands the row's other columns on as they are. Rows come file by file: a step of the tree costs once a vector, not a row.
 */
export function fileOfRow(table: string, { files, rows }: { files: number; rows: number }): string {
  const index = `${table}.file_index`;
  if (files > TREE_FILES_MAX || rows < files * TREE_ROWS_A_FILE) return index;
  const tree = (from: number, to: number): string => {
    if (to - from === 1) return `${from}::UBIGINT`;
    const middle = Math.floor((from + to) / 2);
    return `CASE WHEN ${index} < ${middle} THEN ${tree(from, middle)} ELSE ${tree(middle, to)} END`;
  };
  return tree(0, Math.max(2, files)); // beside a single file an empty one is read
}

export function partitionFact(index: number): string {
  return `p${index}`;
}

const CHUNK_ROWS = 2048;

/** Creates a temporary table with one row a file, numbered as in the list that `read_parquet` is given. Returns its name. */
export async function createFacts(
  session: Session,
  facts: readonly FileFacts[],
  { partitions, tableName }: { partitions: readonly StructField[]; tableName: string },
): Promise<string> {
  const texts = session.newName("texts");
  const doing = { what: `read table ${tableName}` };
  const columns = partitions.map((_, index) => `${partitionFact(index)} VARCHAR`);
  await session.run(
    `CREATE TEMP TABLE ${texts} (${[...Object.entries(FACT_TYPES).map(([fact, type]) => `${fact} ${type}`), ...columns].join(", ")})`,
    doing,
  );
  await session.fill(texts, factChunks(facts, partitions), doing);
  if (partitions.length === 0) return texts;
  const typed = partitions.map(
    (field, index) => `${partitionCast(partitionFact(index), field)} AS ${partitionFact(index)}`,
  );
  const name = session.newName("files");
  try {
    await session.run(
      `CREATE TEMP TABLE ${name} AS SELECT ${[...Object.keys(FACT_TYPES), ...typed].join(", ")} FROM ${texts}`,
      doing,
    );
  } catch (error) {
    throw new SluiceError(
      "table.corrupt",
      `Cannot read table ${tableName}: a partition value is not of its column's type`,
      {
        cause: error,
      },
    );
  }
  return name;
}

/** A partition value as a constant of its column's type (delta.md 9): "" is null for every type. */
export function partitionLiteral(value: string | null | undefined, field: StructField): string {
  const text = value === null || value === undefined || value === "" ? "NULL::VARCHAR" : quoteLiteral(value);
  return partitionCast(text, field);
}

/** Binary values are the text's UTF-8 bytes; everything else reads in the form that DuckDB reads too. */
function partitionCast(text: string, field: StructField): string {
  return field.type === "binary" ? `encode(${text})` : `CAST(${text} AS ${sqlTypeOf(field.type)})`;
}

function* factChunks(facts: readonly FileFacts[], partitions: readonly StructField[]): Generator<DuckDBDataChunk> {
  const types = [UBIGINT, VARCHAR, BIT, BIGINT, BIGINT, ...partitions.map(() => VARCHAR)];
  for (let start = 0; start < facts.length; start += CHUNK_ROWS) {
    const slice = facts.slice(start, start + CHUNK_ROWS);
    const chunk = DuckDBDataChunk.create(types, slice.length);
    chunk.setRows(slice.map((fact, index) => factRow(fact, BigInt(start + index), partitions)));
    yield chunk;
  }
}

function factRow({ file, deleted }: FileFacts, index: bigint, partitions: readonly StructField[]): DuckDBValue[] {
  const values = partitions.map((field) => {
    const value = file.partitionValues[field.name];
    return value === undefined || value === "" ? null : value;
  });
  const ids = rowIdsOf(file);
  return [index, file.path, deleted ?? null, ids?.baseRowId ?? null, ids?.version ?? null, ...values];
}
