import { SluiceError } from "../base/index.ts";
import { isArray, isMap, type DataType } from "../contract/index.ts";

/** Longest identifier that is accepted: longer ones are a mistake or an attack. */
const IDENTIFIER_MAX = 10_000;

/** The one place where a name becomes SQL. The literal name is kept, whatever is in it; NUL and endless names are refused. */
export function quoteIdentifier(name: string): string {
  if (name.length === 0 || name.length > IDENTIFIER_MAX || name.includes("\0")) {
    throw new SluiceError("query.invalid", "Cannot quote an identifier: it is empty, too long or has a NUL", {
      facts: { length: name.length },
    });
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** The one place where text becomes an SQL literal. */
export function quoteLiteral(text: string): string {
  if (text.includes("\0")) {
    throw new SluiceError("query.invalid", "Cannot write a text with a NUL into SQL", {
      facts: { length: text.length },
    });
  }
  return `'${text.replaceAll("'", "''")}'`;
}

const SQL_TYPES: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  long: "BIGINT",
  integer: "INTEGER",
  short: "SMALLINT",
  byte: "TINYINT",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  binary: "BLOB",
  date: "DATE",
  timestamp: "TIMESTAMPTZ",
  timestamp_ntz: "TIMESTAMP",
  // Nulls are of any type.
  void: "INTEGER",
};

/**
 * The name of a type in DuckDB's dialect, the dialect in which definitions are written. `variant`: what a variant is, JSON text where
 * nothing is said.
 */
export function sqlTypeOf(type: DataType, variant = "VARCHAR"): string {
  if (type === "variant") return variant;
  if (typeof type === "string") return SQL_TYPES[type] ?? type.toUpperCase();
  if (isArray(type)) return `${sqlTypeOf(type.elementType, variant)}[]`;
  if (isMap(type)) return `MAP(${sqlTypeOf(type.keyType, variant)}, ${sqlTypeOf(type.valueType, variant)})`;
  const members = type.fields.map((one) => `${quoteIdentifier(one.name)} ${sqlTypeOf(one.type, variant)}`);
  return `STRUCT(${members.join(", ")})`;
}
