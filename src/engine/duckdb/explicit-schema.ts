import type { StructField } from "../../contract/index.ts";
import { mappingId } from "../../delta/index.ts";
import { literalList } from "./literal-list.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../sql-text.ts";
import { PLAIN_VARIANTS, type VariantReading } from "./variant/variant-sql.ts";

export interface ExplicitRead {
  /** Of this machine. */
  readonly paths: readonly string[];
  /** As the files have them. */
  readonly fields: readonly StructField[];
  /** Whether columns are found by their ids in the files, whatever they are called there. */
  readonly byId?: boolean;
  readonly variants?: VariantReading;
  /** In all files together, about. */
  readonly rows: number;
  /** A Parquet file without rows. */
  readonly padding: string;
}

/**
 * `read_parquet` with an explicit schema. Every file is read with the same columns by name, cast and filled with nulls inside structs, lists and
 * maps too. They get names of our own, so that no column can stand before the virtual ones (`file_index`, `file_row_number`).
 * DuckDB then opens no file to plan and has to be told how many rows there are: it puts the smaller side of a join into memory.
 * For the same reason it takes a single file for one row group and gives it to one thread; of several it gives row groups to all.
 */
export function explicitRead({
  paths,
  fields,
  byId = false,
  variants = PLAIN_VARIANTS,
  rows,
  padding,
}: ExplicitRead): string {
  const files = paths.length === 1 ? [...paths, padding] : paths;
  const entries = fields.map(
    (field, index) =>
      `${byId ? String(mappingId(field)) : quoteLiteral(field.name)}: {name: ${quoteLiteral(storedName(index))}, type: ${quoteLiteral(sqlTypeOf(field.type, variants.sqlType))}, default_value: NULL}`,
  );
  // A table of partition columns alone still counts its rows.
  if (entries.length === 0)
    entries.push(`${byId ? "-1" : "'__none'"}: {name: '__none', type: 'BOOLEAN', default_value: NULL}`);
  const cardinality = Math.max(1, Math.round(rows));
  return `read_parquet(${literalList(files)}, schema = MAP {${entries.join(", ")}}, explicit_cardinality = ${cardinality})`;
}

export function storedName(index: number): string {
  return `c${index}`;
}

/** For a `select` list: the column under its own name. */
export function named(sql: string, name: string): string {
  return `${sql} AS ${quoteIdentifier(name)}`;
}
