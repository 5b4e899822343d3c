import type { DataType } from "../../../../contract/index.ts";
import { isArray, isMap, isStruct } from "../../../../contract/index.ts";
import type { Value } from "../../../../engine/index.ts";

/** A value of whatever type as JSON text: numbers with all their digits, bytes as base64, maps as objects, times as microseconds. */
export function plainJson(value: Value, type: DataType): string {
  if (value === null) return "null";
  if (isArray(type)) return `[${(value as readonly Value[]).map((one) => plainJson(one, type.elementType)).join(",")}]`;
  if (isMap(type)) {
    const entries = (value as readonly (readonly [Value, Value])[]).map(
      ([key, one]) => `${JSON.stringify(nameOf(key))}:${plainJson(one, type.valueType)}`,
    );
    return `{${entries.join(",")}}`;
  }
  if (isStruct(type)) {
    const members = value as Readonly<Record<string, Value>>;
    const parts = type.fields.map(
      ({ name, type: member }) => `${JSON.stringify(name)}:${plainJson(members[name] ?? null, member)}`,
    );
    return `{${parts.join(",")}}`;
  }
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  if (typeof value === "bigint") return String(value);
  // What JSON has no number for.
  if (typeof value === "number" && !Number.isFinite(value)) return JSON.stringify(String(value));
  return JSON.stringify(value);
}

function nameOf(key: Value): string {
  return typeof key === "string" ? key : JSON.stringify(key, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one)); // prettier-ignore
}
