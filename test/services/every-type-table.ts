import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeltaField, DeltaStruct, DeltaType, RowObject } from "./canonical-rows.ts";
import type { DeltaProtocol } from "./judges.ts";

/** Makes an empty Delta table: its first commit, written without any engine. */
export async function makeEmptyTable(
  path: string,
  { schema, partitionColumns = [] }: { readonly schema: DeltaStruct; readonly partitionColumns?: readonly string[] },
): Promise<string> {
  const actions = [
    { commitInfo: { timestamp: 0, operation: "CREATE TABLE", operationParameters: {} } },
    { protocol: EVERY_TYPE_PROTOCOL },
    {
      metaData: {
        id: "00000000-0000-4000-8000-000000000000",
        format: { provider: "parquet", options: {} },
        schemaString: JSON.stringify(schema),
        partitionColumns,
        configuration: {},
        createdTime: 0,
      },
    },
  ];
  await mkdir(join(path, "_delta_log"), { recursive: true });
  const commit = actions.map((action) => `${JSON.stringify(action)}\n`).join("");
  await writeFile(join(path, "_delta_log", "00000000000000000000.json"), commit);
  return path;
}

export function structOf(fields: Readonly<Record<string, DeltaType>>): DeltaStruct {
  return { type: "struct", fields: Object.entries(fields).map(([name, type]) => fieldOf(name, type)) };
}

export const EVERY_TYPE_PROTOCOL: DeltaProtocol = {
  minReaderVersion: 3,
  minWriterVersion: 7,
  readerFeatures: ["timestampNtz"],
  writerFeatures: ["timestampNtz"],
};

export const EVERY_TYPE_PARTITIONS = ["part_text", "part_date", "part_decimal", "part_time", "part_flag", "part_long"];

/** A column of every type that all judges can write, nested ones too, and partitions of several types. */
export const EVERY_TYPE_SCHEMA: DeltaStruct = structOf({
  byte: "byte",
  short: "short",
  integer: "integer",
  long: "long",
  float: "float",
  double: "double",
  boolean: "boolean",
  string: "string",
  binary: "binary",
  date: "date",
  timestamp: "timestamp",
  wall_clock: "timestamp_ntz",
  small_decimal: "decimal(5,2)",
  large_decimal: "decimal(38,10)",
  struct: structOf({ z: "long", a: structOf({ deep: "date" }) }),
  array: arrayOf(structOf({ at: "timestamp", price: "decimal(12,4)" })),
  arrays: arrayOf(arrayOf("float")),
  map: mapOf("string", structOf({ bytes: "binary" })),
  map_by_number: mapOf("integer", arrayOf("double")),
  'a name with `ticks`, "quotes" and é': "string",
  part_text: "string",
  part_date: "date",
  part_decimal: "decimal(10,3)",
  part_time: "timestamp",
  part_flag: "boolean",
  part_long: "long",
});

/**
 * Ordinary values, the largest and the smallest, empty ones, and nulls at every depth. No negative decimal as a
 * partition: delta-rs writes -1.250 as "-1.-250", which nobody can read.
 */
export const EVERY_TYPE_ROWS: readonly RowObject[] = [
  {
    byte: 1,
    short: 2,
    integer: 3,
    long: 4n,
    float: 3.14,
    double: 0.1,
    boolean: true,
    string: "plain",
    binary: Uint8Array.of(0, 1, 255),
    date: "2024-02-29",
    timestamp: 1_700_000_000_123_456n,
    wall_clock: 1_700_000_000_123_456n,
    small_decimal: "1.50",
    large_decimal: "0.0000000001",
    struct: { z: 7n, a: { deep: "1999-12-31" } },
    array: [{ at: 0n, price: "9.9900" }, null, { at: null, price: null }],
    arrays: [[1, 2.5], [], null, [null]],
    map: [
      ["b", { bytes: Uint8Array.of(1) }],
      ["a", null],
    ],
    map_by_number: [
      [10, [0.5]],
      [9, []],
    ],
    'a name with `ticks`, "quotes" and é': "named",
    part_text: "a/b=c d%é:?",
    part_date: "2024-01-02",
    part_decimal: "1.250",
    part_time: 1_700_000_000_123_456n,
    part_flag: true,
    part_long: -5n,
  },
  {
    byte: -128,
    short: -32_768,
    integer: -2_147_483_648,
    long: -9_223_372_036_854_775_808n,
    float: Number.NEGATIVE_INFINITY,
    double: 5e-324,
    boolean: false,
    string: "",
    binary: Uint8Array.of(),
    date: "0001-01-01",
    timestamp: -9_000_000_000_000_000n,
    wall_clock: -1n,
    small_decimal: "-999.99",
    large_decimal: "-9999999999999999999999999999.9999999999",
    struct: { z: null, a: null },
    array: [],
    arrays: [],
    map: [],
    map_by_number: [],
    part_text: "plain",
    part_date: "1969-12-31",
    part_decimal: "0.000",
    part_time: -1_000_000n,
    part_flag: false,
    part_long: 9_223_372_036_854_775_807n,
  },
  {
    byte: 127,
    short: 32_767,
    integer: 2_147_483_647,
    long: 9_223_372_036_854_775_807n,
    float: Number.NaN,
    double: -0,
    string: 'é😀 "quoted"\n\t\\\u007f',
    date: "9999-12-31",
    timestamp: 9_000_000_000_000_000n,
    wall_clock: 253_402_300_799_999_999n,
    small_decimal: "999.99",
    large_decimal: "9999999999999999999999999999.9999999999",
    struct: { a: {} },
    part_text: "plain",
    part_date: "9999-12-31",
  },
  {},
];

/**
 * Instants that Spark's default timestamp in Parquet (INT96) holds and delta-rs reads wrongly from there, as it counts
 * nanoseconds in 64 bits: before 1677 and after 2262. Written as microseconds, all judges read them.
 */
export const FAR_INSTANT_ROWS: readonly RowObject[] = [
  { timestamp: -62_135_596_800_000_000n },
  { timestamp: 253_402_300_799_999_999n },
];

function arrayOf(elementType: DeltaType): DeltaType {
  return { type: "array", elementType, containsNull: true };
}

function mapOf(keyType: DeltaType, valueType: DeltaType): DeltaType {
  return { type: "map", keyType, valueType, valueContainsNull: true };
}

function fieldOf(name: string, type: DeltaType): DeltaField {
  return { name, type, nullable: true, metadata: {} };
}
