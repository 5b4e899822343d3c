import {
  canonicalNumber,
  type Comparison,
  type FilterCondition,
  type FilterScalar,
  type ItemFilter,
} from "../../contract/index.ts";
import type { ItemWhere } from "../builders/item-filter.ts";
import { Place } from "../reading/place.ts";
import { ConfigError, type Problem } from "../reading/problem.ts";
import { readEntries, readFields, readList } from "../reading/read-object.ts";
import { readText } from "../reading/read-scalar.ts";

/** An expression of DynamoDB may name so many values in one `IN`, and have so many operators (AWS, "Quotas"). */
const IN_MOST = 100;
const CONDITIONS_MOST = 100;

const OPERATORS = ["eq", "ne", "in", "lt", "lte", "gt", "gte", "beginsWith", "exists"] as const;
/** Those that not every type has an answer for. */
const ORDERED: Readonly<Record<string, readonly string[]>> = {
  lt: ["S", "N", "B"],
  lte: ["S", "N", "B"],
  gt: ["S", "N", "B"],
  gte: ["S", "N", "B"],
  beginsWith: ["S", "B"],
};
const VALUE = 'a text, a number, true, false, null, or { N: "…" }, { B: "…" }';
const CONDITION = 'a value, or conditions such as { gte: 10 } or { in: ["open", "paid"] }';

/** `where` and `attributes` of a source; undefined where they leave every item as it is. `kept` are attributes that are needed anyway. */
export function readItemFilter(
  place: Place,
  { where, attributes }: { readonly where: unknown; readonly attributes: unknown },
  kept: readonly string[],
): ItemFilter | undefined {
  const conditions = where === undefined ? [] : readWhere(place.at("where"), where);
  const named = attributes === undefined ? undefined : readAttributes(place.at("attributes"), attributes);
  if (conditions.length === 0 && named === undefined) return undefined;
  return { where: conditions, ...(named === undefined ? {} : { attributes: [...new Set([...kept, ...named])] }) };
}

/** The same of options that stand for themselves. Fails with a `ConfigError` that has every mistake. */
export function itemFilterOf(
  options: { readonly where?: ItemWhere | undefined; readonly attributes?: readonly string[] | undefined },
  kept: readonly string[],
): ItemFilter | undefined {
  const problems: Problem[] = [];
  const { where, attributes } = options;
  const filter = readItemFilter(new Place(problems), { where, attributes }, kept);
  if (problems.length > 0) throw new ConfigError(problems);
  return filter;
}

function readAttributes(place: Place, value: unknown): readonly string[] {
  const list = readList(place, value, 'the attributes that are taken in, such as ["status", "amount"]') ?? [];
  const names = list.flatMap((one, index) => readText(place.item(index), one, "an attribute's name") ?? []);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) place.refuse("each attribute once", `${JSON.stringify(twice)} again`);
  return names;
}

function readWhere(place: Place, value: unknown): readonly FilterCondition[] {
  const entries = readEntries(place, value, 'conditions by attribute, such as { status: "open" }') ?? [];
  const conditions = entries.flatMap(([attribute, one]) => readCondition(place.at(attribute), attribute, one));
  if (conditions.length > CONDITIONS_MOST) {
    place.refuse(`at most ${CONDITIONS_MOST} conditions`, `${conditions.length}`, "DynamoDB takes no more");
  }
  return conditions;
}

function readCondition(place: Place, attribute: string, value: unknown): readonly FilterCondition[] {
  if (attribute === "") return place.refuse("an attribute's name", "an empty text") ?? [];
  const alone = scalarOf(value);
  if (alone !== undefined) return [{ attribute, is: "eq", value: alone }];
  if (typeof value !== "object") return place.expected(CONDITION, value) ?? [];
  const fields = readFields(place, value, { known: OPERATORS, what: CONDITION });
  if (fields === undefined) return [];
  const given = OPERATORS.filter((name) => fields[name] !== undefined);
  if (given.length === 0) return place.refuse(CONDITION, "none") ?? [];
  if (fields.exists === false && given.length > 1) {
    return place.refuse("conditions that an item can meet", "`exists: false` beside others") ?? [];
  }
  return given.flatMap((name) => readOperator(place.at(name), { attribute, name, value: fields[name] }));
}

interface Operator {
  readonly attribute: string;
  readonly name: (typeof OPERATORS)[number];
  readonly value: unknown;
}

function readOperator(place: Place, { attribute, name, value }: Operator): readonly FilterCondition[] {
  if (name === "exists") {
    if (typeof value !== "boolean") return place.expected("true or false", value) ?? [];
    return [{ attribute, is: value ? "exists" : "missing" }];
  }
  if (name === "in") return readIn(place, attribute, value);
  const scalar = readScalar(place, name, value);
  return scalar === undefined ? [] : [{ attribute, is: name, value: scalar }];
}

function readIn(place: Place, attribute: string, value: unknown): readonly FilterCondition[] {
  const list = readList(place, value, "a list of values");
  if (list === undefined) return [];
  if (list.length === 0 || list.length > IN_MOST) {
    return place.refuse(`a list of 1 to ${IN_MOST} values`, `${list.length} of them`) ?? [];
  }
  const values = list.flatMap((one, index) => readScalar(place.item(index), "eq", one) ?? []);
  return values.length < list.length ? [] : [{ attribute, is: "in", values }];
}

export function readScalar(place: Place, is: Comparison, value: unknown): FilterScalar | undefined {
  const scalar = scalarOf(value);
  if (scalar === undefined) return place.expected(VALUE, value, hintFor(value));
  const types = ORDERED[is];
  const [tag = ""] = Object.keys(scalar);
  if (types === undefined || types.includes(tag)) return scalar;
  return place.refuse(`a value of type ${types.join(", ")}`, `one of type ${tag}`, `\`${is}\` has no meaning for it`);
}

function hintFor(value: unknown): string {
  const isNumber = typeof value === "number" || (typeof value === "object" && value !== null && "N" in value);
  return isNumber ? "DynamoDB has numbers of at most 38 digits" : "";
}

/** A value as DynamoDB JSON has it; undefined for what is none. */
function scalarOf(value: unknown): FilterScalar | undefined {
  if (value === null) return { NULL: true };
  if (typeof value === "string") return { S: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (typeof value === "number" || typeof value === "bigint") return numberOf(String(value));
  return typeof value === "object" ? taggedScalar(value) : undefined;
}

function taggedScalar(value: object): FilterScalar | undefined {
  const [[tag, content] = [], ...more] = Object.entries(Object.getOwnPropertyDescriptors(value));
  const text: unknown = content?.value;
  if (more.length > 0 || typeof text !== "string") return undefined;
  if (tag === "S") return { S: text };
  if (tag === "N") return numberOf(text);
  return tag === "B" && Buffer.from(text, "base64").toString("base64") === text ? { B: text } : undefined;
}

function numberOf(text: string): FilterScalar | undefined {
  const canonical = canonicalNumber(text);
  return canonical === undefined ? undefined : { N: canonical };
}
