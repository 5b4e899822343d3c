import { SluiceError } from "../../base/index.ts";
import { physicalTable, type PartitionValues, type TableMetadata } from "../../delta/index.ts";
import type { OpenTable, OverwriteOptions } from "../engine.ts";

/** Whether a file's partition is one of those named; undefined: all are. */
export function coverage(
  table: OpenTable,
  metadata: TableMetadata,
  partitions: OverwriteOptions["partitions"],
): ((values: PartitionValues) => boolean) | undefined {
  if (partitions === undefined) return undefined;
  const columns = metadata.partitionColumns;
  for (const partition of partitions) {
    const stray = Object.keys(partition).find((name) => !columns.includes(name));
    if (stray !== undefined || Object.keys(partition).length === 0) {
      throw new SluiceError(
        "table.schema-mismatch",
        `Cannot tell the partitions of table ${table.name}: ${stray ?? "nothing"} is not one of its partition columns`,
      );
    }
  }
  const physical = physicalTable(metadata).partitionColumns;
  return (values) =>
    partitions.some((partition) =>
      Object.entries(partition).every(([name, value]) =>
        isSame(values[physical[columns.indexOf(name)] ?? name], value),
      ),
    );
}

/** In the log an empty text is null (Delta PROTOCOL, "Partition Value Serialization"). */
function isSame(left: string | null | undefined, right: string | null): boolean {
  return (left ?? "") === (right ?? "");
}
