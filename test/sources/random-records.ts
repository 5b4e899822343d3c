import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/base/index.ts";

/** Random records of DynamoDB as JSON values, and random spellings of them as lines of an export. */

/** Texts of any code units: lone surrogates, NUL, quotes and all. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.array(fc.constantFrom(0x61, 0x22, 0x5c, 0x2f, 0, 0x1f, 0x7f, 0xd83d, 0xde00, 0xe9, 0x20ac, 0xffff), { maxLength: 6 })
    .map((units) => String.fromCharCode(...units)), // prettier-ignore
);

export const anyNumber: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.stringMatching(/^-?[1-9]\d{0,37}$/),
  fc.stringMatching(/^-?\d{1,10}\.\d{1,10}$/),
  fc.constantFrom("0", "-0", "1E+100", "9.9999999999999999999999999999999999999E+125", "1E-130", "0.1", "007", "1.50"),
);

const anyBinary = fc.oneof(
  fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  fc.constantFrom("QQ=", "QR==", "?"),
);

/** A few names that meet often, with every kind of trouble among them. */
export const NAMES = [
  "a", "b", "c", "A", "total", "Total", "É", "é", "_op", "_KEY", "__proto__", "constructor", "a.b", "a b", "x=y", "",
  'q"q', "back\\slash", "tab\t", "\ud800", "名前", "n".repeat(300),
] as const; // prettier-ignore

export const anyName: fc.Arbitrary<string> = fc.constantFrom(...NAMES);

export const anyValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    tagged("S", anyText),
    tagged("N", anyNumber),
    tagged("B", anyBinary),
    tagged("BOOL", fc.boolean()),
    tagged("NULL", fc.constant(true)),
    tagged("SS", fc.array(anyText, { maxLength: 3 })),
    tagged("NS", fc.array(anyNumber, { maxLength: 3 })),
    tagged("BS", fc.array(anyBinary, { maxLength: 3 })),
    tagged("L", fc.array(tie("value"), { maxLength: 3 })),
    tagged("M", objectOf(fc.constantFrom("a", "b", "A", "x y", "名"), tie("value"), 3)),
  ),
})).value;

/** An item without its key. */
export const anyAttributes: fc.Arbitrary<JsonObject> = objectOf(anyName, anyValue, 6);

export function objectOf(
  name: fc.Arbitrary<string>,
  value: fc.Arbitrary<JsonValue>,
  maxLength: number,
): fc.Arbitrary<JsonObject> {
  return fc
    .uniqueArray(fc.tuple(name, value), { maxLength, selector: ([one]) => one })
    .map((entries) => objectFrom(entries));
}

/** An object without a prototype: `__proto__` is an ordinary name. */
export function objectFrom(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  const object = Object.create(null) as JsonObject;
  for (const [name, value] of entries) object[name] = value;
  return object;
}

export type Spelling = "plain" | "blanks" | "escapes";

/** A JSON text of the value: without blanks, with blanks, or with needless escapes. */
export function spell(value: JsonValue, spelling: Spelling): string {
  const blank = spelling === "blanks" ? " " : "";
  if (typeof value === "string") return spelling === "escapes" ? escaped(value) : JSON.stringify(value);
  if (Array.isArray(value)) return `[${blank}${value.map((item) => spell(item, spelling)).join(`${blank},${blank}`)}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const object = value as JsonObject;
  const members = Object.keys(object).map((name) => `${spell(name, spelling)}${blank}:${spell(object[name] ?? null, spelling)}`); // prettier-ignore
  return `{${members.join(`,${blank}`)}${blank}}`;
}

function tagged(tag: string, content: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return content.map((value) => objectFrom([[tag, value]]));
}

function escaped(text: string): string {
  let json = "";
  for (let index = 0; index < text.length; index += 1) {
    json += `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return `"${json}"`;
}
