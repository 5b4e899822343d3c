import { canonicalNumber } from "./key.ts";
import type { AttributeMap, AttributeValue } from "./own-write.ts";

/** A value that an attribute is compared with. `N` is canonical (see `canonicalNumber`), `B` base64. */
export type FilterScalar =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true };

export type Comparison = "eq" | "ne" | "lt" | "lte" | "gt" | "gte" | "beginsWith";

/** What one attribute of an item, at its top level, must be. */
export type FilterCondition = { readonly attribute: string } & (
  | { readonly is: Comparison; readonly value: FilterScalar }
  | { readonly is: "in"; readonly values: readonly FilterScalar[] }
  | { readonly is: "exists" | "missing" }
);

/** Which items of a table are taken in, and what of them: plain data, the same in every process that filters. */
export interface ItemFilter {
  /** All must hold; none: every item. */
  readonly where: readonly FilterCondition[];
  /** Attributes that are kept, the key's among them; undefined: all. */
  readonly attributes?: readonly string[];
}

/**
 * What a change of an item is to somebody who sees the filtered table alone: `keep` – as it is; `leaves` – the item is not there any
 * more, which is a delete; `skip` – it was not there before, and is not now. A change without an image of before is never skipped,
 * unless it `isInsert`: then there was no item.
 */
export type FilteredChange = "keep" | "leaves" | "skip";

export interface ChangedImages {
  /** undefined: the item was deleted. */
  readonly newImage?: AttributeMap | undefined;
  /** undefined: there was no item, or nobody knows what it was. */
  readonly oldImage?: AttributeMap | undefined;
  readonly isInsert?: boolean;
}

export function filteredChange(
  filter: ItemFilter,
  { newImage, oldImage, isInsert = false }: ChangedImages,
): FilteredChange {
  if (newImage !== undefined && matchesFilter(filter, newImage)) return "keep";
  if (isInsert || (oldImage !== undefined && !matchesFilter(filter, oldImage))) return "skip";
  return newImage === undefined ? "keep" : "leaves";
}

/** Whether an item meets the filter's conditions, as DynamoDB's own filter expressions have them: another type never compares. */
export function matchesFilter({ where }: ItemFilter, item: AttributeMap): boolean {
  return where.every((condition) => holds(condition, valueOf(item, condition.attribute)));
}

/** The item with the attributes that the filter keeps. */
export function projectItem({ attributes }: ItemFilter, item: AttributeMap): AttributeMap {
  if (attributes === undefined) return item;
  const kept = new Set(attributes);
  return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
}

function valueOf(item: AttributeMap, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

function holds(condition: FilterCondition, value: AttributeValue | undefined): boolean {
  switch (condition.is) {
    case "exists":
      return value !== undefined;
    case "missing":
      return value === undefined;
    case "in":
      return condition.values.some((one) => isEqual(value, one));
    case "eq":
      return isEqual(value, condition.value);
    case "ne":
      return !isEqual(value, condition.value);
    case "beginsWith":
      return beginsWith(value, condition.value);
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return compares(condition.is, orderOf(value, condition.value));
  }
}

function compares(is: "lt" | "lte" | "gt" | "gte", order: number | undefined): boolean {
  if (order === undefined) return false;
  if (order === 0) return is === "lte" || is === "gte";
  return order < 0 ? is === "lt" || is === "lte" : is === "gt" || is === "gte";
}

function isEqual(value: AttributeValue | undefined, other: FilterScalar): boolean {
  if (value === undefined) return false;
  if ("BOOL" in value) return "BOOL" in other && value.BOOL === other.BOOL;
  if ("NULL" in value) return "NULL" in other;
  return orderOf(value, other) === 0;
}

/** Below, at or above zero as the value stands before, at or behind the other; undefined where the two have no order. */
function orderOf(value: AttributeValue | undefined, other: FilterScalar): number | undefined {
  if (value === undefined) return undefined;
  if ("S" in value && "S" in other) return Buffer.compare(Buffer.from(value.S), Buffer.from(other.S));
  if ("B" in value && "B" in other) return Buffer.compare(bytesOf(value.B), bytesOf(other.B));
  if (!("N" in value) || !("N" in other)) return undefined;
  const [left, right] = [canonicalNumber(value.N), canonicalNumber(other.N)];
  return left === undefined || right === undefined ? undefined : compareNumbers(left, right);
}

function beginsWith(value: AttributeValue | undefined, start: FilterScalar): boolean {
  if (value === undefined) return false;
  if ("S" in value && "S" in start) return value.S.startsWith(start.S);
  if (!("B" in value) || !("B" in start)) return false;
  const [whole, head] = [bytesOf(value.B), bytesOf(start.B)];
  return whole.length >= head.length && whole.subarray(0, head.length).equals(head);
}

function bytesOf(value: Uint8Array | string): Buffer {
  return typeof value === "string" ? Buffer.from(value, "base64") : Buffer.from(value);
}

/** Orders canonical numbers by value, exactly. */
function compareNumbers(left: string, right: string): number {
  const isNegative = left.startsWith("-");
  if (isNegative !== right.startsWith("-")) return isNegative ? -1 : 1;
  return isNegative ? compareMagnitudes(right.slice(1), left.slice(1)) : compareMagnitudes(left, right);
}

/** Without signs and without zeros in front, the longer whole part is the greater one, and equally long ones compare as texts. */
function compareMagnitudes(left: string, right: string): number {
  const [leftWhole = "", leftFraction = ""] = left.split(".");
  const [rightWhole = "", rightFraction = ""] = right.split(".");
  return (
    leftWhole.length - rightWhole.length ||
    compareTexts(leftWhole, rightWhole) ||
    compareTexts(leftFraction, rightFraction)
  );
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
