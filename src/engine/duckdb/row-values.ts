import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBArrayValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBDataChunk,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { Row, Value } from "../engine.ts";
import type { EngineColumn } from "./delta-type.ts";

/** The rows of a chunk as the port's values. */
export function rowsOf(chunk: DuckDBDataChunk, columns: readonly EngineColumn[]): readonly Row[] {
  const rows: Record<string, Value>[] = Array.from({ length: chunk.rowCount }, () => ({}));
  columns.forEach((column, index) => {
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
  if (name === "__proto__")
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}

/** A value for a message. */
export function shownValue(value: Value): string {
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? String(member) : member));
  return text.slice(0, 100);
}
