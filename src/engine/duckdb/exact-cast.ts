import { DuckDBTypeId, type DuckDBType } from "./duckdb-api.ts";
import { decimalParts, isArray, isMap, isStruct, type DataType } from "../../contract/index.ts";

/**
 * Why a value of the engine's type cannot become one of the Delta type without loss; undefined when the cast keeps every
 * value or fails loudly (a number too large). Rounding, truncation and changes of kind are the user's to write.
 */
export function lossIn(from: DuckDBType, to: DataType): string | undefined {
  // A literal NULL, also inside a list or struct.
  if (from.typeId === DuckDBTypeId.SQLNULL) return undefined;
  if (isStruct(to)) return structLoss(from, to.fields);
  if (isArray(to)) {
    const isList = from.typeId === DuckDBTypeId.LIST || from.typeId === DuckDBTypeId.ARRAY;
    return isList ? lossIn(from.valueType, to.elementType) : kinds(from, "a list");
  }
  if (isMap(to)) {
    if (from.typeId !== DuckDBTypeId.MAP) return kinds(from, "a map");
    return lossIn(from.keyType, to.keyType) ?? lossIn(from.valueType, to.valueType);
  }
  const scale = decimalParts(to)?.scale;
  if (scale !== undefined) return decimalLoss(from, scale);
  return EXACT[to]?.has(from.typeId) === true ? undefined : kinds(from, to);
}

function structLoss(from: DuckDBType, fields: readonly { name: string; type: DataType }[]): string | undefined {
  if (from.typeId !== DuckDBTypeId.STRUCT) return kinds(from, "a struct");
  const known = new Map(fields.map((field) => [field.name.toLowerCase(), field.type]));
  for (const [index, name] of from.entryNames.entries()) {
    const type = known.get(name.toLowerCase());
    if (type === undefined) return `it has no member ${JSON.stringify(name)}`;
    const entry = from.entryTypes[index];
    const loss = entry === undefined ? undefined : lossIn(entry, type);
    if (loss !== undefined) return `member ${JSON.stringify(name)}: ${loss}`;
  }
  return undefined;
}

function decimalLoss(from: DuckDBType, scale: number): string | undefined {
  if (WHOLE_NUMBERS.has(from.typeId)) return undefined;
  if (from.typeId !== DuckDBTypeId.DECIMAL) return kinds(from, "a decimal");
  return from.scale <= scale ? undefined : `${from.scale} digits after the point do not fit ${scale}`;
}

function kinds(from: DuckDBType, to: string): string {
  return `${String(from)} is not ${to}`;
}

const {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DOUBLE,
  ENUM,
  FLOAT,
  HUGEINT,
  INTEGER,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMP_MS,
  TIMESTAMP_S,
  TIMESTAMP_TZ,
  TINYINT,
  UBIGINT,
  UHUGEINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  UUID,
  VARCHAR,
} = DuckDBTypeId;

const BYTES = [TINYINT, UTINYINT];
const SHORTS = [...BYTES, SMALLINT, USMALLINT];
const INTEGERS = [...SHORTS, INTEGER, UINTEGER];
const WHOLE_NUMBERS: ReadonlySet<DuckDBTypeId> = new Set([...INTEGERS, BIGINT, UBIGINT, HUGEINT, UHUGEINT]);
// Every session runs in UTC, so a timestamp without a zone is the same moment.
const MOMENTS: ReadonlySet<DuckDBTypeId> = new Set([TIMESTAMP, TIMESTAMP_MS, TIMESTAMP_S, TIMESTAMP_TZ, DATE]);

/** From which types every value arrives exactly or not at all. */
const EXACT: Readonly<Record<string, ReadonlySet<DuckDBTypeId>>> = {
  string: new Set([VARCHAR, UUID, ENUM]),
  long: WHOLE_NUMBERS,
  integer: WHOLE_NUMBERS,
  short: WHOLE_NUMBERS,
  byte: WHOLE_NUMBERS,
  float: new Set([...SHORTS, FLOAT]),
  double: new Set([...INTEGERS, FLOAT, DOUBLE]),
  boolean: new Set([BOOLEAN]),
  binary: new Set([BLOB]),
  date: new Set([DATE]),
  timestamp: MOMENTS,
  timestamp_ntz: MOMENTS,
};
