import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBStructType,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
} from "../duckdb-api.ts";
import { JsonNumber, type JsonObject, type JsonValue } from "../../../base/index.ts";
import { quoteIdentifier } from "../../sql-text.ts";
import { decimalText } from "../row-values.ts";

/** How one struct column becomes JSON objects: read leaf by leaf, which is many times faster than struct by struct. */
export interface ActionShape {
  readonly name: string;
  /** Columns to select, in order, from `start` on. */
  readonly columns: readonly string[];
  readonly read: (vectors: readonly DuckDBVector[], row: number) => JsonValue | undefined;
}

interface ShapeOptions {
  /** Index of the shape's first column in the select list. */
  readonly start: number;
  readonly isLeftOut: (member: string) => boolean;
}

export function actionShape(name: string, type: DuckDBStructType, { start, isLeftOut }: ShapeOptions): ActionShape {
  const columns: string[] = [];
  const select = (sql: string): number => start + columns.push(sql) - 1;
  const read = structReader(quoteIdentifier(name), type, { select, isLeftOut });
  return { name, columns, read };
}

const PARTITIONS_PARSED = "partitionValues_parsed";

export function isMember(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

type Read = ActionShape["read"];

interface Selection {
  readonly select: (sql: string) => number;
  readonly isLeftOut: (member: string) => boolean;
}

function structReader(sql: string, type: DuckDBStructType, selection: Selection): Read {
  // Typed partition values stand for a map, where a null is a value.
  const keepsNulls = sql.endsWith(quoteIdentifier(PARTITIONS_PARSED));
  const present = selection.select(`${sql} IS NOT NULL`);
  const members: { readonly name: string; readonly read: Read }[] = [];
  for (const [index, name] of type.entryNames.entries()) {
    const member = type.entryTypes[index];
    if (member === undefined || selection.isLeftOut(name)) continue;
    members.push({ name, read: reader(`${sql}.${quoteIdentifier(name)}`, member, selection) });
  }
  return (vectors, row) => {
    if (vectors[present]?.getItem(row) !== true) return undefined;
    const object: JsonObject = {};
    for (const { name, read } of members) {
      const value = read(vectors, row);
      if (value !== undefined) object[name] = value;
      else if (keepsNulls) object[name] = null;
    }
    return object;
  };
}

function reader(sql: string, type: DuckDBType, selection: Selection): Read {
  if (type.typeId === DuckDBTypeId.STRUCT) return structReader(sql, type, selection);
  const index = selection.select(sql);
  return (vectors, row) => {
    const value = vectors[index]?.getItem(row);
    return value === null || value === undefined ? undefined : jsonOf(value);
  };
}

/** Null members of objects are left out before this; null values in maps and lists are values. */
function jsonOf(value: DuckDBValue): JsonValue {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return typeof value === "string" || typeof value === "boolean" ? value : objectJson(value);
}

function objectJson(value: DuckDBValue): JsonValue {
  if (value instanceof DuckDBMapValue) {
    const object: JsonObject = {};
    for (const entry of value.entries) define(object, String(entry.key), jsonOf(entry.value));
    return object;
  }
  if (value instanceof DuckDBListValue) return value.items.map(jsonOf);
  if (value instanceof DuckDBDecimalValue) return new JsonNumber(decimalText(value.value, value.scale));
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBTimestampTZValue) return `${isoMicros(value.micros)}Z`;
  if (value instanceof DuckDBTimestampValue) return isoMicros(value.micros);
  return null;
}

function isoMicros(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, -5);
  return `${seconds}.${String(fraction).padStart(6, "0")}`;
}

/** A partition column may be called `__proto__`: assignment would set the prototype. */
function define(object: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}
