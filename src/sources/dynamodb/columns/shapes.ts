import { JsonNumber, type JsonObject, type JsonValue } from "../../../base/index.ts";
import type { PrimitiveName } from "../../../contract/index.ts";
import { fitsNumber } from "./hinted-numbers.ts";
import { isColumnName } from "../../staged/index.ts";

/**
 * What a column can hold, by DynamoDB's type tags. A value belongs into its column exactly when
 * `grow(shape, value)` gives the same shape back, and the column can be widened to take it when it gives another one.
 */
export type Shape = ScalarShape | SetShape | ListShape | MapShape | ForeignShape;

export interface ScalarShape {
  readonly tag: "S" | "N" | "B" | "BOOL";
  /** The column's type: the tag's own, or for N the hinted one. */
  readonly type: PrimitiveName;
}

export interface SetShape {
  readonly tag: "SS" | "NS" | "BS";
}

export interface ListShape {
  readonly tag: "L";
  /** undefined only on the way: a list whose elements nobody has seen is no column. */
  readonly element: Shape | undefined;
}

export interface MapShape {
  readonly tag: "M";
  readonly members: ReadonlyMap<string, Shape>;
}

/** A column that others added to the table: no attribute goes there. */
export interface ForeignShape {
  readonly tag: "foreign";
}

/** DynamoDB nests 32 levels; a type that is deeper than that is a bomb. */
const DEPTH_MAX = 32;

const SCALAR_TYPES = { S: "string", N: "string", B: "binary", BOOL: "boolean" } as const;

/** The shape that holds what `known` holds and `value` (DynamoDB JSON, already checked); undefined when there is none. */
export function grow(known: Shape | undefined, value: JsonValue, depth = 1): Shape | undefined {
  const [tag, content] = taggedValue(value);
  if (!isTag(tag) || depth > DEPTH_MAX || (known !== undefined && known.tag !== tag)) return undefined;
  if (tag === "L") return growList(known as ListShape | undefined, content, depth);
  if (tag === "M") return growMap(known as MapShape | undefined, content, depth);
  if (tag === "SS" || tag === "NS" || tag === "BS") return growSet(known, tag, content);
  return growScalar(known as ScalarShape | undefined, tag, content);
}

const TAGS = ["S", "N", "B", "BOOL", "SS", "NS", "BS", "L", "M"] as const;

function isTag(tag: string | undefined): tag is (typeof TAGS)[number] {
  return TAGS.some((one) => one === tag);
}

/** Whether everything about the shape is known, so that it can be a column. */
export function isComplete(shape: Shape): boolean {
  if (shape.tag === "L") return shape.element !== undefined && isComplete(shape.element);
  if (shape.tag === "M") return shape.members.size > 0 && [...shape.members.values()].every(isComplete);
  return true;
}

/** Leaf columns of a shape. */
export function leafCount(shape: Shape): number {
  if (shape.tag === "L") return shape.element === undefined ? 1 : leafCount(shape.element);
  if (shape.tag !== "M") return 1;
  let leaves = 0;
  for (const member of shape.members.values()) leaves += leafCount(member);
  return leaves;
}

/** Both shapes in one; undefined when a value cannot be in one column with the other's. */
export function unite(left: Shape | undefined, right: Shape): Shape | undefined {
  if (left === undefined) return right;
  if (left.tag === "M" && right.tag === "M") return uniteMembers(left, right);
  if (left.tag === "L" && right.tag === "L") {
    if (right.element === undefined) return left;
    const element = unite(left.element, right.element);
    if (element === undefined) return undefined;
    return element === left.element ? left : { tag: "L", element };
  }
  const isSame = left.tag === right.tag && typeOf(left) === typeOf(right);
  return isSame ? left : undefined;
}

function typeOf(shape: Shape): string {
  return "type" in shape ? shape.type : "";
}

function uniteMembers(left: MapShape, right: MapShape): MapShape | undefined {
  const members = new Map(left.members);
  const spellings = new Spellings(left.members.keys());
  let isWider = false;
  for (const [name, shape] of right.members) {
    const before = members.get(name);
    if (before === undefined && !spellings.add(name)) return undefined;
    const after = unite(before, shape);
    if (after === undefined) return undefined;
    if (after === before) continue;
    members.set(name, after);
    isWider = true;
  }
  return isWider ? { tag: "M", members } : left;
}

function growSet(known: Shape | undefined, tag: SetShape["tag"], content: JsonValue): Shape | undefined {
  const isItem = tag === "BS" ? isCanonicalBase64 : isWellFormed;
  return Array.isArray(content) && content.every((item) => isItem(item)) ? (known ?? { tag }) : undefined;
}

function growScalar(known: ScalarShape | undefined, tag: ScalarShape["tag"], content: JsonValue): Shape | undefined {
  if (tag === "BOOL") return known ?? { tag, type: SCALAR_TYPES[tag] };
  if (tag === "B" ? !isCanonicalBase64(content) : !isWellFormed(content)) return undefined;
  if (known === undefined) return { tag, type: SCALAR_TYPES[tag] };
  return known.tag === "N" && !(typeof content === "string" && fitsNumber(known.type, content)) ? undefined : known;
}

function growList(known: ListShape | undefined, content: JsonValue, depth: number): Shape | undefined {
  if (!Array.isArray(content)) return undefined;
  let element = known?.element;
  for (const item of content) {
    element = grow(element, item, depth + 1);
    if (element === undefined) return undefined;
  }
  return known !== undefined && element === known.element ? known : { tag: "L", element };
}

function growMap(known: MapShape | undefined, content: JsonValue, depth: number): Shape | undefined {
  if (!isObject(content)) return undefined;
  const members = new Map(known?.members);
  const spellings = new Spellings(members.keys());
  let isWider = known === undefined;
  for (const name of Object.keys(content)) {
    const shape = members.get(name);
    if (shape === undefined && !(isColumnName(name) && spellings.add(name))) return undefined;
    const grown = grow(shape, content[name] ?? null, depth + 1);
    if (grown === undefined) return undefined;
    if (grown === shape) continue;
    members.set(name, grown);
    isWider = true;
  }
  return isWider ? { tag: "M", members } : known;
}

/**
 * Names without regard to case and Unicode composition, which is how columns compare: of two attributes that differ only
 * there, one can be a column (FAULTS A41).
 */
export class Spellings {
  readonly #names: Iterable<string>;
  #lower: Set<string> | undefined;

  constructor(names: Iterable<string>) {
    this.#names = names;
  }

  has(name: string): boolean {
    this.#lower ??= new Set([...this.#names].map((one) => foldedName(one)));
    return this.#lower.has(foldedName(name));
  }

  /** False when a name of another spelling is there. */
  add(name: string): boolean {
    if (this.has(name)) return false;
    this.#lower?.add(foldedName(name));
    return true;
  }
}

function foldedName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The tag and content of a value in DynamoDB JSON: an object with one member. */
export function taggedValue(value: JsonValue): readonly [tag: string | undefined, content: JsonValue] {
  if (!isObject(value)) return [undefined, null];
  const [tag, ...more] = Object.keys(value);
  if (tag === undefined || more.length > 0) return [undefined, null];
  return [tag, value[tag] ?? null];
}

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

function isWellFormed(text: JsonValue): boolean {
  return typeof text === "string" && text.isWellFormed();
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/** Base64 that decoding and encoding again gives back. */
export function isCanonicalBase64(text: JsonValue): boolean {
  return typeof text === "string" && BASE64.test(text);
}
