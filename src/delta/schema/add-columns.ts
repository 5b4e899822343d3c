import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructField, type StructType } from "../../contract/index.ts";
import { serializeSchema } from "./serialize-schema.ts";

/**
 * The schema that a table has once the columns of `wanted` that it lacks are added, at any depth (also in structs inside arrays and
 * maps), where `wanted` has them. Names compare without case and stay as they are; so do types and `NOT NULL`; metadata of `wanted`
 * is laid over. Returns `current` itself when nothing changes. Fails with `table.schema-mismatch`, naming the column, when a
 * column is missing, of another type, in another order, or new and `NOT NULL`.
 */
export function addColumns(current: StructType, wanted: StructType, table: string): StructType {
  const schema = mergeStructs(current, wanted, { table, column: [] });
  return serializeSchema(schema) === serializeSchema(current) ? current : schema;
}

interface Place {
  readonly table: string;
  readonly column: readonly string[];
}

function mergeStructs(current: StructType, wanted: StructType, place: Place): StructType {
  const known = new Map(current.fields.map((field) => [field.name.toLowerCase(), field]));
  const seen = new Set<string>();
  let nextIndex = 0;
  const fields = wanted.fields.map((field) => {
    const at = inside(place, field.name);
    const name = field.name.toLowerCase();
    if (seen.has(name)) refuse(at, "it is there twice (case does not count)");
    seen.add(name);
    const present = known.get(name);
    if (present === undefined) return added(field, at);
    if (current.fields.indexOf(present) < nextIndex) refuse(at, "columns that are there keep their order");
    nextIndex = current.fields.indexOf(present) + 1;
    return mergeFields(present, field, at);
  });
  for (const field of current.fields) {
    if (!seen.has(field.name.toLowerCase())) refuse(inside(place, field.name), "a column cannot be dropped this way");
  }
  return { type: "struct", fields };
}

function mergeFields(present: StructField, wanted: StructField, place: Place): StructField {
  if (present.nullable && !wanted.nullable) refuse(place, "it may hold nulls and cannot become NOT NULL");
  return {
    name: present.name,
    type: mergeTypes(present.type, wanted.type, place),
    nullable: present.nullable,
    metadata: { ...present.metadata, ...wanted.metadata },
  };
}

function mergeTypes(current: DataType, wanted: DataType, place: Place): DataType {
  if (isStruct(current) && isStruct(wanted)) return mergeStructs(current, wanted, place);
  if (isArray(current) && isArray(wanted)) {
    return { ...current, elementType: mergeTypes(current.elementType, wanted.elementType, inside(place, "element")) };
  }
  if (isMap(current) && isMap(wanted)) {
    return {
      ...current,
      keyType: mergeTypes(current.keyType, wanted.keyType, inside(place, "key")),
      valueType: mergeTypes(current.valueType, wanted.valueType, inside(place, "value")),
    };
  }
  if (current === wanted) return current;
  return refuse(place, `its type is ${shownType(current)} and cannot become ${shownType(wanted)}`);
}

function added(field: StructField, place: Place): StructField {
  if (!field.nullable) refuse(place, "a column added to a table with rows cannot be NOT NULL");
  return field;
}

function inside(place: Place, name: string): Place {
  return { table: place.table, column: [...place.column, name] };
}

function shownType(type: DataType): string {
  return typeof type === "string" ? type : type.type;
}

function refuse(place: Place, why: string): never {
  throw new SluiceError(
    "table.schema-mismatch",
    `Cannot change the schema of ${place.table}: column ${place.column.join(".")}: ${why}`,
  );
}
