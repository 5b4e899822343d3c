import { isArray, isMap, isStruct, type DataType, type StructField, type StructType } from "../../contract/index.ts";
import { encodeStats, type ColumnStats, type StatValue, type StatsLayout } from "../../delta/index.ts";
import type { LeafStatistics, WrittenFile } from "./written-file.ts";

/** `add.stats` out of what the Parquet writer saw. */
export function statsOf(file: WrittenFile, layout: StatsLayout): string {
  const columns = file.columns.flatMap((leaf) => columnStats(leaf, layout.schema) ?? []);
  return encodeStats(layout, { numRecords: file.rows, columns });
}

/** Leaves inside lists and maps count elements, not rows: Delta has nothing to say about them. */
function columnStats(leaf: LeafStatistics, schema: StructType): ColumnStats | undefined {
  const type = leafType(schema, leaf.path);
  if (type === undefined) return undefined;
  const min = leaf.min === undefined ? undefined : statValue(type, leaf.min);
  const max = leaf.max === undefined ? undefined : statValue(type, leaf.max);
  return {
    path: leaf.path,
    hasNan: leaf.hasNan,
    ...(leaf.nullCount === undefined ? {} : { nullCount: leaf.nullCount }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

function leafType(schema: StructType, path: readonly string[]): string | undefined {
  let type: DataType = schema;
  for (const name of path) {
    if (!isStruct(type)) return undefined;
    const field: StructField | undefined = type.fields.find((candidate) => candidate.name === name);
    if (field === undefined) return undefined;
    type = field.type;
  }
  if (isStruct(type) || isArray(type) || isMap(type)) return undefined;
  return type;
}

function statValue(type: string, text: string): StatValue | undefined {
  switch (type) {
    case "float":
    case "double":
      return Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "timestamp":
    case "timestamp_ntz":
      return microsOf(text);
    case "boolean":
    case "binary":
      return undefined;
    default:
      return text;
  }
}

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:\+00)?$/;

/** DuckDB's text of a moment in UTC; undefined for years that have no four digits. */
function microsOf(text: string): bigint | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const millis = Date.parse(`${match[1]}T${match[2]}Z`);
  return BigInt(millis) * 1000n + BigInt((match[3] ?? "").padEnd(6, "0"));
}
