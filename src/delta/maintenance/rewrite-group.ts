import type { AddFile, PartitionValues } from "../actions.ts";
import { vectorId } from "../log/vector-id.ts";
import type { Snapshot } from "../snapshot.ts";
import { parseStats } from "../stats/parse-stats.ts";

/** Files of one partition whose live rows are to be one file. */
export interface RewriteGroup {
  readonly partitionValues: PartitionValues;
  readonly files: readonly AddFile[];
  /** Stored bytes of the files. */
  readonly sizeBytes: number;
  /** Rows that deletion vectors have taken out of them. */
  readonly deletedRows: number;
}

export function groupOf(files: readonly AddFile[]): RewriteGroup {
  return {
    partitionValues: files[0]?.partitionValues ?? {},
    files,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    deletedRows: files.reduce((sum, file) => sum + (file.deletionVector?.cardinality ?? 0), 0),
  };
}

/** Whether the files of a group are still what they were: their rewritten form may take their place. */
export function isIntact(group: RewriteGroup, snapshot: Snapshot): boolean {
  return group.files.every((file) => {
    const live = snapshot.files.get(file.path);
    return live !== undefined && vectorId(live.deletionVector) === vectorId(file.deletionVector);
  });
}

/**
 * Live files by partition. In the log an empty text is null, and so is a missing value (Delta PROTOCOL, "Partition Value
 * Serialization"); the names are those of the log, whatever the columns are called by now.
 */
export function byPartition(
  snapshot: Snapshot,
  covers?: (partitionValues: PartitionValues) => boolean,
): Iterable<readonly AddFile[]> {
  const partitions = new Map<string, AddFile[]>();
  for (const file of snapshot.files.values()) {
    if (covers?.(file.partitionValues) === false) continue;
    const values = Object.entries(file.partitionValues).filter(([, value]) => (value ?? "") !== "");
    const key = JSON.stringify(values.toSorted(([left], [right]) => (left < right ? -1 : 1)));
    const files = partitions.get(key);
    if (files === undefined) partitions.set(key, [file]);
    else files.push(file);
  }
  return partitions.values();
}

export function byAge(left: AddFile, right: AddFile): number {
  return left.modificationTime - right.modificationTime || (left.path < right.path ? -1 : 1);
}

/** Share of a file's rows that a deletion vector has taken out. One that does not say how many rows it has cannot have a valid vector. */
export function shareOfDeleted({ deletionVector, stats }: AddFile): number {
  if (deletionVector === undefined) return 0;
  const rows = parseStats(stats)?.numRecords ?? 0;
  return rows === 0 ? 1 : Math.min(1, deletionVector.cardinality / rows);
}
