import {
  canonicalNumber,
  isArray,
  isStruct,
  type AttributeMap,
  type AttributeValue,
  type DataType,
  type StructType,
} from "../../contract/index.ts";
import type { Row, Value } from "../../engine/index.ts";
import { momentText } from "./moment-text.ts";

/** Why a value cannot be an attribute; told with the path of the value. */
export class UnfitValue extends Error {}

/**
 * The attributes of a row: strings S, numbers N (decimals exact to 38 digits), booleans BOOL, binary B, dates and timestamps S in ISO 8601,
 * structs and maps M, arrays L. A null column or field is left out; a null element of an array or map is NULL. Throws `UnfitValue`.
 */
export function attributesOf(row: Row, schema: StructType): AttributeMap {
  const attributes = noAttributes();
  for (const { name, type } of schema.fields) {
    const value = row[name];
    if (value === undefined || value === null || type === "void") continue;
    try {
      attributes[name] = attributeOf(type, value);
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error;
      throw new UnfitValue(`column ${name}${error.message}`);
    }
  }
  return attributes;
}

/** Without a prototype: an attribute may be called `__proto__`. */
function noAttributes(): Record<string, AttributeValue> {
  return Object.create(null) as Record<string, AttributeValue>;
}

function attributeOf(type: DataType, value: Value): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof type === "string") return scalarOf(type, value);
  if (isArray(type)) {
    const elements = value as readonly Value[];
    return { L: elements.map((one, index) => within(`[${index}]`, () => attributeOf(type.elementType, one))) };
  }
  if (isStruct(type)) return { M: structOf(type, value as Row) };
  const entries = value as readonly (readonly [Value, Value])[];
  return { M: mapOf(type, entries) };
}

function structOf(type: StructType, value: Row): AttributeMap {
  const attributes = noAttributes();
  for (const field of type.fields) {
    const one = value[field.name];
    if (one === undefined || one === null) continue;
    attributes[field.name] = within(`.${field.name}`, () => attributeOf(field.type, one));
  }
  return attributes;
}

function mapOf(
  { keyType, valueType }: Extract<DataType, { type: "map" }>,
  entries: readonly (readonly [Value, Value])[],
): AttributeMap {
  const attributes = noAttributes();
  for (const [key, one] of entries) {
    const name = nameOf(keyType, key);
    if (Object.hasOwn(attributes, name)) throw new UnfitValue(` has two keys that are ${JSON.stringify(name)} as text`);
    attributes[name] = within(`[${JSON.stringify(name)}]`, () => attributeOf(valueType, one));
  }
  return attributes;
}

function nameOf(type: DataType, key: Value): string {
  const value = key === null || typeof type !== "string" ? undefined : scalarOf(type, key);
  if (value !== undefined && "S" in value) return value.S;
  if (value !== undefined && "N" in value) return value.N;
  if (value !== undefined && "BOOL" in value) return String(value.BOOL);
  throw new UnfitValue(" has a map key that cannot be a name");
}

function within<T>(step: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof UnfitValue ? new UnfitValue(step + error.message) : error;
  }
}

function scalarOf(type: Exclude<DataType, object>, value: Value): AttributeValue {
  return (SCALARS[type] ?? numberAttribute)(value);
}

/** Every other type is a number. */
const SCALARS: Readonly<Record<string, (value: Value) => AttributeValue>> = {
  string: (value) => ({ S: wellFormed(textOf(value)) }),
  variant: (value) => ({ S: wellFormed(textOf(value)) }),
  boolean: (value) => ({ BOOL: value === true }),
  binary: (value) => ({ B: value as Uint8Array }),
  date: (value) => ({ S: textOf(value) }),
  timestamp: (value) => ({ S: `${moment(value as bigint)}Z` }),
  timestamp_ntz: (value) => ({ S: moment(value as bigint) }),
  float: (value) => ({ N: number(shortestFloat(value as number)) }),
};

function numberAttribute(value: Value): AttributeValue {
  return { N: number(textOf(value)) };
}

/** Of what is one value, and no list or object. */
function textOf(value: Value): string {
  return typeof value === "object" ? "" : String(value);
}

/** DynamoDB stores UTF-8: half of a surrogate pair would come back as another character. */
function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new UnfitValue(" has half a surrogate pair, which no text in UTF-8 can have");
}

function moment(micros: bigint): string {
  const text = momentText(micros);
  if (text === undefined) throw new UnfitValue(" is a moment outside of the years 0000 to 9999");
  return text;
}

function number(text: string): string {
  const canonical = canonicalNumber(text);
  if (canonical !== undefined) return canonical;
  throw new UnfitValue(` is ${text}, which is no number of DynamoDB (38 digits, up to 9.99E+125)`);
}

/** The shortest text that is this 32-bit float: as a double it would have digits that nobody wrote. */
function shortestFloat(value: number): string {
  for (let digits = 6; digits <= 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(value);
}
