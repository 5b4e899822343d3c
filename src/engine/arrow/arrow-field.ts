import { SluiceError } from "../../base/index.ts";
import {
  arrayOf,
  decimal,
  decimalParts,
  field,
  isArray,
  isMap,
  isStruct,
  mapOf,
  struct,
  type DataType,
  type PrimitiveName,
} from "../../contract/index.ts";

/** Units of times, in the order of the format. */
export const TIME_UNITS = ["second", "millisecond", "microsecond", "nanosecond"] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** A type of Arrow's columnar format (Schema.fbs), as far as a Delta table can hold its values. */
export type ArrowType =
  | { readonly kind: "null" | "text" | "binary" | "large-text" | "large-binary" | "boolean" }
  | { readonly kind: "list" | "large-list" | "struct" | "map" }
  | { readonly kind: "integer"; readonly bits: number; readonly isSigned: boolean }
  | { readonly kind: "float"; readonly bits: 32 | 64 }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number; readonly bits: number }
  | { readonly kind: "date"; readonly unit: "day" | "millisecond" }
  | { readonly kind: "timestamp"; readonly unit: TimeUnit; readonly zone: string | undefined }
  | { readonly kind: "fixed-binary"; readonly bytes: number }
  | { readonly kind: "fixed-list"; readonly size: number };

export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: ArrowType;
  readonly children: readonly ArrowField[];
  /** Where values are numbers of another message's values. */
  readonly dictionary?: { readonly id: number; readonly index: Extract<ArrowType, { kind: "integer" }> };
}

/** A column of a Delta table in Arrow: exact for every type. Times are in microseconds, with the zone UTC or with none. */
export function arrowField(name: string, type: DataType, nullable = true): ArrowField {
  if (isStruct(type)) {
    const children = type.fields.map((one) => arrowField(one.name, one.type, one.nullable));
    return { name, nullable, type: { kind: "struct" }, children };
  }
  if (isArray(type)) {
    const children = [arrowField("element", type.elementType, type.containsNull)];
    return { name, nullable, type: { kind: "list" }, children };
  }
  if (isMap(type)) {
    const members = [
      arrowField("key", type.keyType, false),
      arrowField("value", type.valueType, type.valueContainsNull),
    ];
    const entries: ArrowField = { name: "entries", nullable: false, type: { kind: "struct" }, children: members };
    return { name, nullable, type: { kind: "map" }, children: [entries] };
  }
  const parts = decimalParts(type);
  const arrow: ArrowType =
    parts === undefined ? PRIMITIVES[type as PlainName] : { kind: "decimal", ...parts, bits: 128 };
  return { name, nullable, type: arrow, children: [] };
}

type PlainName = Exclude<PrimitiveName, `decimal(${number},${number})`>;

const PRIMITIVES: Readonly<Record<PlainName, ArrowType>> = {
  string: { kind: "text" },
  long: { kind: "integer", bits: 64, isSigned: true },
  integer: { kind: "integer", bits: 32, isSigned: true },
  short: { kind: "integer", bits: 16, isSigned: true },
  byte: { kind: "integer", bits: 8, isSigned: true },
  float: { kind: "float", bits: 32 },
  double: { kind: "float", bits: 64 },
  boolean: { kind: "boolean" },
  binary: { kind: "binary" },
  date: { kind: "date", unit: "day" },
  timestamp: { kind: "timestamp", unit: "microsecond", zone: "UTC" },
  timestamp_ntz: { kind: "timestamp", unit: "microsecond", zone: undefined },
  void: { kind: "null" },
  // As its rows are read: JSON text.
  variant: { kind: "text" },
};

/** The Delta type that holds every value of an Arrow field. */
export function deltaTypeOf(of: ArrowField): DataType {
  const { type, children } = of;
  if (type.kind === "integer") return integerType(type.bits, type.isSigned);
  if (type.kind === "float") return type.bits === 32 ? "float" : "double";
  if (type.kind === "decimal") return decimalType(of, type);
  if (type.kind === "timestamp") return type.zone === undefined ? "timestamp_ntz" : "timestamp";
  if (type.kind === "struct") return struct(children.map((child) => field(child.name, deltaTypeOf(child))));
  if (isListKind(type.kind)) return arrayOf(deltaTypeOf(childOf(of, 0)));
  if (type.kind !== "map") return PLAIN_TYPES[type.kind];
  const entries = childOf(of, 0);
  return mapOf(deltaTypeOf(childOf(entries, 0)), deltaTypeOf(childOf(entries, 1)));
}

type ListKind = "list" | "large-list" | "fixed-list";

function isListKind(kind: ArrowType["kind"]): kind is ListKind {
  return kind === "list" || kind === "large-list" || kind === "fixed-list";
}

const PLAIN_TYPES = {
  null: "void",
  text: "string",
  "large-text": "string",
  binary: "binary",
  "large-binary": "binary",
  "fixed-binary": "binary",
  boolean: "boolean",
  date: "date",
} as const satisfies Partial<Record<ArrowType["kind"], PrimitiveName>>;

/** A child that the type must have. */
export function childOf({ name, children }: ArrowField, index: number): ArrowField {
  const child = children[index];
  if (child === undefined) throw unreadable(`column ${name} lacks its child ${index}`);
  return child;
}

/** Bytes that are no Arrow stream, or one that no table can hold. */
export function unreadable(why: string, cause?: unknown): SluiceError {
  return new SluiceError("table.schema-mismatch", `Cannot read the Arrow stream: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    advice: "Give an Arrow IPC stream without compression, in types that a Delta table has; nothing was written.",
  });
}

/** Unsigned numbers need the next larger type. */
function integerType(bits: number, isSigned: boolean): PrimitiveName {
  if (bits === 64) return isSigned ? "long" : "decimal(20,0)";
  const signedBits = isSigned ? bits : 2 * bits;
  return signedBits === 8 ? "byte" : signedBits === 16 ? "short" : signedBits === 32 ? "integer" : "long";
}

function decimalType(
  { name }: ArrowField,
  { precision, scale }: Extract<ArrowType, { kind: "decimal" }>,
): PrimitiveName {
  const isOfDelta = precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision;
  if (isOfDelta) return decimal(precision, scale);
  throw unreadable(`column ${name} is decimal(${precision},${scale}), and Delta has 38 digits at most`);
}
