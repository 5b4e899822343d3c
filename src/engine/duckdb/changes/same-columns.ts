import { SluiceError } from "../../../base/index.ts";
import { sameType, isStruct, type StructType } from "../../../contract/index.ts";
import { physicalTable, type CommitChanges, type TableMetadata } from "../../../delta/index.ts";
import type { OpenTable } from "../../engine.ts";

/**
 * Refuses changes over a commit after which a column of the files is of another type, or which partitions the table otherwise: rows of
 * before have no place in the columns of after. Columns that come, go or are renamed are no hindrance.
 */
export async function assertSameColumns(
  table: OpenTable,
  { from, commits, metadata }: { from: number; commits: readonly CommitChanges[]; metadata: TableMetadata },
): Promise<void> {
  const changed = commits.some((commit) => commit.metadata !== undefined && commit.version > from);
  if (!changed) return;
  const earlier = [(await table.log.at(from)).metadata, ...commits.flatMap((commit) => commit.metadata ?? [])];
  for (const before of earlier) {
    const column = firstDifference(physicalTable(before).schema, physicalTable(metadata).schema);
    const isMoved =
      physicalTable(before).partitionColumns.join("\0") !== physicalTable(metadata).partitionColumns.join("\0");
    if (column === undefined && !isMoved) continue;
    throw new SluiceError(
      "table.unsupported",
      `Cannot read changes of table ${table.name} from version ${from}: ${column === undefined ? "its partitioning" : `the type of column ${column}`} has changed since`,
      { advice: "Read the changes before and after that version apart." },
    );
  }
}

function firstDifference(before: StructType, after: StructType): string | undefined {
  for (const field of after.fields) {
    const was = before.fields.find((candidate) => candidate.name === field.name);
    if (was === undefined || sameType(was.type, field.type)) continue;
    if (!isStruct(was.type) || !isStruct(field.type)) return field.name;
    const inner = firstDifference(was.type, field.type);
    if (inner !== undefined) return `${field.name}.${inner}`;
  }
  return undefined;
}
