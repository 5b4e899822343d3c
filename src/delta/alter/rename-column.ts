import { SluiceError } from "../../base/index.ts";
import type { TableMetadata } from "../actions.ts";
import { STATS_COLUMNS_PROPERTY, mappingModeOf } from "../schema/column-mapping.ts";
import { joinColumnNames, splitColumnNames } from "../schema/column-names.ts";
import { changeColumn, refuseWhereMentioned, withSchema } from "./changed-schema.ts";

/**
 * The metadata of a table with one column, at any depth, called otherwise. Files, statistics and partition values keep its physical
 * name; properties that name columns follow. Without column mapping it fails with `table.unsupported`.
 */
export function renameColumn(metadata: TableMetadata, path: readonly string[], to: string): TableMetadata {
  assertMapped(metadata, "rename");
  const last = path.at(-1) ?? "";
  refuseWhereMentioned(metadata, last, "rename");
  const schema = changeColumn(metadata.schema, path, (field, siblings) => {
    if (siblings.some((one) => one.name.toLowerCase() === to.toLowerCase())) {
      throw new SluiceError("table.schema-mismatch", `Cannot rename column ${last}: there is a column ${to} already`);
    }
    return { ...field, name: to };
  });
  const isTop = path.length === 1;
  const partitionColumns = metadata.partitionColumns.map((name) => (isTop && isSame(name, last) ? to : name));
  return withSchema({ ...metadata, partitionColumns, configuration: inNewName(metadata, path, to) }, schema);
}

/**
 * The metadata of a table without one of its columns. Files keep what they hold, and a new column of the same name does not find
 * it. Without column mapping it fails with `table.unsupported`.
 */
export function dropColumn(metadata: TableMetadata, path: readonly string[]): TableMetadata {
  assertMapped(metadata, "drop");
  const last = path.at(-1) ?? "";
  refuseWhereMentioned(metadata, last, "drop");
  if (path.length === 1 && metadata.partitionColumns.some((name) => isSame(name, last))) {
    throw new SluiceError("table.unsupported", `Cannot drop column ${last}: the table is partitioned by it`);
  }
  const schema = changeColumn(metadata.schema, path, (_, siblings) => {
    const isPartition = (name: string): boolean => path.length === 1 && metadata.partitionColumns.includes(name);
    if (siblings.some((one) => !isPartition(one.name))) return undefined;
    throw new SluiceError("table.unsupported", `Cannot drop column ${path.join(".")}: no other would be left`);
  });
  const configuration = withoutStatistics(metadata, path);
  return withSchema({ ...metadata, configuration }, schema);
}

function assertMapped({ configuration }: TableMetadata, verb: string): void {
  if (mappingModeOf(configuration) !== "none") return;
  throw new SluiceError(
    "table.unsupported",
    `Cannot ${verb} a column: files of this table are read by the names of its columns`,
    { advice: "Set delta.columnMapping.mode to name first; readers then need column mapping." },
  );
}

function inNewName(metadata: TableMetadata, path: readonly string[], to: string): TableMetadata["configuration"] {
  return withStatistics(metadata, (column) =>
    startsWith(column, path) ? [...path.slice(0, -1), to, ...column.slice(path.length)] : column,
  );
}

function withoutStatistics(metadata: TableMetadata, path: readonly string[]): TableMetadata["configuration"] {
  return withStatistics(metadata, (column) => (startsWith(column, path) ? undefined : column));
}

function withStatistics(
  { configuration }: TableMetadata,
  change: (column: readonly string[]) => readonly string[] | undefined,
): TableMetadata["configuration"] {
  const named = configuration[STATS_COLUMNS_PROPERTY];
  if (named === undefined) return configuration;
  const columns = splitColumnNames(named).flatMap((column) => {
    const changed = change(column);
    return changed === undefined ? [] : [changed];
  });
  return { ...configuration, [STATS_COLUMNS_PROPERTY]: joinColumnNames(columns) };
}

function startsWith(column: readonly string[], path: readonly string[]): boolean {
  return path.every((name, index) => isSame(column[index] ?? "", name));
}

function isSame(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
