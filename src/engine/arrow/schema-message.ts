import { TIME_UNITS, unreadable, type ArrowField, type ArrowType } from "./arrow-field.ts";
import type { FlatMember, FlatTable } from "./encode-flat-buffer.ts";
import type { FlatTableView } from "./flat-table.ts";

/** Numbers of the union `Type` (Schema.fbs). */
const TYPE = {
  null: 1,
  integer: 2,
  float: 3,
  binary: 4,
  text: 5,
  boolean: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  list: 12,
  struct: 13,
  "fixed-binary": 15,
  "fixed-list": 16,
  map: 17,
  "large-binary": 19,
  "large-text": 20,
  "large-list": 21,
} as const satisfies Readonly<Record<ArrowType["kind"], number>>;

const KINDS: ReadonlyMap<number, ArrowType["kind"]> = new Map(
  Object.entries(TYPE).map(([kind, number]) => [number, kind as ArrowType["kind"]]),
);

/** Precisions of floats: half, single, double. */
const FLOAT_BITS = [16, 32, 64];

/** The table `Schema`, in little endian. */
export function schemaTable(fields: readonly ArrowField[]): FlatTable {
  return [undefined, { tables: fields.map(fieldTable) }];
}

function fieldTable({ name, nullable, type, children }: ArrowField): FlatTable {
  return [
    { text: name },
    { bytes: 1, value: nullable ? 1 : 0 },
    { bytes: 1, value: TYPE[type.kind] },
    { table: typeTable(type) },
    undefined,
    { tables: children.map(fieldTable) },
  ];
}

function typeTable(type: ArrowType): FlatTable {
  if (type.kind === "integer") return [int(type.bits), { bytes: 1, value: type.isSigned ? 1 : 0 }];
  if (type.kind === "float") return [short(FLOAT_BITS.indexOf(type.bits))];
  if (type.kind === "decimal") return [int(type.precision), int(type.scale), int(type.bits)];
  if (type.kind === "date") return [short(type.unit === "day" ? 0 : 1)];
  if (type.kind === "timestamp") {
    return [short(TIME_UNITS.indexOf(type.unit)), type.zone === undefined ? undefined : { text: type.zone }];
  }
  if (type.kind === "fixed-binary") return [int(type.bytes)];
  return type.kind === "fixed-list" ? [int(type.size)] : [];
}

function int(value: number): FlatMember {
  return { bytes: 4, value };
}

function short(value: number): FlatMember {
  return { bytes: 2, value };
}

/** The fields of a table `Schema`. Types that no Delta table has are refused by the column's name. */
export function fieldsOfSchema(schema: FlatTableView): readonly ArrowField[] {
  if (schema.short(0) !== 0) throw unreadable("it is in big endian");
  return schema.tables(1).map(readField);
}

function readField(table: FlatTableView): ArrowField {
  const name = table.text(0) ?? "";
  const type = readType(name, KINDS.get(table.byte(2)), table.table(3));
  const children = table.tables(5).map(readField);
  const nullable = table.byte(1) !== 0;
  const dictionary = table.table(4);
  if (dictionary === undefined) return { name, nullable, type, children };
  const index = dictionary.table(1);
  return {
    name,
    nullable,
    type,
    children,
    dictionary: {
      id: dictionary.long(0),
      // Whole signed numbers of 32 bits, where nothing else is said.
      index: { kind: "integer", bits: index?.int(0) ?? 32, isSigned: index === undefined || index.byte(1) !== 0 },
    },
  };
}

function readType(name: string, kind: ArrowType["kind"] | undefined, table: FlatTableView | undefined): ArrowType {
  if (kind === undefined || table === undefined) throw unreadable(`column ${name} is of a type that no table has`);
  if (kind === "integer") return { kind, bits: table.int(0), isSigned: table.byte(1) !== 0 };
  if (kind === "float") return readFloat(name, table);
  if (kind === "decimal") return { kind, precision: table.int(0), scale: table.int(1), bits: table.int(2, 128) };
  if (kind === "date") return { kind, unit: table.short(0, 1) === 0 ? "day" : "millisecond" };
  if (kind === "timestamp") return readTimestamp(table);
  if (kind === "fixed-binary") return { kind, bytes: table.int(0) };
  return kind === "fixed-list" ? { kind, size: table.int(0) } : { kind };
}

function readFloat(name: string, table: FlatTableView): ArrowType {
  const bits = FLOAT_BITS[table.short(0)];
  if (bits === 32 || bits === 64) return { kind: "float", bits };
  throw unreadable(`column ${name} has floats of 16 bits`);
}

function readTimestamp(table: FlatTableView): ArrowType {
  const zone = table.text(1);
  return {
    kind: "timestamp",
    unit: TIME_UNITS[table.short(0)] ?? "second",
    zone: zone === undefined || zone === "" ? undefined : zone,
  };
}
