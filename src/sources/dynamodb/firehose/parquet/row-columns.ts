import { isArray, isMap, isStruct, struct, type DataType, type StructType } from "../../../../contract/index.ts";
import { quoteIdentifier, sqlTypeOf, type Row, type Value } from "../../../../engine/index.ts";

/**
 * The columns of a file as SQL: what is nested comes as the text of JSON, which takes a fraction of the time of values one by one. Numbers and
 * times in it are text, so that nothing of them is lost to a parser.
 */
export function rowColumns({ fields }: StructType): string {
  return fields
    .map(({ name, type }) => {
      const column = quoteIdentifier(name);
      if (typeof type === "string") return column;
      const text = `CAST(to_json(CAST(${column} AS ${sqlTypeOf(asText(type))})) AS VARCHAR)`;
      return `CASE WHEN ${column} IS NOT NULL THEN ${text} END AS ${column}`;
    })
    .join(", ");
}

function asText(type: DataType): DataType {
  if (isArray(type)) return { ...type, elementType: asText(type.elementType) };
  if (isMap(type)) return { ...type, keyType: "string", valueType: asText(type.valueType) };
  if (isStruct(type)) return struct(type.fields.map((field) => ({ ...field, type: asText(field.type) })));
  return type === "boolean" ? type : "string";
}

/** A row that was read so, with its nested values. Of a key that a map has twice the last value counts (Parquet, "LogicalTypes"). */
export function rowOf(row: Row, { fields }: StructType): Row {
  const values: [string, Value][] = fields.map(({ name, type }) => {
    const value = row[name] ?? null;
    return [name, typeof type === "string" || value === null ? value : (JSON.parse(value as string) as Value)];
  });
  return Object.fromEntries(values);
}
