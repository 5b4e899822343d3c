import { isArray, isMap, isStruct, type DataType } from "../../../../contract/index.ts";
import type { Value } from "../../../../engine/index.ts";
import type { Members } from "./attribute-values.ts";

const NUMBERS: ReadonlySet<unknown> = new Set(["long", "integer", "short", "byte", "float", "double"]);
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A value of whatever type as JSON text: numbers with all their digits (decimals as texts), bytes as base64, maps as objects. */
export function plainJson(value: Value, type: DataType): string {
  if (value === null) return "null";
  if (isArray(type)) return `[${(value as readonly Value[]).map((one) => plainJson(one, type.elementType)).join(",")}]`;
  if (isMap(type) || isStruct(type)) {
    const types = isMap(type) ? undefined : new Map(type.fields.map((field) => [field.name, field.type]));
    const parts = Object.entries(value as Members).map(([name, one]) => {
      const member = isMap(type) ? type.valueType : (types?.get(name) ?? "string");
      return `${JSON.stringify(name)}:${plainJson(one, member)}`;
    });
    return `{${parts.join(",")}}`;
  }
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  const text = typeof value === "bigint" || typeof value === "number" ? String(value) : value;
  // JSON has no number for some of them, such as what is no number.
  if (typeof text === "string" && NUMBERS.has(type) && NUMBER.test(text)) return text;
  return JSON.stringify(text);
}
