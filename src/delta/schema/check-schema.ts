import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructType } from "../../contract/index.ts";

// Without column mapping the name of a column is its name in Parquet, where Spark refuses these.
const FORBIDDEN = /[ ,;{}()\n\t=]/;

/**
 * Refuses with `table.schema-mismatch`, naming the column, a schema that no table of ours may have: names that are empty, equal
 * but for case, or hold one of ` ,;{}()\n\t=`; partition columns that are missing, nested or not of a simple type.
 */
export function checkSchema(schema: StructType, partitionColumns: readonly string[], table: string): void {
  checkNames(schema, [], table);
  for (const name of partitionColumns) {
    const column = schema.fields.find((field) => field.name === name);
    if (column === undefined) refuse(table, name, "the partition column is not in the schema");
    if (typeof column.type !== "string") refuse(table, name, "a partition column has a simple type");
  }
  if (new Set(partitionColumns).size !== partitionColumns.length) {
    refuse(table, partitionColumns.join(", "), "a partition column is named twice");
  }
  if (schema.fields.length > 0 && partitionColumns.length === schema.fields.length) {
    refuse(table, partitionColumns.join(", "), "a table has a column that it is not partitioned by");
  }
}

function checkNames(type: DataType, path: readonly string[], table: string): void {
  if (isArray(type)) checkNames(type.elementType, [...path, "element"], table);
  else if (isMap(type)) {
    checkNames(type.keyType, [...path, "key"], table);
    checkNames(type.valueType, [...path, "value"], table);
  } else if (isStruct(type)) {
    const seen = new Set<string>();
    for (const field of type.fields) {
      const column = [...path, field.name].join(".");
      if (field.name === "") refuse(table, column, "the name is empty");
      if (FORBIDDEN.test(field.name)) refuse(table, column, "the name holds one of ' ,;{}()=', a tab or a line end");
      if (seen.has(field.name.toLowerCase()))
        refuse(table, column, "another column has this name (case does not count)");
      seen.add(field.name.toLowerCase());
      checkNames(field.type, [...path, field.name], table);
    }
  }
}

function refuse(table: string, column: string, why: string): never {
  throw new SluiceError("table.schema-mismatch", `Cannot use the schema of ${table}: column ${column}: ${why}`, {
    advice: "Rename the column.",
  });
}
