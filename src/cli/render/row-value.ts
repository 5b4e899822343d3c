import { isArray, isMap, isStruct, type DataType } from "../../contract/index.ts";
import type { Value } from "../../engine/index.ts";
import { isoInstant } from "./instant.ts";
import { jsonInteger, jsonNumber, jsonString, jsonText } from "./json.ts";

/**
 * A value of a table as JSON text: numbers as `jsonText` writes them, decimals always as strings (digits and scale as
 * stored), timestamps as ISO 8601 (with `Z`; without it for timestamp_ntz), dates as `YYYY-MM-DD`, binary as base64, maps with
 * string keys as objects and others as lists of `[key, value]`.
 */
export function valueJson(value: Value | undefined, type: DataType): string {
  if (value === null || value === undefined) return "null";
  if (typeof type === "string") return scalarJson(value, type);
  if (isArray(type)) {
    return `[${listOf(value)
      .map((item) => valueJson(item, type.elementType))
      .join(",")}]`;
  }
  if (isMap(type)) return mapJson(listOf(value), type.keyType, type.valueType);
  const members = memberOf(value);
  return `{${type.fields.map((one) => `${jsonString(one.name)}:${valueJson(members(one.name), one.type)}`).join(",")}}`;
}

/** A value of a table as plain text, for cells: like the JSON, but texts as they are. Null stays null. */
export function valueText(value: Value | undefined, type: DataType): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  const json = valueJson(value, type);
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

/** Whether a column of this type holds free text, which a spreadsheet could take for a formula. */
export function isFreeText(type: DataType): boolean {
  return type === "string" || isArray(type) || isMap(type) || isStruct(type);
}

const NUMERIC = new Set<string>(["long", "integer", "short", "byte", "float", "double"]);

/** Whether a column of this type is read as a number. */
export function isNumeric(type: DataType): boolean {
  return typeof type === "string" && (NUMERIC.has(type) || type.startsWith("decimal"));
}

function scalarJson(value: NonNullable<Value>, type: string): string {
  if (typeof value === "string") return jsonString(value);
  if (value instanceof Uint8Array)
    return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"`;
  if (typeof value === "bigint") {
    if (type === "timestamp") return `"${isoInstant(value, "Z")}"`;
    if (type === "timestamp_ntz") return `"${isoInstant(value, "")}"`;
    return jsonInteger(value);
  }
  if (typeof value === "number") return type === "float" ? jsonFloat(value) : jsonNumber(value);
  return jsonText(value as boolean);
}

/** The shortest digits that read back as the same 32-bit float, as other engines show it: `0.1`, not `0.10000000149011612`. */
function jsonFloat(value: number): string {
  for (let digits = 1; digits <= 9; digits += 1) {
    const shortened = Number(value.toPrecision(digits));
    if (Math.fround(shortened) === value) return jsonNumber(shortened);
  }
  return jsonNumber(value);
}

function mapJson(entries: readonly Value[], keyType: DataType, valueType: DataType): string {
  const pairs = entries.map((entry) => {
    const [key, value] = listOf(entry);
    return [valueJson(key, keyType), valueJson(value, valueType)] as const;
  });
  if (keyType === "string") return `{${pairs.map(([key, value]) => `${key}:${value}`).join(",")}}`;
  return `[${pairs.map(([key, value]) => `[${key},${value}]`).join(",")}]`;
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

function memberOf(value: Value): (name: string) => Value | undefined {
  const object = value as Readonly<Record<string, Value>>;
  return (name) => (Object.hasOwn(object, name) ? object[name] : undefined);
}
