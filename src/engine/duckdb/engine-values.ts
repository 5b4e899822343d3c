import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMPTZ,
  TINYINT,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from "./duckdb-api.ts";
import { SluiceError } from "../../base/index.ts";
import {
  decimalParts,
  isArray,
  isMap,
  isStruct,
  type DataType,
  type PrimitiveName,
  type StructType,
} from "../../contract/index.ts";
import type { Row, Value } from "../engine.ts";
import { shownValue } from "./row-values.ts";

/** DuckDB's own unit of work. */
const CHUNK_ROWS = 2048;

/** Rows as chunks of the columns of a schema; a value that is not of its column's type fails with `table.schema-mismatch`. */
export function* chunksOf(schema: StructType, rows: readonly Row[]): Generator<DuckDBDataChunk> {
  const types = schema.fields.map((field) => engineType(field.type));
  for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
    const slice = rows.slice(start, start + CHUNK_ROWS);
    const chunk = DuckDBDataChunk.create(types, slice.length);
    chunk.setColumns(
      schema.fields.map((field) => slice.map((row) => fromValue(own(row, field.name), field.type, [field.name]))),
    );
    yield chunk;
  }
}

/** The DuckDB type for a Delta type, as the client's object. */
export function engineType(type: DataType): DuckDBType {
  if (isStruct(type)) {
    // By two lists, since an object would put members with names like "0" first.
    const names = type.fields.map((field) => field.name);
    return new DuckDBStructType(
      names,
      type.fields.map((field) => engineType(field.type)),
    );
  }
  if (isArray(type)) return LIST(engineType(type.elementType));
  if (isMap(type)) return MAP(engineType(type.keyType), engineType(type.valueType));
  const parts = decimalParts(type);
  if (parts !== undefined) return DECIMAL(parts.precision, parts.scale);
  return PRIMITIVES[type as PlainName];
}

type PlainName = Exclude<PrimitiveName, `decimal(${number},${number})`>;

const PRIMITIVES: Readonly<Record<PlainName, DuckDBType>> = {
  string: VARCHAR,
  long: BIGINT,
  integer: INTEGER,
  short: SMALLINT,
  byte: TINYINT,
  float: FLOAT,
  double: DOUBLE,
  boolean: BOOLEAN,
  binary: BLOB,
  date: DATE,
  timestamp: TIMESTAMPTZ,
  timestamp_ntz: TIMESTAMP,
  void: INTEGER,
  variant: VARCHAR,
};

type Path = readonly string[];

function fromValue(value: Value | undefined, type: DataType, path: Path): DuckDBValue {
  if (value === null || value === undefined) return null;
  if (isStruct(type)) {
    if (!isMembers(value)) return mismatch(value, type, path);
    return new DuckDBStructValue(
      Object.fromEntries(
        type.fields.map((field) => [field.name, fromValue(own(value, field.name), field.type, [...path, field.name])]),
      ),
    );
  }
  if (isArray(type)) {
    if (!isList(value)) return mismatch(value, type, path);
    return new DuckDBListValue(value.map((item) => fromValue(item, type.elementType, [...path, "element"])));
  }
  if (isMap(type)) {
    if (!isList(value)) return mismatch(value, type, path);
    const entries = value.map((entry) => {
      if (!isList(entry) || entry.length !== 2) return mismatch(value, type, path);
      return {
        key: fromValue(entry[0], type.keyType, [...path, "key"]),
        value: fromValue(entry[1], type.valueType, [...path, "value"]),
      };
    });
    return new DuckDBMapValue(entries);
  }
  return fromScalar(value, type, path);
}

function fromScalar(value: Value, type: PrimitiveName, path: Path): DuckDBValue {
  const parts = decimalParts(type);
  if (parts !== undefined) {
    return typeof value === "string" ? decimalOf(value, parts, path) : mismatch(value, type, path);
  }
  const taken = TAKERS[type as PlainName](value);
  return taken ?? mismatch(value, type, path);
}

/** What the port has for each type; undefined for a value of another type. */
const TAKERS: Readonly<Record<PlainName, (value: Value) => DuckDBValue | undefined>> = {
  string: (value) => (typeof value === "string" ? value : undefined),
  boolean: (value) => (typeof value === "boolean" ? value : undefined),
  long: (value) => wholeNumber(value, 64),
  integer: (value) => toNumber(wholeNumber(value, 32)),
  short: (value) => toNumber(wholeNumber(value, 16)),
  byte: (value) => toNumber(wholeNumber(value, 8)),
  float: (value) => (typeof value === "number" ? value : undefined),
  double: (value) => (typeof value === "number" ? value : undefined),
  binary: (value) => (value instanceof Uint8Array ? new DuckDBBlobValue(value) : undefined),
  date: (value) => (typeof value === "string" ? dateOf(value) : undefined),
  timestamp: (value) => (typeof value === "bigint" ? new DuckDBTimestampTZValue(value) : undefined),
  void: () => undefined,
  variant: () => undefined,
  timestamp_ntz: (value) => (typeof value === "bigint" ? new DuckDBTimestampValue(value) : undefined),
};

function wholeNumber(value: Value, bits: number): bigint | undefined {
  const isWhole = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  if (!isWhole) return undefined;
  const whole = BigInt(value);
  return BigInt.asIntN(bits, whole) === whole ? whole : undefined;
}

function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function decimalOf(text: string, { precision, scale }: { precision: number; scale: number }, path: Path): DuckDBValue {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? "";
  if (match === null || /[1-9]/.test(fraction.slice(scale)))
    return mismatch(text, `decimal(${precision},${scale})`, path);
  const scaled = BigInt(`${match[1]}${match[2]}${fraction.slice(0, scale).padEnd(scale, "0")}`);
  const largest = 10n ** BigInt(precision);
  if (scaled >= largest || scaled <= -largest) return mismatch(text, `decimal(${precision},${scale})`, path);
  return new DuckDBDecimalValue(scaled, precision, scale);
}

const DAY_MS = 86_400_000;

function dateOf(text: string): DuckDBValue | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // A day that the month has not (02-30) is moved by the parser.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text)) return undefined;
  return new DuckDBDateValue(ms / DAY_MS);
}

function own(members: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function isMembers(value: Value): value is { readonly [name: string]: Value } {
  return typeof value === "object" && value !== null && !isList(value) && !(value instanceof Uint8Array);
}

function mismatch(value: Value, type: DataType, path: Path): never {
  const shown = typeof type === "string" ? type : type.type;
  throw new SluiceError(
    "table.schema-mismatch",
    `Cannot take a value into column ${path.join(".")}: it is no ${shown}`,
    {
      facts: { value: shownValue(value), type: typeof value },
    },
  );
}
