import type { StructField } from "../../contract/index.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../sql-text.ts";

/**
 * Options of `read_parquet`. Every file is read with the same columns by name, cast and filled with nulls inside structs, lists and
 * maps too. They get names of our own, so that no column can stand before the virtual ones (`file_index`, `file_row_number`).
 * DuckDB then opens no file to plan and has to be told how many rows there are: it puts the smaller side of a join into memory.
 */
export function explicitSchema(fields: readonly StructField[], rows: number): string {
  const entries = fields.map(
    (field, index) =>
      `${quoteLiteral(field.name)}: {name: ${quoteLiteral(storedName(index))}, type: ${quoteLiteral(sqlTypeOf(field.type))}, default_value: NULL}`,
  );
  // A table of partition columns alone still counts its rows.
  if (entries.length === 0) entries.push(`'__none': {name: '__none', type: 'BOOLEAN', default_value: NULL}`);
  return `schema = MAP {${entries.join(", ")}}, explicit_cardinality = ${Math.max(1, Math.round(rows))}`;
}

export function storedName(index: number): string {
  return `c${index}`;
}

/** For a `select` list: the column under its own name. */
export function named(sql: string, name: string): string {
  return `${sql} AS ${quoteIdentifier(name)}`;
}
