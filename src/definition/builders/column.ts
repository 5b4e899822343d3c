import { MARK, marked, type Marked } from "./mark.ts";

/** A column: its type, where its value comes from, and what it means. Immutable; every method gives a new column. */
export interface Column extends Marked<"column", ColumnContents> {
  /** What the column means, for people. */
  describe(text: string): Column;
  /** The column holds data about persons. */
  pii(): Column;
  tag(name: string, value: string): Column;
  /** The record's attribute, by path: `"product.code"`, or a list where a name has a dot. Default: the column's own name. */
  from(path: string | readonly string[]): Column;
  /** SQL over the table's columns that come from attributes: `s.date().sql("placed_at::date")`. */
  sql(expression: string): Column;
  /** A column of a joined table: `"customers.segment"`, where `customers` is a name under `join`. */
  joined(column: `${string}.${string}`): Column;
}

export type Columns = Readonly<Record<string, Column>>;

export interface ColumnContents {
  readonly type: TypeContents;
  readonly description?: unknown;
  readonly pii: boolean;
  readonly tags: readonly (readonly [name: unknown, value: unknown])[];
  /** In the order given; more than one is a mistake. */
  readonly origins: readonly Origin[];
}

export interface Origin {
  readonly kind: "attribute" | "sql" | "joined";
  readonly value: unknown;
}

export type PlainTypeName =
  | "string"
  | "long"
  | "integer"
  | "short"
  | "byte"
  | "double"
  | "float"
  | "boolean"
  | "date"
  | "timestamp"
  | "timestamp_ntz"
  | "binary";

export type TypeContents =
  | { readonly kind: "plain"; readonly name: PlainTypeName }
  | { readonly kind: "decimal"; readonly precision: unknown; readonly scale: unknown }
  | { readonly kind: "array"; readonly element: unknown }
  | { readonly kind: "map"; readonly key: unknown; readonly value: unknown }
  | { readonly kind: "struct"; readonly fields: unknown };

/** Types of columns. `s.decimal(18, 2).describe("net of tax").from("totals.net")` */
export const s = Object.freeze({
  string: () => plain("string"),
  /** 64-bit integer. */
  long: () => plain("long"),
  /** 32-bit integer. */
  integer: () => plain("integer"),
  /** 16-bit integer. */
  short: () => plain("short"),
  /** 8-bit integer. */
  byte: () => plain("byte"),
  double: () => plain("double"),
  float: () => plain("float"),
  boolean: () => plain("boolean"),
  /** Exact number: `precision` digits (1 to 38), `scale` of them after the point. */
  decimal: (precision: number, scale: number) => newColumn({ kind: "decimal", precision, scale }),
  date: () => plain("date"),
  /** A moment (UTC, microseconds). */
  timestamp: () => plain("timestamp"),
  /** Date and time of day without a zone. */
  timestampNtz: () => plain("timestamp_ntz"),
  binary: () => plain("binary"),
  array: (element: Column) => newColumn({ kind: "array", element }),
  map: (key: Column, value: Column) => newColumn({ kind: "map", key, value }),
  struct: (fields: Columns) => newColumn({ kind: "struct", fields }),
});

function plain(name: PlainTypeName): Column {
  return newColumn({ kind: "plain", name });
}

function newColumn(type: TypeContents): Column {
  return column({ type, pii: false, tags: [], origins: [] });
}

function column(contents: ColumnContents): Column {
  const withOrigin = (kind: Origin["kind"], value: unknown) =>
    column({ ...contents, origins: [...contents.origins, { kind, value }] });
  return Object.freeze({
    [MARK]: marked("column", Object.freeze(contents))[MARK],
    describe: (text: string) => column({ ...contents, description: text }),
    pii: () => column({ ...contents, pii: true }),
    tag: (name: string, value: string) => column({ ...contents, tags: [...contents.tags, [name, value]] }),
    from: (path: string | readonly string[]) => withOrigin("attribute", path),
    sql: (expression: string) => withOrigin("sql", expression),
    joined: (name: string) => withOrigin("joined", name),
  });
}
