import { JsonNumber, type JsonValue } from "../../base/index.ts";
import type { PrimitiveName } from "../../contract/index.ts";
import { valueKind, type ValueKind } from "../schema/value-kind.ts";
import { compareUtf8 } from "../../storage/index.ts";
import { parseTimestamp } from "./timestamp-text.ts";

/** A value of a column in a form that orders as the column does: whole numbers, or text by code points. */
export type OrderKey = bigint | string;

/** Fraction digits that a decimal is compared to. */
const SCALE = 40;

/** undefined for what has no order that every engine agrees on (floats with their NaN, binary) or is no value of the type. */
export function orderKey(type: PrimitiveName, value: JsonValue): OrderKey | undefined {
  if (value === null || typeof value === "object")
    return value instanceof JsonNumber ? orderKey(type, value.text) : undefined;
  return KEYS[valueKind(type)](value);
}

type Plain = string | number | bigint | boolean;

const KEYS: Readonly<Record<ValueKind, (value: Plain) => OrderKey | undefined>> = {
  text: (value) => (typeof value === "string" ? value : undefined),
  integer: integerKey,
  decimal: (value) => decimalKey(String(value)),
  boolean: (value) => booleanKey(String(value)),
  date: (value) => dateKey(String(value)),
  timestamp: (value) => (typeof value === "bigint" ? value : timestampKey("timestamp", String(value))),
  timestamp_ntz: (value) => (typeof value === "bigint" ? value : timestampKey("timestamp_ntz", String(value))),
  float: () => undefined,
  binary: () => undefined,
};

export function compareKeys(left: OrderKey, right: OrderKey): number {
  if (typeof left === "string" && typeof right === "string") return compareUtf8(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

function integerKey(value: Plain): bigint | undefined {
  // Nearly every bound is such a number; through its text it takes several times as long.
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  return /^-?\d+$/.test(String(value)) ? BigInt(String(value)) : undefined;
}

function booleanKey(text: string): bigint | undefined {
  return text === "true" ? 1n : text === "false" ? 0n : undefined;
}

/** Days. */
function dateKey(text: string): bigint | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const millis = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(millis) ? undefined : BigInt(millis) / 86_400_000n;
}

/** A local time says nothing about an instant: the writer's zone is not known. */
function timestampKey(type: "timestamp" | "timestamp_ntz", text: string): bigint | undefined {
  const parsed = parseTimestamp(text);
  if (parsed === undefined || (type === "timestamp" && parsed.zone === "")) return undefined;
  return parsed.micros;
}

function decimalKey(text: string): bigint | undefined {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const shift = SCALE - fraction.length + Number(exponent);
  if (shift < 0 || shift > 400) return undefined;
  const value = BigInt(whole + fraction) * 10n ** BigInt(shift);
  return sign === "-" ? -value : value;
}
