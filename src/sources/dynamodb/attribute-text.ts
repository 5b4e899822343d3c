import { parseJson, stringifyJson, type JsonValue } from "../../base/index.ts";
import { canonicalNumber } from "../../contract/index.ts";
import { isObject } from "./columns/shapes.ts";

/**
 * The one spelling of an attribute's value in DynamoDB JSON: numbers as `canonicalNumber`, members of maps and elements of sets in their order
 * as text, everything else as it is.
 */
export function attributeText(json: string): string {
  return stringifyJson(ordered(parseJson(json)));
}

function ordered(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  const [tag] = Object.keys(value);
  const content = tag === undefined ? undefined : value[tag];
  if (tag === undefined || content === undefined) return value;
  switch (tag) {
    case "N":
      return { N: numberOf(content) };
    case "NS":
      return { NS: elements(content).map(numberOf).toSorted(byText) };
    case "SS":
    case "BS":
      return { [tag]: elements(content).toSorted(byText) };
    case "L":
      return { L: elements(content).map(ordered) };
    case "M": {
      if (!isObject(content)) return value;
      const members = Object.keys(content).toSorted();
      return { M: Object.fromEntries(members.map((name) => [name, ordered(content[name] ?? null)])) };
    }
    default:
      return value;
  }
}

function elements(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function numberOf(value: JsonValue): JsonValue {
  return typeof value === "string" ? (canonicalNumber(value) ?? value) : value;
}

function byText(left: JsonValue, right: JsonValue): number {
  const [one, other] = [stringifyJson(left), stringifyJson(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}
