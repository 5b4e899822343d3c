import type { JsonObject, JsonValue } from "../../base/index.ts";
import { decimalParts, type PrimitiveName } from "../../contract/index.ts";
import type { PartitionValues } from "../actions.ts";
import { isObject } from "../log/action-members.ts";
import type { StatValue } from "./encode-stats.ts";
import type { FileStats } from "./parse-stats.ts";
import { compareKeys, orderKey, type OrderKey } from "./value-order.ts";

/** Rows that a reader wants, by one column: values from `min` to `max` (both included, either may be open), or nulls, or both. */
export interface ColumnRange {
  /** Names from the top-level column down through structs. */
  readonly path: readonly string[];
  readonly type: PrimitiveName;
  readonly min?: StatValue | boolean;
  readonly max?: StatValue | boolean;
  /** Whether a row without a value is wanted, too. Not, by default. */
  readonly nulls?: boolean;
  /** Whether rows with a value are wanted at all. By default they are. */
  readonly values?: boolean;
}

export interface FileSummary {
  readonly stats: FileStats | undefined;
  readonly partitionValues: PartitionValues;
}

/**
 * Whether a file may hold a row that is in all the ranges. `false` is certain, `true` is not: statistics that are missing, of an
 * unknown form or known to be untrue in some writer never exclude a file (floats for their NaN, local times, nulls inside structs).
 */
export function fileMayMatch(file: FileSummary, ranges: readonly ColumnRange[]): boolean {
  return ranges.every((range) => mayMatch(file, range));
}

function mayMatch(file: FileSummary, range: ColumnRange): boolean {
  const column = range.path.length === 1 ? range.path[0] : undefined;
  if (column !== undefined && Object.hasOwn(file.partitionValues, column)) {
    return partitionMayMatch(file.partitionValues[column] ?? null, range);
  }
  if (file.stats === undefined) return true;
  return statsMayMatch(file.stats, range);
}

function partitionMayMatch(text: string | null, range: ColumnRange): boolean {
  if (text === null || text === "") return range.nulls === true;
  if (range.values === false) return false;
  const key = orderKey(range.type, text);
  return key === undefined || overlaps({ low: key, high: key }, range);
}

function statsMayMatch(stats: FileStats, range: ColumnRange): boolean {
  const nullCount = leafOf(stats.nullCount, range.path);
  // Inside a struct a count of zero may leave out the rows whose struct is null.
  const hasNoNull = nullCount === 0 && range.path.length === 1;
  if (range.nulls === true && !hasNoNull) return true;
  if (range.values === false) return false;
  // Counts of a file that lost rows since are only good for "none" and "all" (both still true).
  if (stats.numRecords !== undefined && nullCount === stats.numRecords) return false;
  const min = leafOf(stats.minValues, range.path);
  const max = leafOf(stats.maxValues, range.path);
  return overlaps(
    {
      low: min === undefined ? undefined : widened(range.type, min, -1n),
      high: max === undefined ? undefined : widened(range.type, max, 1n),
    },
    range,
  );
}

interface Bounds {
  readonly low: OrderKey | undefined;
  readonly high: OrderKey | undefined;
}

function overlaps(bounds: Bounds, range: ColumnRange): boolean {
  const { low: min, high: max } = keysOf(range);
  if (max !== undefined && bounds.low !== undefined && compareKeys(max, bounds.low) < 0) return false;
  return !(min !== undefined && bounds.high !== undefined && compareKeys(min, bounds.high) > 0);
}

/** A range is asked of every file, and each of its ends is made a key once. */
const keysOfRanges = new WeakMap<ColumnRange, Bounds>();

function keysOf(range: ColumnRange): Bounds {
  const known = keysOfRanges.get(range);
  if (known !== undefined) return known;
  const keys = {
    low: range.min === undefined ? undefined : orderKey(range.type, range.min),
    high: range.max === undefined ? undefined : orderKey(range.type, range.max),
  };
  keysOfRanges.set(range, keys);
  return keys;
}

const MILLISECOND = 1000n;
const MINUTE = 60_000_000n;

/** A bound moved outwards by as much as writers are known to have moved it inwards. */
function widened(type: PrimitiveName, bound: JsonValue, direction: 1n | -1n): OrderKey | undefined {
  const key = orderKey(type, bound);
  if (typeof key !== "bigint") return key;
  if (type === "timestamp" || type === "timestamp_ntz") {
    // Cut to milliseconds; some Sparks also cut the seconds off the offset of an old time zone.
    const hasOffset = typeof bound === "string" && /[+-]\d{2}(?::?\d{2}){0,2}$/.test(bound.slice(10));
    return key + direction * (hasOffset ? MINUTE : MILLISECOND);
  }
  const decimal = decimalParts(type);
  if (decimal === undefined || decimal.precision <= 15) return key;
  // Writers that go through a double are off by up to half a unit of its last place.
  const magnitude = key < 0n ? -key : key;
  return key + direction * ((magnitude >> 51n) + 1n);
}

function leafOf(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const name of path) {
    if (!isObject(value)) return undefined;
    value = value[name];
  }
  return value ?? undefined;
}
