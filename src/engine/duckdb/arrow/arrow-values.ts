import { isUtf8 } from "node:buffer";
import { childOf, unreadable, type ArrowField, type ArrowType } from "../../arrow/arrow-field.ts";
import { extentOf, hasValue, type ColumnBuffers } from "../../arrow/column-buffers.ts";
import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "../duckdb-api.ts";

type Read = (row: number) => DuckDBValue;

/** A column's values for the engine, in the type that `deltaTypeOf` tells. */
export function arrowValues(column: ColumnBuffers): Read {
  const read = column.dictionary === undefined ? presentValues(column) : numberedValues(column, column.dictionary);
  return (row) => (hasValue(column, row) ? read(row) : null);
}

function numberedValues({ field, values }: ColumnBuffers, dictionary: ColumnBuffers): Read {
  const index = field.dictionary?.index ?? { bits: 32, isSigned: true };
  const numberAt = wholeNumbers(viewOf(values), index);
  const value = arrowValues(dictionary);
  return (row) => {
    const at = Number(numberAt(row));
    if (at >= 0 && at < dictionary.length) return value(at);
    throw unreadable(`column ${field.name} names a value that its dictionary has not`);
  };
}

function presentValues(column: ColumnBuffers): Read {
  const { field, values } = column;
  const { type } = field;
  const view = viewOf(values);
  if (type.kind === "integer") return integers(view, type);
  if (type.kind === "float") {
    return type.bits === 32 ? (row) => view.getFloat32(row * 4, true) : (row) => view.getFloat64(row * 8, true);
  }
  if (type.kind === "decimal") return decimals(field, view, type);
  if (type.kind === "date") return dates(field, view, type.unit);
  if (type.kind === "timestamp") return timestamps(field, view, type);
  if (type.kind === "fixed-binary") {
    return (row) => new DuckDBBlobValue(values.slice(row * type.bytes, (row + 1) * type.bytes));
  }
  return type.kind === "fixed-list" ? lists(column) : OTHERS[type.kind](column);
}

const OTHERS = {
  null: () => () => null,
  text: texts,
  "large-text": texts,
  binary: blobs,
  "large-binary": blobs,
  boolean: booleans,
  struct: structs,
  map: maps,
  list: lists,
  "large-list": lists,
} as const satisfies Partial<Record<ArrowType["kind"], (column: ColumnBuffers) => Read>>;

function blobs(column: ColumnBuffers): Read {
  return (row) => new DuckDBBlobValue(column.values.slice(...extentOf(column, row)));
}

function booleans({ values }: ColumnBuffers): Read {
  return (row) => ((values[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Text that is none would come back as another: it is refused. */
function texts(column: ColumnBuffers): Read {
  const bytes = Buffer.from(column.values.buffer, column.values.byteOffset, column.values.byteLength);
  return (row) => {
    const [start, end] = extentOf(column, row);
    if (!isUtf8(bytes.subarray(start, end))) throw unreadable(`column ${column.field.name} has text that is not UTF-8`);
    return bytes.toString("utf8", start, end);
  };
}

type Whole = Pick<Extract<ArrowType, { kind: "integer" }>, "bits" | "isSigned">;

function wholeNumbers(view: DataView, { bits, isSigned }: Whole): (row: number) => number | bigint {
  if (bits === 8) return (row) => (isSigned ? view.getInt8(row) : view.getUint8(row));
  if (bits === 16) return (row) => (isSigned ? view.getInt16(row * 2, true) : view.getUint16(row * 2, true));
  if (bits === 32) return (row) => (isSigned ? view.getInt32(row * 4, true) : view.getUint32(row * 4, true));
  return (row) => (isSigned ? view.getBigInt64(row * 8, true) : view.getBigUint64(row * 8, true));
}

/** As the engine takes the type that is large enough. */
function integers(view: DataView, type: Whole): Read {
  const read = wholeNumbers(view, type);
  if (type.bits === 64 && !type.isSigned) return (row) => new DuckDBDecimalValue(BigInt(read(row)), 20, 0);
  return type.bits === 32 && !type.isSigned ? (row) => BigInt(read(row)) : read;
}

function decimals(
  { name }: ArrowField,
  view: DataView,
  { precision, scale, bits }: Extract<ArrowType, { kind: "decimal" }>,
): Read {
  const largest = 10n ** BigInt(precision);
  return (row) => {
    let value = 0n;
    for (let word = bits / 32 - 1; word >= 0; word -= 1) {
      value = (value << 32n) | BigInt(view.getUint32((row * bits) / 8 + word * 4, true));
    }
    value = BigInt.asIntN(bits, value);
    if (value >= largest || value <= -largest) throw unreadable(`column ${name} has more digits than its type`);
    return new DuckDBDecimalValue(value, precision, scale);
  };
}

const DAY_MS = 86_400_000n;

function dates({ name }: ArrowField, view: DataView, unit: "day" | "millisecond"): Read {
  if (unit === "day") return (row) => new DuckDBDateValue(view.getInt32(row * 4, true));
  return (row) => {
    const millis = view.getBigInt64(row * 8, true);
    if (millis % DAY_MS !== 0n) throw unreadable(`column ${name} has a date that is no whole day`);
    return new DuckDBDateValue(Number(millis / DAY_MS));
  };
}

const MICROS_OF = { second: 1_000_000n, millisecond: 1000n, microsecond: 1n, nanosecond: 1n } as const;

function timestamps(
  { name }: ArrowField,
  view: DataView,
  { unit, zone }: Extract<ArrowType, { kind: "timestamp" }>,
): Read {
  const factor = MICROS_OF[unit];
  return (row) => {
    const given = view.getBigInt64(row * 8, true);
    const isWhole = unit !== "nanosecond" || given % 1000n === 0n;
    const micros = unit === "nanosecond" ? given / 1000n : given * factor;
    if (!isWhole || BigInt.asIntN(64, micros) !== micros)
      throw unreadable(`column ${name} has a time that is no whole number of microseconds of 64 bits`);
    return zone === undefined ? new DuckDBTimestampValue(micros) : new DuckDBTimestampTZValue(micros);
  };
}

function structs({ children }: ColumnBuffers): Read {
  const members = children.map((child) => [child.field.name, arrowValues(child)] as const);
  return (row) => new DuckDBStructValue(Object.fromEntries(members.map(([name, read]) => [name, read(row)])));
}

function lists(column: ColumnBuffers): Read {
  const item = arrowValues(childColumn(column, 0));
  return (row) => {
    const [start, end] = extentOf(column, row);
    return new DuckDBListValue(Array.from({ length: end - start }, (_, index) => item(start + index)));
  };
}

function maps(column: ColumnBuffers): Read {
  const entries = childColumn(column, 0);
  const key = arrowValues(childColumn(entries, 0));
  const value = arrowValues(childColumn(entries, 1));
  return (row) => {
    const [start, end] = extentOf(column, row);
    const items = Array.from({ length: end - start }, (_, index) => ({
      key: key(start + index),
      value: value(start + index),
    }));
    if (items.some((item) => item.key === null)) throw unreadable(`column ${column.field.name} has a key that is null`);
    return new DuckDBMapValue(items);
  };
}

function childColumn({ field, children }: ColumnBuffers, index: number): ColumnBuffers {
  const child = children[index];
  if (child === undefined) throw unreadable(`column ${childOf(field, index).name} is not in a batch`);
  return child;
}
