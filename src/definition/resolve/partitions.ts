import type { DataType } from "../../contract/index.ts";
import { contentsOf } from "../builders/mark.ts";
import type { PartitionContents } from "../builders/partition.ts";
import type { PartitionField } from "../model.ts";
import { nearMiss } from "../reading/near-miss.ts";
import type { Place } from "../reading/place.ts";
import { readList } from "../reading/read-object.ts";
import { readWholeNumber } from "../reading/read-scalar.ts";
import { isColumnName, type ReadColumns } from "./columns.ts";

/** What is known about the columns of a table. `isPartial`: there may be others (a query's output). */
export interface KnownColumns extends ReadColumns {
  readonly isPartial?: boolean;
}

const BUCKETS_MAX = 10_000; // more partitions than that are slower than none
const TIMESTAMPS = ["timestamp", "timestamp_ntz"];
/** Types whose values have no one text, or too many. */
const NO_PARTITION = new Set<DataType>(["double", "float", "binary"]);

/** How a table is cut. Types of columns that are not declared are the engine's to check. */
export function readPartitions(place: Place, value: unknown, columns: KnownColumns): readonly PartitionField[] {
  if (value === undefined) return [];
  const list = readList(place, value, 'a list such as ["country", month("placed_at")]') ?? [];
  const taken = new Set<string>();
  return list.flatMap((one, index) => {
    const at = place.item(index);
    const partition = readPartition(at, one, columns);
    if (partition === undefined) return [];
    const isComputed = partition.transform.kind !== "identity";
    const isTaken = taken.has(partition.name.toLowerCase()) || (isComputed && isDeclared(columns, partition.name));
    taken.add(partition.name.toLowerCase());
    if (!isTaken) return [partition];
    return at.refuse("a name of its own", `${JSON.stringify(partition.name)} again`, 'name it with .as("…")') ?? [];
  });
}

function readPartition(place: Place, value: unknown, columns: KnownColumns): PartitionField | undefined {
  if (typeof value === "string") {
    const type = readSourceColumn(place, value, columns);
    if (type === undefined) return undefined;
    if (!isFolderType(type))
      return place.refuse("a column of a type that can name folders", typeTitle(type), "see bucket()");
    return { name: value, transform: { kind: "identity" } };
  }
  const contents = contentsOf(value, "partition");
  if (contents === undefined) return place.expected('a column\'s name or one of date("…"), month, hour, bucket', value);
  return readComputed(place, contents, columns);
}

function isFolderType(type: DataType | "unknown"): boolean {
  return type === "unknown" || (typeof type === "string" && !NO_PARTITION.has(type));
}

function readComputed(place: Place, contents: PartitionContents, columns: KnownColumns): PartitionField | undefined {
  const { transform, column, name = typeof column === "string" ? `${column}_${transform}` : undefined } = contents;
  const type = readSourceColumn(place, column, columns);
  const count = transform === "bucket" ? readCount(place, contents.count) : undefined;
  if (typeof name !== "string") return place.expected("a name for the partition column", name);
  if (type === undefined || typeof column !== "string" || !isColumnName(place, name)) return undefined;
  if (!fitsTransform(transform, type)) {
    return place.refuse(
      `${transform}() of ${WANTED[transform]}`,
      `${typeTitle(type)} column ${JSON.stringify(column)}`,
    );
  }
  if (transform !== "bucket") return { name, transform: { kind: transform, column } };
  return count === undefined ? undefined : { name, transform: { kind: "bucket", column, count } };
}

const WANTED = {
  date: "a timestamp",
  month: "a date or timestamp",
  hour: "a timestamp",
  bucket: "a column of a plain, exact type",
} as const;

function fitsTransform(transform: PartitionContents["transform"], type: DataType | "unknown"): boolean {
  if (type === "unknown") return true;
  if (typeof type !== "string") return false;
  if (transform === "bucket") return !NO_PARTITION.has(type);
  return TIMESTAMPS.includes(type) || (transform === "month" && type === "date");
}

function readCount(place: Place, value: unknown): number | undefined {
  return readWholeNumber(place, value, { least: 2, most: BUCKETS_MAX, what: "a number of buckets" });
}

/** The column's type, `unknown` where it cannot be known; undefined (and noted) where there is no such column. */
function readSourceColumn(place: Place, name: unknown, columns: KnownColumns): DataType | "unknown" | undefined {
  if (typeof name !== "string" || name === "") return place.expected("the name of a column", name);
  const column = columns.columns.find((one) => one.name === name);
  if (column !== undefined) return column.type;
  if (columns.declared.has(name)) return undefined;
  if (columns.isPartial === true) return "unknown";
  return place.refuse("a column of the table", JSON.stringify(name), nearMiss(name, columns.declared));
}

function isDeclared(columns: KnownColumns, name: string): boolean {
  return [...columns.declared].some((one) => one.toLowerCase() === name.toLowerCase());
}

function typeTitle(type: DataType | "unknown"): string {
  return typeof type === "string" ? `the ${type}` : `the ${type.type}`;
}
