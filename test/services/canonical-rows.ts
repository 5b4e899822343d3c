import { createHash } from "node:crypto";

/**
 * Writes rows as canonical lines, one a row, sorted, and hashes them: two readers agree on a table exactly when their
 * hashes do. The judges write the same lines (canonical_rows.py).
 *
 * The values a row may hold, by Delta type; null and undefined are null everywhere:
 *
 * | type                        | JS value                                                    |
 * | --------------------------- | ----------------------------------------------------------- |
 * | byte, short, integer, long  | number (a safe integer) or bigint                           |
 * | float, double               | number                                                      |
 * | decimal(p,s)                | string in plain notation, at most s digits after the point  |
 * | string                      | string                                                      |
 * | boolean                     | boolean                                                     |
 * | binary                      | Uint8Array                                                  |
 * | date                        | string `YYYY-MM-DD`                                         |
 * | timestamp, timestamp_ntz    | bigint, microseconds since 1970-01-01 (UTC, or wall clock)  |
 * | struct                      | plain object; absent fields are null                        |
 * | array                       | array                                                       |
 * | map                         | array of [key, value] pairs                                 |
 * | variant                     | `{ metadata: Uint8Array, value: Uint8Array }`               |
 */
export function canonicalRows(schema: DeltaStruct, rows: Iterable<RowObject>): CanonicalRows {
  // Lines are ASCII, so the order of JS is the order of code points.
  const lines = Array.from(rows, (row) => canonicalLine(schema, row)).toSorted();
  const hash = createHash("sha256");
  for (const line of lines) hash.update(`${line}\n`);
  return { count: lines.length, sha256: hash.digest("hex"), lines };
}

export interface CanonicalRows {
  readonly count: number;
  readonly sha256: string;
  readonly lines: readonly string[];
}

/** One row as a judge answers it. */
export type CanonicalRow = { readonly [column: string]: CanonicalValue };
export type CanonicalValue = string | boolean | null | readonly CanonicalValue[] | CanonicalRow;

/** A row or a struct as plain JS values. */
export type RowObject = Readonly<Record<string, unknown>>;

/** The `schemaString` of a Delta table, parsed. */
export interface DeltaStruct {
  readonly type: "struct";
  readonly fields: readonly DeltaField[];
}
export interface DeltaField {
  readonly name: string;
  readonly type: DeltaType;
  readonly nullable?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
export interface DeltaArray {
  readonly type: "array";
  readonly elementType: DeltaType;
  readonly containsNull?: boolean;
}
export interface DeltaMap {
  readonly type: "map";
  readonly keyType: DeltaType;
  readonly valueType: DeltaType;
  readonly valueContainsNull?: boolean;
}
/** A string is the name of a primitive, such as `long` or `decimal(10,2)`. */
export type DeltaType = string | DeltaStruct | DeltaArray | DeltaMap;

export function canonicalLine(schema: DeltaStruct, row: RowObject): string {
  return jsonText(canonicalStruct(schema, row));
}

function canonicalValue(type: DeltaType, value: unknown): CanonicalValue {
  if (value === null || value === undefined) return null;
  if (typeof type === "string") return canonicalPrimitive(type, value);
  switch (type.type) {
    case "struct":
      return canonicalStruct(type, value as RowObject);
    case "array":
      return (value as readonly unknown[]).map((element) => canonicalValue(type.elementType, element));
    case "map":
      return canonicalMap(type, value as readonly (readonly [unknown, unknown])[]);
  }
}

function canonicalStruct(struct: DeltaStruct, value: RowObject): CanonicalRow {
  const names = new Set(struct.fields.map((field) => field.name));
  const unknown = Object.keys(value).filter((name) => !names.has(name));
  if (unknown.length > 0) throw new TypeError(`Cannot write fields the schema lacks: fields=${unknown.join(",")}`);
  return Object.fromEntries(struct.fields.map(({ name, type }) => [name, canonicalValue(type, value[name])]));
}

/** Sorted by the text of the entries: a map has no order of its own, and the engines keep different ones. */
function canonicalMap(map: DeltaMap, entries: readonly (readonly [unknown, unknown])[]): CanonicalValue {
  return entries
    .map(([key, value]) => [canonicalValue(map.keyType, key), canonicalValue(map.valueType, value)])
    .toSorted((left, right) => byCodePoints(jsonText(left), jsonText(right)));
}

function canonicalPrimitive(type: string, value: unknown): CanonicalValue {
  const scale = /^decimal\(\d+,\s*(\d+)\)$/.exec(type)?.[1];
  if (scale !== undefined) return decimalText(mustBe("string", value, type), Number(scale));
  const encode = PRIMITIVES[type];
  if (!encode) throw new TypeError(`Cannot write values of this type: type=${type}`);
  return encode(value, type);
}

const PRIMITIVES: Readonly<Record<string, (value: unknown, type: string) => CanonicalValue>> = {
  string: (value, type) => mustBe("string", value, type),
  boolean: (value, type) => mustBe("boolean", value, type),
  byte: wholeNumberText,
  short: wholeNumberText,
  integer: wholeNumberText,
  long: wholeNumberText,
  // Stored in 32 bits, and shown as the 64-bit number with that very value.
  float: (value, type) => floatText(Math.fround(mustBe("number", value, type))),
  double: (value, type) => floatText(mustBe("number", value, type)),
  date: dateText,
  timestamp: (value, type) => `${timestampText(mustBe("bigint", value, type))}Z`,
  timestamp_ntz: (value, type) => timestampText(mustBe("bigint", value, type)),
  binary: binaryText,
  variant: (value) => canonicalStruct(VARIANT, value as RowObject),
};

const VARIANT: DeltaStruct = {
  type: "struct",
  fields: [
    { name: "metadata", type: "binary" },
    { name: "value", type: "binary" },
  ],
};

function wholeNumberText(value: unknown, type: string): string {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return String(value);
  throw mismatch(value, type);
}

/** A number as Python's `repr` writes it: the same shortest digits as in JS, but another choice of notation. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", exponentText = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const exponentSign = exponent < 0 ? "-" : "+";
    return `${sign}${mantissa}e${exponentSign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 2, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`;
}

/** Exactly as many digits after the point as the scale says; zero has no sign. */
function decimalText(text: string, scale: number): string {
  const [matched, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const kept = fraction.slice(0, scale).padEnd(scale, "0");
  if (matched === undefined || /[1-9]/.test(fraction.slice(scale))) throw mismatch(text, `decimal with scale ${scale}`);
  const digits = whole.replace(/^0+(?=\d)/, "") + (scale > 0 ? `.${kept}` : "");
  return /[1-9]/.test(digits) ? sign + digits : digits;
}

function dateText(value: unknown, type: string): string {
  const text = mustBe("string", value, type);
  if (!/^(\d{4}|[+-]\d{4,})-\d\d-\d\d$/.test(text)) throw mismatch(value, type);
  return text;
}

const MICROSECONDS_PER_DAY = 86_400_000_000n;
const DAYS_PER_CYCLE = 146_097n; // 400 years, after which the calendar repeats day for day.

function timestampText(value: bigint): string {
  const ofDay = modulo(value, MICROSECONDS_PER_DAY);
  const day = (value - ofDay) / MICROSECONDS_PER_DAY;
  const ofCycle = modulo(day, DAYS_PER_CYCLE);
  const cycles = Number((day - ofCycle) / DAYS_PER_CYCLE);
  // A Date does not reach as far as 64 bits of microseconds: the day is looked up in the cycle from 1970 on.
  const moment = new Date(Number(ofCycle * 86_400_000n + ofDay / 1_000n)).toISOString();
  const year = Number(moment.slice(0, 4)) + cycles * 400;
  const sign = year < 0 ? "-" : year > 9999 ? "+" : "";
  const microseconds = String(ofDay % 1_000n).padStart(3, "0");
  return `${sign}${String(Math.abs(year)).padStart(4, "0")}${moment.slice(4, -1)}${microseconds}`;
}

function modulo(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor;
}

function binaryText(value: unknown, type: string): string {
  if (!(value instanceof Uint8Array)) throw mismatch(value, type);
  return `hex:${Buffer.from(value).toString("hex")}`;
}

interface Primitives {
  readonly string: string;
  readonly number: number;
  readonly bigint: bigint;
  readonly boolean: boolean;
}

function mustBe<Name extends keyof Primitives>(name: Name, value: unknown, type: string): Primitives[Name] {
  if (typeof value !== name) throw mismatch(value, type);
  return value as Primitives[Name];
}

function mismatch(value: unknown, type: string): TypeError {
  return new TypeError(`Cannot write this value as its type: type=${type} value=${String(value)}`);
}

/** JSON as Python's `json.dumps(…, sort_keys=True)` writes it. */
function jsonText(value: CanonicalValue): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return stringText(value);
  if (isList(value)) return `[${value.map(jsonText).join(", ")}]`;
  const entries = Object.entries(value).toSorted(([left], [right]) => byCodePoints(left, right));
  return `{${entries.map(([name, member]) => `${stringText(name)}: ${jsonText(member)}`).join(", ")}}`;
}

function isList(value: CanonicalRow | readonly CanonicalValue[]): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

function stringText(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Not the order of JS, which compares halves of characters beyond the basic plane. */
function byCodePoints(left: string, right: string): number {
  if (left === right) return 0;
  // Without such halves both orders are one; there are millions of names to compare in a large table.
  if (!HALF.test(left) && !HALF.test(right)) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

const HALF = /[\ud800-\udfff]/;
