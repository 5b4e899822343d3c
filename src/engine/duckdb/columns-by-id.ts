import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type PrimitiveName, type StructField } from "../../contract/index.ts";
import { fieldsOf, mappingId, type AddFile } from "../../delta/index.ts";
import type { OpenTable } from "../engine.ts";
import type { DuckDBValue } from "./duckdb-api.ts";
import { literalList } from "./literal-list.ts";
import { mayHold, type ParquetLeaf } from "./parquet-types.ts";
import type { Session } from "./session.ts";

interface FilesById {
  readonly table: Pick<OpenTable, "name">;
  readonly files: readonly AddFile[];
  /** On this machine, in the same order. */
  readonly paths: readonly string[];
  /** As the files should have them. */
  readonly fields: readonly StructField[];
}

const checked = new WeakMap<AddFile, readonly StructField[]>();

/**
 * Refuses files of a table whose columns are found by id (`delta.columnMapping.mode=id`) that have no ids at all, and those whose
 * members of structs have an id under another name than the table's: what they hold would read as null. So are files in which the
 * column of an id is of a type that never was the table's: ids that got mixed up.
 */
export async function assertFoundById(session: Session, { table, files, paths, fields }: FilesById): Promise<void> {
  const waiting = files.flatMap((file, index) => {
    const path = paths[index];
    return path === undefined || checked.get(file) === fields ? [] : [{ file, path }];
  });
  if (waiting.length === 0) return;
  const rows = await session.rows(
    `SELECT file_name, name, field_id, type, converted_type FROM parquet_schema(${literalList(waiting.map(({ path }) => path))})`,
    { what: `read table ${table.name}` },
  );
  const idsOf = columnsById(rows);
  const members = [...membersOf(fields)];
  const leaves = [...leavesOf(fields)];
  for (const { file, path } of waiting) {
    const ids = idsOf.get(path) ?? new Map<number, FileColumn>();
    if (ids.size === 0 && fields.length > 0) throw refused(table, file, "it has no column ids");
    const stray = members.find(({ id, name }) => ids.has(id) && ids.get(id)?.name !== name);
    if (stray !== undefined) throw refused(table, file, `the member with id ${stray.id} is not called ${stray.name}`);
    const mixed = leaves.find(({ id, type }) => {
      const leaf = ids.get(id)?.leaf;
      return leaf !== undefined && !mayHold(leaf, type);
    });
    if (mixed !== undefined) {
      throw refused(table, file, `the column with id ${mixed.id} is not of type ${mixed.type}, as ${mixed.name} is`);
    }
    checked.set(file, fields);
  }
}

interface FileColumn {
  readonly name: string;
  /** undefined for a struct, list or map. */
  readonly leaf: ParquetLeaf | undefined;
}

function columnsById(rows: readonly (readonly DuckDBValue[])[]): Map<string, Map<number, FileColumn>> {
  const found = new Map<string, Map<number, FileColumn>>();
  for (const [path, name, id, physical, converted] of rows) {
    const ids = found.get(String(path)) ?? new Map<number, FileColumn>();
    found.set(String(path), ids);
    if (id === null || id === undefined) continue;
    const annotation = typeof converted === "string" ? converted : undefined;
    const leaf = typeof physical === "string" ? { physical, converted: annotation } : undefined;
    ids.set(Number(id), { name: String(name), leaf });
  }
  return found;
}

/** Columns of primitive types, at any depth, that have an id. */
function* leavesOf(fields: readonly StructField[]): Generator<{ id: number; name: string; type: PrimitiveName }> {
  for (const field of fieldsOf({ type: "struct", fields })) {
    const id = mappingId(field);
    if (id !== undefined && typeof field.type === "string") yield { id, name: field.name, type: field.type };
  }
}

/** The members of structs; columns themselves are found by id whatever they are called. */
function* membersOf(fields: readonly StructField[]): Generator<{ id: number; name: string }> {
  for (const field of fields) yield* membersIn(field.type);
}

function* membersIn(type: DataType): Generator<{ id: number; name: string }> {
  if (isStruct(type)) {
    for (const field of type.fields) {
      const id = mappingId(field);
      if (id !== undefined) yield { id, name: field.name };
      yield* membersIn(field.type);
    }
  } else if (isArray(type)) yield* membersIn(type.elementType);
  else if (isMap(type)) {
    yield* membersIn(type.keyType);
    yield* membersIn(type.valueType);
  }
}

function refused(table: Pick<OpenTable, "name">, file: AddFile, why: string): SluiceError {
  return new SluiceError(
    "table.corrupt",
    `Cannot read table ${table.name}: its columns are found by id, and file ${file.path} cannot be read so: ${why}`,
  );
}
