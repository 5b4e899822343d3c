import { isStruct, type StructType } from "../../contract/index.ts";
import { splitColumnNames } from "../schema/column-names.ts";

/** Leaf columns that have statistics where the table does not say otherwise. */
const INDEXED_DEFAULT = 32;

export interface ColumnSelection {
  /** Whether the column at this path has statistics. */
  has(path: readonly string[]): boolean;
}

/**
 * Which columns have statistics: those that `delta.dataSkippingStatsColumns` names (a struct stands for all inside), else the first
 * `delta.dataSkippingNumIndexedCols` leaves (32; −1 is all); and those that the table is clustered by. Partition columns never: every row of a file has the same value.
 */
export function statisticsColumns(layout: {
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly clustering?: readonly (readonly string[])[] | undefined;
}): ColumnSelection {
  const named = layout.configuration["delta.dataSkippingStatsColumns"];
  const chosen = new Set(named === undefined ? firstLeaves(layout) : splitColumnNames(named).map(pathKey));
  for (const column of layout.clustering ?? []) chosen.add(pathKey(column));
  const partitions = new Set(layout.partitionColumns.map((name) => name.toLowerCase()));
  return {
    has: (path) => {
      if (partitions.has((path[0] ?? "").toLowerCase())) return false;
      return path.some((_, index) => chosen.has(pathKey(path.slice(0, index + 1))));
    },
  };
}

function firstLeaves(layout: Parameters<typeof statisticsColumns>[0]): string[] {
  const text = layout.configuration["delta.dataSkippingNumIndexedCols"] ?? "";
  const wanted = /^-?\d+$/.test(text) ? Number(text) : INDEXED_DEFAULT;
  const count = wanted < 0 ? Infinity : wanted;
  const partitions = new Set(layout.partitionColumns);
  const leaves: string[] = [];
  for (const path of leafPaths({
    type: "struct",
    fields: layout.schema.fields.filter((field) => !partitions.has(field.name)),
  })) {
    if (leaves.length >= count) break;
    leaves.push(pathKey(path));
  }
  return leaves;
}

function* leafPaths(struct: StructType): Generator<readonly string[]> {
  for (const field of struct.fields) {
    if (!isStruct(field.type)) yield [field.name];
    else for (const path of leafPaths(field.type)) yield [field.name, ...path];
  }
}

/** Names compare without case; NUL is in none. */
function pathKey(path: readonly string[]): string {
  return path.map((name) => name.toLowerCase()).join("\0");
}
