import { decimalParts, type PrimitiveName } from "../../contract/index.ts";

/** A leaf column as a Parquet file describes it. */
export interface ParquetLeaf {
  readonly physical: string;
  /** The older of the two annotations, which every writer sets where it means something. */
  readonly converted: string | undefined;
}

/**
 * Whether a Parquet column can hold values of a type or of one that may have been widened to it: then reading loses nothing. Annotations
 * that say nothing are taken for the best.
 */
export function mayHold({ physical, converted = "" }: ParquetLeaf, type: PrimitiveName): boolean {
  const isDecimal = converted === "DECIMAL";
  if (decimalParts(type) !== undefined) return isDecimal || (WHOLE.has(physical) && !TIMES.test(converted));
  if (isDecimal) return false;
  const allowed = PHYSICAL[type];
  if (allowed === undefined) return true;
  if (!allowed.has(physical)) return false;
  const isTime = TIMES.test(converted);
  return physical === "INT96" || !isTime || MOMENTS.has(type);
}

const TIMES = /^(?:DATE|TIME)/;
const MOMENTS: ReadonlySet<string> = new Set(["date", "timestamp", "timestamp_ntz"]);
const WHOLE: ReadonlySet<string> = new Set(["INT32", "INT64"]);
const TEXT: ReadonlySet<string> = new Set(["BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"]);

const PHYSICAL: Readonly<Record<string, ReadonlySet<string>>> = {
  byte: new Set(["INT32"]),
  short: new Set(["INT32"]),
  integer: new Set(["INT32"]),
  long: WHOLE,
  float: new Set(["FLOAT"]),
  double: new Set(["FLOAT", "DOUBLE", "INT32"]),
  boolean: new Set(["BOOLEAN"]),
  string: TEXT,
  binary: TEXT,
  date: new Set(["INT32"]),
  timestamp: new Set(["INT64", "INT96"]),
  timestamp_ntz: new Set(["INT64", "INT96", "INT32"]),
};
