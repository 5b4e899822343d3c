import { field, type StructField } from "../../contract/index.ts";
import type { RowIdColumns } from "../../delta/index.ts";
import { quoteIdentifier } from "../sql-text.ts";

/** The columns that keep row ids, as files have them. */
export function rowIdFields(columns: RowIdColumns | undefined): readonly StructField[] {
  return rowIdNames(columns).map((name) => field(name, "long"));
}

export function rowIdNames(columns: RowIdColumns | undefined): readonly string[] {
  return columns === undefined ? [] : [columns.id, columns.version];
}

/** For a `select` list: what a row keeps that is written with other values, and with it the id that `id` says it has. */
export function changedRowIds(columns: RowIdColumns | undefined, id: (name: string) => string): readonly string[] {
  if (columns === undefined) return [];
  return [`${id(columns.id)} AS ${quoteIdentifier(columns.id)}`, `NULL::BIGINT AS ${quoteIdentifier(columns.version)}`];
}
