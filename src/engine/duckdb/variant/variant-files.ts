import { SluiceError } from "../../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructField } from "../../../contract/index.ts";
import { hasType, type AddFile } from "../../../delta/index.ts";
import type { OpenTable } from "../../engine.ts";
import { DuckDBTypeId, type DuckDBType } from "../duckdb-api.ts";
import { literalList } from "../literal-list.ts";
import type { Session } from "../session.ts";

/** How variants lie in a file: as two binary columns (`plain`), or marked as variants to Parquet itself, which the engine then decodes. */
type VariantForm = "plain" | "marked";

interface VariantFiles {
  readonly table: Pick<OpenTable, "name">;
  readonly files: readonly AddFile[];
  /** On this machine or in reach, in the same order. */
  readonly paths: readonly string[];
  /** As the files should have them. */
  readonly fields: readonly StructField[];
}

const known = new WeakMap<AddFile, VariantForm>();

/**
 * The files, by their place in the list, in which variants are marked; undefined where no field has a variant. Refuses others in which they
 * are shredded (Parquet, "Variant Shredding"): a part of a value that has a column of its own would be missing.
 */
export async function markedFiles(session: Session, request: VariantFiles): Promise<readonly number[] | undefined> {
  const { files, paths, table } = request;
  const fields = request.fields.filter(({ type }) => hasType(type, "variant"));
  if (fields.length === 0) return undefined;
  const doing = { what: `read table ${table.name}` };
  const marked: number[] = [];
  for (const [index, file] of files.entries()) {
    const path = paths[index] ?? "";
    const form = known.get(file) ?? (await formOf(session, { ...request, fields, file, path }, doing));
    known.set(file, form);
    if (form === "marked") marked.push(index);
  }
  return marked;
}

async function formOf(
  session: Session,
  { table, fields, file, path }: VariantFiles & { file: AddFile; path: string },
  doing: { what: string },
): Promise<VariantForm> {
  const source = literalList([path]);
  const columns = new Map(
    (await session.columns(`SELECT * FROM read_parquet(${source})`, doing)).map(({ name, type }) => [name, type]),
  );
  const forms = new Set(fields.flatMap(({ name, type }) => [...formsIn(type, columns.get(name))]));
  if (forms.size > 1) throw refused(table, file, "only some of its variants are marked as such");
  if (forms.has("marked")) return "marked";
  const leaves = await session.rows(`SELECT name, num_children FROM parquet_schema(${source})`, doing);
  if (isShredded(leaves.map(([name, children]) => ({ name: String(name), children: Number(children ?? 0) })))) {
    throw refused(table, file, "variants are shredded (feature variantShredding)");
  }
  return "plain";
}

/** The forms of the variants of a column, as the engine finds them in a file. */
function* formsIn(type: DataType, found: DuckDBType | undefined): Generator<VariantForm> {
  if (found === undefined) return;
  if (type === "variant") yield found.typeId === DuckDBTypeId.VARIANT ? "marked" : "plain";
  else if (isStruct(type) && found.typeId === DuckDBTypeId.STRUCT) {
    for (const { name, type: member } of type.fields) {
      yield* formsIn(member, found.entryTypes[found.entryNames.indexOf(name)]);
    }
  } else if (isArray(type) && found.typeId === DuckDBTypeId.LIST) yield* formsIn(type.elementType, found.valueType);
  else if (isMap(type) && found.typeId === DuckDBTypeId.MAP) {
    yield* formsIn(type.keyType, found.keyType);
    yield* formsIn(type.valueType, found.valueType);
  }
}

/** Whether a group has a `typed_value` beside its `metadata` or `value`; columns come depth first. */
function isShredded(columns: readonly { readonly name: string; readonly children: number }[]): boolean {
  const open: { left: number; names: Set<string> }[] = [];
  for (const { name, children } of columns) {
    const group = open.at(-1);
    group?.names.add(name);
    if (group !== undefined) group.left -= 1;
    if (children > 0) open.push({ left: children, names: new Set() });
    for (let last = open.at(-1); last?.left === 0; last = open.at(-1)) {
      const { names } = last;
      if (names.has("typed_value") && (names.has("value") || names.has("metadata"))) return true;
      open.pop();
    }
  }
  return false;
}

function refused(table: Pick<OpenTable, "name">, file: AddFile, why: string): SluiceError {
  return new SluiceError("table.unsupported", `Cannot read table ${table.name}: in file ${file.path} ${why}`);
}
