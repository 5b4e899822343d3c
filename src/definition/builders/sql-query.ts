import { marked, type Marked } from "./mark.ts";
import type { GoldTable, SilverTable } from "./table.ts";

/** SQL in which tables are named by their handles. */
export interface SqlQuery extends Marked<"sql", SqlContents> {}

/** A Silver table with the rows that a soft delete marked. */
export interface WithDeleted extends Marked<"with-deleted", unknown> {}

export interface SqlContents {
  /** One more than there are values. */
  readonly texts: readonly string[];
  readonly values: readonly unknown[];
}

/** ``sql`select day, sum(amount) as revenue from ${orders} group by all` ``; a query may also contain another one. */
export function sql(
  texts: TemplateStringsArray,
  ...values: readonly (SilverTable | GoldTable | WithDeleted | SqlQuery)[]
): SqlQuery {
  return Object.freeze(marked("sql", Object.freeze({ texts: [...texts], values })));
}

/** All rows of a Silver table, those marked `_is_deleted` too. A plain `${orders}` means the live rows. */
export function withDeleted(table: SilverTable): WithDeleted {
  return Object.freeze(marked("with-deleted", table as unknown));
}
