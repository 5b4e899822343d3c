import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from "./duckdb-api.ts";
import type { Row, Value } from "../engine.ts";
import type { EngineColumn } from "./delta-type.ts";

/** The rows of a chunk as the port's values. */
export function rowsOf(chunk: DuckDBDataChunk, columns: readonly EngineColumn[]): readonly Row[] {
  const rows: Record<string, Value>[] = Array.from({ length: chunk.rowCount }, () => ({}));
  columns.forEach((column, index) => {
    renamePrototypes(chunk.getColumnVector(index).type);
    const values = chunk.getColumnValues(index);
    for (const [at, row] of rows.entries()) define(row, column.name, toValue(values[at] ?? null));
  });
  return rows;
}

/** One DuckDB value as the port's value (see `Value`). What the port has no form for (intervals, times …) becomes its text. */
export function toValue(value: DuckDBValue): Value {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) return value.micros;
  if (value instanceof DuckDBDecimalValue) return decimalText(value.value, value.scale);
  if (value instanceof DuckDBDateValue) return value.toString();
  // A copy: the bytes lie in the chunk, which goes.
  if (value instanceof DuckDBBlobValue) return new Uint8Array(value.bytes);
  if (value instanceof DuckDBStructValue) return structOf(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toValue);
  if (value instanceof DuckDBMapValue) return value.entries.map((entry) => [toValue(entry.key), toValue(entry.value)]);
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1_000n;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds * 1_000_000n;
  return value.toString();
}

/** A decimal's exact text with all digits of its scale. */
export function decimalText(scaled: bigint, scale: number): string {
  if (scale === 0) return String(scaled);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, "0");
  const sign = scaled < 0n ? "-" : "";
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function structOf(value: DuckDBStructValue): Value {
  const members: Record<string, Value> = {};
  for (const [name, member] of Object.entries(value.entries)) define(members, name, toValue(member));
  return members;
}

/** A column may be called `__proto__`: assignment would set the prototype. */
function define(target: Record<string, Value>, name: string, value: Value): void {
  if (name === PROTOTYPE || name === PROTOTYPE_STAND_IN)
    Object.defineProperty(target, PROTOTYPE, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}

const PROTOTYPE = "__proto__";
/** No member of a struct has this name: the engine's names end at a NUL. */
const PROTOTYPE_STAND_IN = "__proto__\0";

/**
 * The client assigns the members of a struct to a plain object, so that one called `__proto__` would be lost. A vector's type is the
 * vector's own and is asked for the names at each value: there the member goes by another name until it has an object of ours.
 */
function renamePrototypes(type: DuckDBType): void {
  if (type instanceof DuckDBStructType) {
    const at = type.entryNames.indexOf(PROTOTYPE);
    if (at >= 0) Object.assign(type.entryNames, { [at]: PROTOTYPE_STAND_IN });
    type.entryTypes.forEach(renamePrototypes);
  } else if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    renamePrototypes(type.valueType);
  } else if (type instanceof DuckDBMapType) {
    renamePrototypes(type.keyType);
    renamePrototypes(type.valueType);
  }
}

/** A value for a message. */
export function shownValue(value: Value): string {
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? String(member) : member));
  return text.slice(0, 100);
}
