import { parseJson, stringifyJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import { decimalParts, isReservedName, type DataType, type StructType } from "../../contract/index.ts";
import type { Row, Value } from "../../engine/index.ts";
import type { DmsFilesOptions } from "./options.ts";

/**
 * The record that a Bronze row was made from, in the form of its file: a CSV record with the endpoint's delimiters, or a row of
 * Parquet as JSON. Empty for a `T` and for the end of a row whose key was changed, which have no record of their own. `row` has all columns of the table.
 */
export function rebuildRecord(row: Row, schema: StructType, options: DmsFilesOptions): string {
  if (row["_op"] === "T") return "";
  const texts = textsOf(row, schema);
  const file = typeof row["_ingest_file"] === "string" ? row["_ingest_file"] : "";
  const { op, movedTo } = objectOf(row["_source_meta"]);
  // The record is that of the row under its new key.
  if (movedTo !== undefined) return "";
  const operation = typeof op === "string" ? op : undefined;
  if (file.endsWith(".parquet")) {
    const members = [...(operation === undefined ? [] : [["Op", operation] as const]), ...texts];
    return stringifyJson(Object.fromEntries(members));
  }
  const names = options.columns ?? [...texts.keys()];
  const isOfTransactions = file.slice(file.lastIndexOf("/") + 1).startsWith("CDC_TXN-");
  const fields = [
    ...(operation === undefined ? [] : [operation]),
    ...(isOfTransactions ? [options.table, options.schema] : []),
    ...names.map((name) => texts.get(name) ?? null),
  ];
  return fields.map((field) => csvField(field, options.settings)).join(options.settings.csvDelimiter);
}

/** By column: its text, null for NULL. What the table has no column for comes from `_rescued`. */
function textsOf(row: Row, schema: StructType): ReadonlyMap<string, string | null> {
  const texts = new Map<string, string | null>();
  for (const { name, type } of schema.fields) {
    if (!isReservedName(name)) texts.set(name, textOf(row[name] ?? null, type));
  }
  for (const [name, tagged] of Object.entries(objectOf(row["_rescued"]))) {
    const [value] = tagged !== null && typeof tagged === "object" ? Object.values(tagged as JsonObject) : [];
    texts.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return texts;
}

function textOf(value: Value, type: DataType): string | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "bigint" && (type === "timestamp" || type === "timestamp_ntz")) return momentText(value);
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return decimalParts(type) === undefined ? String(value) : value.toFixed(decimalParts(type)?.scale); // prettier-ignore
  return JSON.stringify(value, (_name, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

/** `yyyy-MM-dd HH:mm:ss.SSSSSS` */
function momentText(micros: bigint): string {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  const fraction = String(micros - seconds * 1_000_000n).padStart(6, "0");
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace("T", " ")}.${fraction}`;
}

function csvField(
  text: string | null,
  { csvNullValue, csvDelimiter, csvRowDelimiter, rfc4180 }: DmsFilesOptions["settings"],
): string {
  if (text === null) return csvNullValue;
  const isSpecial = text === csvNullValue || ['"', csvDelimiter, csvRowDelimiter].some((one) => text.includes(one));
  return rfc4180 && isSpecial ? `"${text.replaceAll('"', '""')}"` : text;
}

function objectOf(json: Value | undefined): JsonObject {
  const value: JsonValue = typeof json === "string" ? parseJson(json) : {};
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : {};
}
