import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructField, type StructType } from "../../contract/index.ts";
import type { TableMetadata } from "../actions.ts";
import { serializeSchema } from "../schema/serialize-schema.ts";
import { mentionsColumn } from "./expression-tokens.ts";
import { tableRules } from "./table-rules.ts";

/** What becomes of a field: itself changed, or gone. */
export type FieldChange = (field: StructField, siblings: readonly StructField[]) => StructField | undefined;

/**
 * The schema with one column changed, at any depth: names from the top down, `element`, `key` and `value` on the way into lists and
 * maps, compared without case. A column that is not there fails with `table.schema-mismatch`.
 */
export function changeColumn(schema: StructType, path: readonly string[], change: FieldChange): StructType {
  const [name = "", ...rest] = path;
  const at = schema.fields.findIndex((field) => field.name.toLowerCase() === name.toLowerCase());
  const found = schema.fields[at];
  if (found === undefined) throw noColumn(path);
  const changed =
    rest.length === 0
      ? change(
          found,
          schema.fields.filter((field) => field !== found),
        )
      : { ...found, type: changeInside(found.type, rest, change) };
  const fields = changed === undefined ? schema.fields.toSpliced(at, 1) : schema.fields.with(at, changed);
  return { type: "struct", fields };
}

function changeInside(type: DataType, path: readonly string[], change: FieldChange): DataType {
  if (typeof type === "string") throw noColumn(path);
  if (isStruct(type)) return changeColumn(type, path, change);
  const [part = "", ...rest] = path;
  if (rest.length === 0) throw noColumn(path);
  if (isArray(type) && part === "element") {
    return { ...type, elementType: changeInside(type.elementType, rest, change) };
  }
  if (isMap(type) && part === "key") return { ...type, keyType: changeInside(type.keyType, rest, change) };
  if (isMap(type) && part === "value") return { ...type, valueType: changeInside(type.valueType, rest, change) };
  throw noColumn(path);
}

export function withSchema(metadata: TableMetadata, schema: StructType): TableMetadata {
  return { ...metadata, schema, schemaString: serializeSchema(schema) };
}

/** Refuses what would leave an expression of the table (constraint, invariant, generated column) without its column. */
export function refuseWhereMentioned(metadata: TableMetadata, name: string, verb: string): void {
  const { checks, generated } = tableRules(metadata);
  const computed = [...generated].map(([column, expression]) => ({ name: `generated column ${column}`, expression }));
  for (const { name: what, expression } of [...checks, ...computed]) {
    if (!mentionsColumn(expression, name)) continue;
    throw new SluiceError("table.unsupported", `Cannot ${verb} column ${name}: ${what} speaks of it: ${expression}`, {
      advice: `Drop ${what} first.`,
    });
  }
}

export function noColumn(path: readonly string[]): SluiceError {
  return new SluiceError("table.schema-mismatch", `Cannot change the table: it has no column ${path.join(".")}`);
}
