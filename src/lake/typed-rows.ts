import { SluiceError } from "../base/index.ts";
import { field, sameType, struct, type DataType, type StructType } from "../contract/index.ts";
import type { Row, Value } from "../engine/index.ts";

/** Types by column (all nullable), or a whole schema as Delta writes it. */
export type TableSchema = StructType | Readonly<Record<string, DataType>>;

/** What rows of a table with this schema are when they are read. Only types by column say what is in them. */
export type RowOf<S extends TableSchema> = S extends StructType
  ? Row
  : { readonly [Column in keyof S]: ValueOf<S[Column]> | null };

/** What rows may be when they are written: columns that are left out are null, and whole numbers come either way. */
export type NewRowOf<S extends TableSchema> = S extends StructType
  ? Row
  : { readonly [Column in keyof S]?: NewValueOf<S[Column]> | null };

/** A value that is read (see `Value`). */
export type ValueOf<T> = T extends "long" | "timestamp" | "timestamp_ntz"
  ? bigint
  : T extends "integer" | "short" | "byte" | "float" | "double"
    ? number
    : T extends "boolean"
      ? boolean
      : T extends "binary"
        ? Uint8Array
        : T extends string
          ? string
          : NestedOf<T>;

type NestedOf<T> = T extends { readonly type: "array"; readonly elementType: infer Element }
  ? readonly (ValueOf<Element> | null)[]
  : T extends { readonly type: "map"; readonly keyType: infer Key; readonly valueType: infer Of }
    ? readonly (readonly [ValueOf<Key>, ValueOf<Of> | null])[]
    : { readonly [name: string]: Value };

/** A value to write. */
export type NewValueOf<T> = T extends "long" | "integer" | "short" | "byte" ? bigint | number : ValueOf<T>;

/** The schema, whole. */
export function wholeSchema(schema: TableSchema): StructType {
  return isStructType(schema) ? schema : struct(Object.entries(schema).map(([column, type]) => field(column, type)));
}

function isStructType(schema: TableSchema): schema is StructType {
  return "type" in schema && schema["type"] === "struct" && "fields" in schema;
}

/** Refuses a table (`table.schema-mismatch`) that does not have each of these columns, of this type; it may have more. */
export function checkSchema(path: string, found: StructType, expected: TableSchema): void {
  for (const { name, type } of wholeSchema(expected).fields) {
    const column = found.fields.find((one) => one.name === name);
    if (column !== undefined && sameType(column.type, type)) continue;
    const why = column === undefined ? `it has no column ${name}` : `its column ${name} is of another type`;
    throw new SluiceError("table.schema-mismatch", `Cannot open ${path} with this schema: ${why}`, {
      facts: { path, column: name, expected: JSON.stringify(type), found: JSON.stringify(column?.type ?? null) },
    });
  }
}
