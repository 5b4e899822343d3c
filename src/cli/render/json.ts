/**
 * JSON that loses nothing and steers no terminal.
 *
 * Numbers: integers up to ±(2^53 − 1) are JSON numbers, integers beyond are strings (a program that reads JSON into
 * doubles would change them); doubles are JSON numbers that read back as the same double, `-0` included; `NaN`, `Infinity`
 * and `-Infinity`, which JSON has not, are strings. Members that are undefined are left out.
 */
export type Jsonable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | RawJson
  | readonly Jsonable[]
  | { readonly [name: string]: Jsonable };

/** A value that is JSON text already. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export function rawJson(text: string): RawJson {
  return new RawJson(text);
}

/** On one line. */
export function jsonText(value: Jsonable): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return jsonString(value);
  if (typeof value === "number") return jsonNumber(value);
  if (typeof value === "bigint") return jsonInteger(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof RawJson) return value.text;
  if (isList(value)) return `[${value.map((item) => jsonText(item)).join(",")}]`;
  return `{${membersOf(value)
    .map(([name, member]) => `${jsonString(name)}:${jsonText(member)}`)
    .join(",")}}`;
}

/** Over several lines, for people and for `diff`. */
export function prettyJson(value: Jsonable, indent = ""): string {
  const inner = `${indent}  `;
  if (typeof value !== "object" || value === null || value instanceof RawJson) return jsonText(value);
  const [items, open, close] = isList(value)
    ? [value.map((item) => prettyJson(item, inner)), "[", "]"]
    : [membersOf(value).map(([name, member]) => `${jsonString(name)}: ${prettyJson(member, inner)}`), "{", "}"];
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => inner + item).join(",\n")}\n${indent}${close}`;
}

/** Controls that JSON itself leaves as they are (DEL, C1, line separators, bidirectional controls) are escaped as well. */
export function jsonString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function jsonInteger(value: bigint): string {
  return value >= -MAX_EXACT && value <= MAX_EXACT ? String(value) : `"${value}"`;
}

const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

export function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function isList(value: object): value is readonly Jsonable[] {
  return Array.isArray(value);
}

function membersOf(value: { readonly [name: string]: Jsonable }): [string, Jsonable][] {
  return Object.entries(value).filter(([, member]) => member !== undefined);
}
