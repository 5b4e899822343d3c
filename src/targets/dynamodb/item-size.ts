import type { AttributeMap, AttributeValue } from "../../contract/index.ts";

/** What DynamoDB takes at most (AWS, "Quotas in Amazon DynamoDB"). */
export const ITEM_BYTES_MAX = 400 * 1024;
export const PARTITION_KEY_BYTES_MAX = 2_048;
export const SORT_KEY_BYTES_MAX = 1_024;
/** A unit of write capacity is a write of so much, or of less. */
export const UNIT_BYTES = 1_024;

/**
 * Bytes of an item as DynamoDB counts them: names and values, numbers at most (AWS, "DynamoDB item sizes and formats": about a byte
 * for two digits, and one more).
 */
export function itemBytes(item: AttributeMap): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + valueBytes(value);
  return bytes;
}

function valueBytes(value: AttributeValue): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return numberBytes(value.N);
  if ("B" in value) return value.B.length;
  if ("BOOL" in value || "NULL" in value) return 1;
  if ("L" in value) return 3 + sum(value.L, (one) => 1 + valueBytes(one));
  if ("M" in value) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  if ("SS" in value) return sum(value.SS, (one) => Buffer.byteLength(one));
  if ("NS" in value) return sum(value.NS, numberBytes);
  return sum(value.BS, (one) => one.length);
}

function numberBytes(text: string): number {
  const digits = text
    .replace(/^-?0*\.?0*/, "")
    .replace(".", "")
    .replace(/0+$/, "").length;
  return Math.ceil(digits / 2) + 2 + (text.startsWith("-") ? 1 : 0);
}

function sum<T>(values: readonly T[], sizeOf: (value: T) => number): number {
  let total = 0;
  for (const value of values) total += sizeOf(value);
  return total;
}
