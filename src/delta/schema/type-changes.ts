import { SluiceError } from "../../base/index.ts";
import {
  decimalParts,
  isArray,
  isMap,
  type DataType,
  type MetadataValue,
  type PrimitiveName,
  type StructField,
  type StructType,
} from "../../contract/index.ts";
import { fieldsOf } from "./walk-schema.ts";

const KEY = "delta.typeChanges";

/** A type may become these, as every value of it is one of theirs (Delta PROTOCOL, "Type Widening"). */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  byte: ["short", "integer", "long", "double"],
  short: ["integer", "long", "double"],
  integer: ["long", "double"],
  float: ["double"],
  date: ["timestamp_ntz"],
};

/** Digits before the point that a decimal needs to hold any value of the type; some writers are content with them. */
const DIGITS_NEEDED: Readonly<Record<string, number>> = { byte: 3, short: 5, integer: 10, long: 19 };
/** The protocol asks for more. */
const DIGITS_WRITTEN: Readonly<Record<string, number>> = { byte: 10, short: 10, integer: 10, long: 20 };

function canWiden(from: string, to: string, wholeDigitsOf: Readonly<Record<string, number>>): boolean {
  if (WIDER[from]?.includes(to) === true) return true;
  const target = decimalParts(to as PrimitiveName);
  if (target === undefined) return false;
  const wholeDigits = wholeDigitsOf[from];
  if (wholeDigits !== undefined) return target.precision - target.scale >= wholeDigits;
  const source = decimalParts(from as PrimitiveName);
  if (source === undefined || target.scale < source.scale) return false;
  return target.precision - target.scale >= source.precision - source.scale;
}

/** Refuses a schema in which a column has had a type that we do not read as its present one. */
export function assertTypeChanges(schema: StructType, table: string): void {
  for (const field of fieldsOf(schema)) {
    for (const change of changesOf(field)) {
      const from = member(change, "fromType");
      const to = member(change, "toType");
      if (canWiden(from, to, DIGITS_NEEDED)) continue;
      throw new SluiceError(
        "table.unsupported",
        `Cannot read table ${table}: column ${field.name} was of type ${from} and became ${to} (typeWidening)`,
      );
    }
  }
}

/**
 * The field with a wider type – its own, or that of an element, key or value `inside` of it –, which it remembers. A type that is not
 * wider fails with `table.schema-mismatch`.
 */
export function widened(field: StructField, inside: readonly string[], to: PrimitiveName): StructField {
  const from = typeInside(field.type, inside);
  if (from === to) return field;
  if (typeof from !== "string" || !canWiden(from, to, DIGITS_WRITTEN)) {
    const shown = typeof from === "string" ? from : from.type;
    const column = [field.name, ...inside].join(".");
    throw new SluiceError("table.schema-mismatch", `Cannot widen column ${column} from ${shown} to ${to}`);
  }
  const place = inside.length === 0 ? {} : { fieldPath: inside.join(".") };
  const changes = [...changesOf(field), { fromType: from, toType: to, ...place }];
  return { ...field, type: withTypeInside(field.type, inside, to), metadata: { ...field.metadata, [KEY]: changes } };
}

function typeInside(type: DataType, inside: readonly string[]): DataType {
  const [part, ...rest] = inside;
  if (part === undefined || typeof type === "string") return type;
  if (isArray(type)) return typeInside(type.elementType, rest);
  if (isMap(type)) return typeInside(part === "key" ? type.keyType : type.valueType, rest);
  return type;
}

function withTypeInside(type: DataType, inside: readonly string[], to: PrimitiveName): DataType {
  const [part, ...rest] = inside;
  if (part === undefined) return to;
  if (isArray(type)) return { ...type, elementType: withTypeInside(type.elementType, rest, to) };
  if (!isMap(type)) return type;
  return part === "key"
    ? { ...type, keyType: withTypeInside(type.keyType, rest, to) }
    : { ...type, valueType: withTypeInside(type.valueType, rest, to) };
}

function changesOf(field: StructField): readonly MetadataValue[] {
  const changes = field.metadata[KEY];
  return Array.isArray(changes) ? (changes as readonly MetadataValue[]) : [];
}

function member(change: MetadataValue, name: string): string {
  const isObject = typeof change === "object" && change !== null && !Array.isArray(change);
  const value = isObject ? (change as Readonly<Record<string, MetadataValue>>)[name] : undefined;
  return typeof value === "string" ? value.replaceAll(" ", "") : "?";
}
