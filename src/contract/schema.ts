import { assert } from "../base/index.ts";

/**
 * Types of columns, as data: exactly the JSON form of a Delta schema (Delta PROTOCOL, "Schema Serialization Format"),
 * which every room exchanges.
 */
export type PrimitiveName =
  | "string"
  | "long"
  | "integer"
  | "short"
  | "byte"
  | "float"
  | "double"
  | "boolean"
  | "binary"
  | "date"
  | "timestamp"
  | "timestamp_ntz"
  /** Of nothing but nulls; no file has such a column. */
  | "void"
  /** JSON text, to whom reads it; nothing here writes it. */
  | "variant"
  | `decimal(${number},${number})`;

export type DataType = PrimitiveName | StructType | ArrayType | MapType;

export interface StructType {
  readonly type: "struct";
  readonly fields: readonly StructField[];
}

export interface StructField {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly metadata: FieldMetadata;
}

export interface ArrayType {
  readonly type: "array";
  readonly elementType: DataType;
  readonly containsNull: boolean;
}

export interface MapType {
  readonly type: "map";
  readonly keyType: DataType;
  readonly valueType: DataType;
  readonly valueContainsNull: boolean;
}

/** A `bigint` only where a whole number does not fit a double (another engine's identity columns). */
export type MetadataValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly MetadataValue[]
  | { readonly [name: string]: MetadataValue };
export type FieldMetadata = { readonly [name: string]: MetadataValue };

export function struct(fields: readonly StructField[]): StructType {
  return { type: "struct", fields };
}

/** A nullable field. */
export function field(name: string, type: DataType, metadata: FieldMetadata = {}): StructField {
  return { name, type, nullable: true, metadata };
}

export function arrayOf(elementType: DataType): ArrayType {
  return { type: "array", elementType, containsNull: true };
}

export function mapOf(keyType: DataType, valueType: DataType): MapType {
  return { type: "map", keyType, valueType, valueContainsNull: true };
}

/** At most 38 digits, of which `scale` stand behind the point. */
export function decimal(precision: number, scale: number): PrimitiveName {
  assert(Number.isInteger(precision) && precision >= 1 && precision <= 38, "a decimal has 1 to 38 digits");
  assert(Number.isInteger(scale) && scale >= 0 && scale <= precision, "a decimal's scale is within its precision");
  return `decimal(${precision},${scale})`;
}

/** Precision and scale of a decimal type; undefined for any other type. */
export function decimalParts(type: DataType): { precision: number; scale: number } | undefined {
  if (typeof type !== "string") return undefined;
  const match = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  return match === null ? undefined : { precision: Number(match[1]), scale: Number(match[2]) };
}

const PLAIN_NAMES: ReadonlySet<string> = new Set(
  "string long integer short byte float double boolean binary date timestamp timestamp_ntz".split(" "),
);

/** Whether a text is the name of a primitive type. */
export function isPrimitiveName(text: string): text is PrimitiveName {
  return PLAIN_NAMES.has(text) || /^decimal\(\d{1,2},\d{1,2}\)$/.test(text);
}

export function isStruct(type: DataType): type is StructType {
  return typeof type === "object" && type.type === "struct";
}

export function isArray(type: DataType): type is ArrayType {
  return typeof type === "object" && type.type === "array";
}

export function isMap(type: DataType): type is MapType {
  return typeof type === "object" && type.type === "map";
}

/** Equal in structure and primitive types; field metadata and nullability do not count. */
export function sameType(left: DataType, right: DataType): boolean {
  if (typeof left === "string" || typeof right === "string") return left === right || sameDecimal(left, right);
  if (isStruct(left)) return isStruct(right) && sameFields(left.fields, right.fields);
  if (isArray(left)) return isArray(right) && sameType(left.elementType, right.elementType);
  return (
    isMap(right) && isMap(left) && sameType(left.keyType, right.keyType) && sameType(left.valueType, right.valueType)
  );
}

/** Others write `decimal(10, 2)` with a blank. */
function sameDecimal(left: DataType, right: DataType): boolean {
  const [one, other] = [decimalParts(left), decimalParts(right)];
  return one !== undefined && one.precision === other?.precision && one.scale === other.scale;
}

function sameFields(left: readonly StructField[], right: readonly StructField[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((one, index) => {
    const other = right[index];
    return other !== undefined && one.name === other.name && sameType(one.type, other.type);
  });
}
