import { JsonNumber, stringifyJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import { isStruct, type DataType, type PrimitiveName, type StructType } from "../../contract/index.ts";
import { emptyRecord } from "../log/action-members.ts";
import { valueKind, type ValueKind } from "../schema/value-kind.ts";
import { statisticsColumns } from "./statistics-columns.ts";
import { formatTimestamp } from "./timestamp-text.ts";
import { truncatedMax, truncatedMin } from "./truncate-text.ts";

/**
 * A bound of a column as the engine knows it, exact and in full: text for `string`; a whole number for `byte` to `long`
 * (`bigint`, number, or its digits); digits for `decimal`; a number for `float` and `double`; `YYYY-MM-DD` for `date`;
 * microseconds since the epoch (`bigint`) for `timestamp` and `timestamp_ntz`. Other types have no bounds.
 */
export type StatValue = string | bigint | number;

export interface ColumnStats {
  /** Names from the top-level column down through structs. An array or a map is a leaf, with a null count only. */
  readonly path: readonly string[];
  readonly nullCount?: number;
  /** At or below every value that is not null. */
  readonly min?: StatValue;
  /** At or above every value that is not null. */
  readonly max?: StatValue;
  /** Whether a NaN may be among the values: then there are no bounds that every engine understands alike. */
  readonly hasNan?: boolean;
}

export interface StatsLayout {
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  /** `delta.dataSkippingNumIndexedCols` and `delta.dataSkippingStatsColumns` decide which columns have statistics. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Names of the columns that the table is clustered by: they have statistics in any case. */
  readonly clustering?: readonly (readonly string[])[] | undefined;
}

/**
 * The text of `add.stats` (Delta PROTOCOL, "Per-file Statistics"). Bounds that cannot be said in it are left out; those of long
 * texts and of times below a millisecond are rounded outwards, so that no reader ever skips a row.
 */
export function encodeStats(
  layout: StatsLayout,
  file: { readonly numRecords: number; readonly columns: readonly ColumnStats[] },
): string {
  const indexed = statisticsColumns(layout);
  const minValues = emptyRecord<JsonValue>();
  const maxValues = emptyRecord<JsonValue>();
  const nullCount = emptyRecord<JsonValue>();
  for (const column of file.columns) {
    const type = typeAt(layout.schema, column.path);
    if (type === undefined || !indexed.has(column.path)) continue;
    if (column.nullCount !== undefined) put(nullCount, column.path, column.nullCount);
    if (typeof type !== "string" || column.hasNan === true) continue;
    const min = boundJson(type, column.min, "min");
    const max = boundJson(type, column.max, "max");
    if (min !== undefined) put(minValues, column.path, min);
    if (max !== undefined) put(maxValues, column.path, max);
  }
  return stringifyJson({ numRecords: file.numRecords, minValues, maxValues, nullCount });
}

function typeAt(schema: StructType, path: readonly string[]): DataType | undefined {
  let type: DataType = schema;
  for (const name of path) {
    if (!isStruct(type)) return undefined;
    const field: DataType | undefined = type.fields.find((candidate) => candidate.name === name)?.type;
    if (field === undefined) return undefined;
    type = field;
  }
  return isStruct(type) ? undefined : type;
}

type Side = "min" | "max";

function boundJson(type: PrimitiveName, value: StatValue | undefined, side: Side): JsonValue | undefined {
  return value === undefined ? undefined : BOUNDS[valueKind(type)](value, side);
}

const BOUNDS: Readonly<Record<ValueKind, (value: StatValue, side: Side) => JsonValue | undefined>> = {
  text: (value, side) => (side === "min" ? truncatedMin(String(value)) : truncatedMax(String(value))),
  integer: (value) => (/^-?\d+$/.test(String(value)) ? BigInt(value) : undefined),
  float: (value) => (typeof value === "number" && Number.isFinite(value) ? value : undefined),
  date: (value) => (/^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? String(value) : undefined),
  timestamp: (value, side) => timestampJson("timestamp", value, side),
  timestamp_ntz: (value, side) => timestampJson("timestamp_ntz", value, side),
  decimal: decimalJson,
  boolean: () => undefined,
  binary: () => undefined,
};

/** Whole milliseconds, as every engine expects; the upper bound is rounded up, for readers that do not allow for truncation. */
function timestampJson(type: "timestamp" | "timestamp_ntz", micros: StatValue, side: Side): string | undefined {
  if (typeof micros !== "bigint") return undefined;
  const down = (micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n;
  const isWhole = down * 1000n === micros;
  return formatTimestamp(side === "max" && !isWhole ? down + 1n : down, type);
}

function decimalJson(value: StatValue): JsonValue | undefined {
  const text = String(value);
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) ? new JsonNumber(text) : undefined;
}

function put(object: JsonObject, path: readonly string[], value: JsonValue): void {
  let at = object;
  for (const name of path.slice(0, -1)) {
    const inner = at[name];
    const next = typeof inner === "object" && inner !== null ? (inner as JsonObject) : emptyRecord<JsonValue>();
    at[name] = next;
    at = next;
  }
  const last = path.at(-1);
  if (last !== undefined) at[last] = value;
}
