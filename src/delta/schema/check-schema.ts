import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructType } from "../../contract/index.ts";
import type { TableMetadata } from "../actions.ts";
import { mappingModeOf } from "./column-mapping.ts";

// Without column mapping the name of a column is its name in Parquet, where Spark refuses these.
const FORBIDDEN = /[ ,;{}()\n\t=]/;

/**
 * Refuses with `table.schema-mismatch`, naming the column, a schema that no table of ours may have: names that are empty, equal
 * but for case, or (without column mapping) hold one of ` ,;{}()\n\t=`; partition columns that are missing, nested or not of a
 * simple type.
 */
export function checkSchema(
  { schema, partitionColumns, configuration }: Pick<TableMetadata, "schema" | "partitionColumns" | "configuration">,
  table: string,
): void {
  const allowsAll = mappingModeOf(configuration) !== "none";
  checkNames(schema, [], { table, forbidden: allowsAll ? undefined : FORBIDDEN });
  if (configuration["delta.enableChangeDataFeed"]?.toLowerCase() === "true") checkFeedNames(schema, table);
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

const FEED_COLUMNS: ReadonlySet<string> = new Set(["_change_type", "_commit_version", "_commit_timestamp"]);

function checkFeedNames(schema: StructType, table: string): void {
  const taken = schema.fields.find((field) => FEED_COLUMNS.has(field.name.toLowerCase()));
  if (taken !== undefined) refuse(table, taken.name, "the change feed has a column of this name");
}

interface NameRule {
  readonly table: string;
  readonly forbidden: RegExp | undefined;
}

function checkNames(type: DataType, path: readonly string[], rule: NameRule): void {
  const { table, forbidden } = rule;
  if (isArray(type)) checkNames(type.elementType, [...path, "element"], rule);
  else if (isMap(type)) {
    checkNames(type.keyType, [...path, "key"], rule);
    checkNames(type.valueType, [...path, "value"], rule);
  } else if (isStruct(type)) {
    const seen = new Set<string>();
    for (const field of type.fields) {
      const column = [...path, field.name].join(".");
      if (field.name === "") refuse(table, column, "the name is empty");
      if (forbidden?.test(field.name) === true)
        refuse(table, column, "the name holds one of ' ,;{}()=', a tab or a line end");
      if (seen.has(field.name.toLowerCase()))
        refuse(table, column, "another column has this name (case does not count)");
      seen.add(field.name.toLowerCase());
      checkNames(field.type, [...path, field.name], rule);
    }
  }
}

function refuse(table: string, column: string, why: string): never {
  throw new SluiceError("table.schema-mismatch", `Cannot use the schema of ${table}: column ${column}: ${why}`, {
    advice: "Rename the column.",
  });
}
