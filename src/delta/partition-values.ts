import { SluiceError } from "../base/index.ts";
import type { PrimitiveName } from "../contract/index.ts";
import { valueKind, type ValueKind } from "./schema/value-kind.ts";
import { parseTimestamp } from "./stats/timestamp-text.ts";

/**
 * A value of a partition column: `bigint` for whole numbers and for timestamps (microseconds since the epoch), number for floats,
 * text for strings, decimals and dates (`YYYY-MM-DD`), bytes for binary.
 */
export type PartitionValue = string | bigint | number | boolean | Uint8Array | null;

/** The text of a value in `add.partitionValues` (Delta PROTOCOL, "Partition Value Serialization"). An empty text is null, too. */
export function encodePartitionValue(type: PrimitiveName, value: PartitionValue): string | null {
  if (value === null || value === "") return null;
  if (value instanceof Uint8Array) return value.length === 0 ? null : binaryText(value);
  if ((type === "timestamp" || type === "timestamp_ntz") && typeof value === "bigint") {
    return timestampText(type, value);
  }
  return typeof value === "number" ? floatText(value) : String(value);
}

/** The value behind the text. Text that is no value of the type fails with `table.corrupt`. */
export function decodePartitionValue(type: PrimitiveName, text: string | null | undefined): PartitionValue {
  if (text === null || text === undefined || text === "") return null;
  return READERS[valueKind(type)](text) ?? fail(type, text);
}

const READERS: Readonly<Record<ValueKind, (text: string) => PartitionValue | undefined>> = {
  text: (text) => text,
  integer: (text) => (/^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace("+", "")) : undefined),
  float: numberOf,
  boolean: (text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined),
  binary: (text) => new TextEncoder().encode(text),
  date: (text) => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined),
  // Old writers used their local time; without a zone it is taken as UTC.
  timestamp: (text) => parseTimestamp(text)?.micros,
  timestamp_ntz: (text) => parseTimestamp(text)?.micros,
  decimal: (text) => (/^[+-]?\d+(\.\d+)?$/.test(text) ? text : undefined),
};

function numberOf(text: string): number | undefined {
  if (/^[+-]?(Infinity|NaN)$/.test(text)) return Number(text.replace("+", ""));
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The protocol has text here: bytes that are no text cannot be said, and must not come back as others. */
function binaryText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new SluiceError("table.unsupported", "Cannot write a binary partition value: it is not UTF-8", {
      cause: error,
    });
  }
}

/** As Java writes floats: always with a fraction, so that every engine sees what it is. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return "-0.0";
  const [digits = "", exponent] = String(value).split("e");
  const mantissa = digits.includes(".") ? digits : `${digits}.0`;
  return exponent === undefined ? mantissa : `${mantissa}E${exponent.replace("+", "")}`;
}

function timestampText(type: "timestamp" | "timestamp_ntz", micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, -5);
  const digits = String(fraction).padStart(6, "0");
  return type === "timestamp" ? `${seconds}.${digits}Z` : `${seconds.replace("T", " ")}.${digits}`;
}

function fail(type: PrimitiveName, text: string): never {
  throw new SluiceError("table.corrupt", `Cannot read a partition value: ${JSON.stringify(text)} is no ${type}`);
}
