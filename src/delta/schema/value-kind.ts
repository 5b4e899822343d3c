import { decimalParts, type PrimitiveName } from "../../contract/index.ts";

/** How the values of a type are written as text, for types that share it. */
export type ValueKind =
  | "text"
  | "integer"
  | "float"
  | "decimal"
  | "boolean"
  | "date"
  | "timestamp"
  | "timestamp_ntz"
  | "binary";

export function valueKind(type: PrimitiveName): ValueKind {
  return KINDS[type] ?? (decimalParts(type) === undefined ? "binary" : "decimal");
}

const KINDS: Readonly<Partial<Record<PrimitiveName, ValueKind>>> = {
  string: "text",
  byte: "integer",
  short: "integer",
  integer: "integer",
  long: "integer",
  float: "float",
  double: "float",
  boolean: "boolean",
  date: "date",
  timestamp: "timestamp",
  timestamp_ntz: "timestamp_ntz",
  binary: "binary",
};
