import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type PrimitiveName, type StructType } from "../../contract/index.ts";
import type { TableMetadata } from "../actions.ts";
import { widened } from "../schema/type-changes.ts";
import { changeColumn, noColumn, refuseWhereMentioned, withSchema } from "./changed-schema.ts";

/**
 * The metadata of a table with one column, at any depth, in a wider type: names from the top down, `element`, `key` and `value` on the
 * way into lists and maps. Files keep the narrow values and are read as the wide ones (Delta PROTOCOL, "Type Widening").
 */
export function widenColumn(metadata: TableMetadata, path: readonly string[], type: PrimitiveName): TableMetadata {
  if (metadata.configuration["delta.enableTypeWidening"]?.toLowerCase() !== "true") {
    throw new SluiceError("table.unsupported", `Cannot widen column ${path.join(".")}: the table does not allow it`, {
      advice: "Set delta.enableTypeWidening to true first; readers then need type widening.",
    });
  }
  const depth = depthOfField(metadata.schema, path);
  const inside = path.slice(depth);
  // What an expression says of a column may depend on its type.
  for (const name of path.slice(0, depth)) refuseWhereMentioned(metadata, name, "widen");
  const schema = changeColumn(metadata.schema, path.slice(0, depth), (field) => widened(field, inside, type));
  const changed = withSchema(metadata, schema);
  return changed.schemaString === metadata.schemaString ? metadata : changed;
}

/** How many of the names lead to the innermost member of a struct; the others lead on into its lists and maps. */
function depthOfField(schema: StructType, path: readonly string[]): number {
  let type: DataType | undefined = schema;
  let depth = 0;
  for (const [index, part] of path.entries()) {
    if (isStruct(type)) depth = index + 1;
    type = step(type, part);
    if (type === undefined) throw noColumn(path);
  }
  return depth;
}

function step(type: DataType, part: string): DataType | undefined {
  if (typeof type === "string") return undefined;
  if (isStruct(type)) return type.fields.find((field) => field.name.toLowerCase() === part.toLowerCase())?.type;
  if (isArray(type)) return part === "element" ? type.elementType : undefined;
  if (isMap(type) && part === "key") return type.keyType;
  return part === "value" ? type.valueType : undefined;
}
