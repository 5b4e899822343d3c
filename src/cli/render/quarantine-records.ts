import { JsonNumber, parseJson, stringifyJson, type JsonObject } from "../../base/index.ts";
import { CONTRACT_COLUMNS } from "../../contract/index.ts";
import type { Row, Value } from "../../engine/index.ts";
import { isoInstant } from "./instant.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";

/** Records that were set aside, one block each: why, from where, and what they say. */
export function quarantineRecordsText(rows: readonly Row[], paint: Paint): string {
  return rows.map((row) => `${recordText(row, paint)}\n`).join("");
}

function recordText(row: Row, paint: Paint): string {
  const key = textOf(row["_key"]);
  const reasons = Array.isArray(row["reasons"]) ? (row["reasons"] as readonly Value[]) : [];
  const head = [textOf(row["table_name"]), ...(key === "" ? [] : [safeLine(key)])].join("  ");
  return [
    `${paint.bold(head)}  ${paint.yellow(reasons.map((reason) => safeLine(textOf(reason))).join(", "))}`,
    `  ${paint.dim("from")}    ${safeLine(placeOf(row))}`,
    `  ${paint.dim("record")}  ${safeLine(contentOf(row))}`,
    "",
  ].join("\n");
}

/** `AWSDynamoDB/…/4f96.json.gz:17, batch 3, 2026-01-01T00:00:00Z` */
function placeOf(row: Row): string {
  const { _ingest_file: file, line, byte_offset: offset, _batch_id: batch, _source_ts: micros } = row;
  const parts = [
    textOf(file) + (textOf(line) === "" ? "" : `:${textOf(line)}`),
    textOf(offset) === "" ? "" : `byte ${textOf(offset)}`,
    textOf(batch) === "" ? "" : `batch ${textOf(batch)}`,
    typeof micros === "bigint" ? isoInstant(micros, "Z") : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

const CONTRACT_NAMES = new Set(CONTRACT_COLUMNS.map((column) => column.name).filter((name) => name !== "_rescued"));

/** The record's own attributes, or the bytes of a line that was none. */
function contentOf(row: Row): string {
  const raw = textOf(row["raw"]);
  if (row["raw_encoding"] === "base64") return Buffer.from(raw, "base64").toString("utf8");
  const attributes = objectOf(raw);
  if (attributes === undefined) return raw;
  const own = Object.entries(attributes).filter(([name, value]) => value !== null && !CONTRACT_NAMES.has(name));
  return stringifyJson(Object.fromEntries(own));
}

function objectOf(json: string): JsonObject | undefined {
  try {
    const value = parseJson(json);
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    return isObject && !(value instanceof JsonNumber) ? value : undefined;
  } catch {
    return undefined; // shown as it is
  }
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" || typeof value === "bigint" || typeof value === "number" ? String(value) : "";
}
