import type { AddFile, PartitionValues } from "../actions.ts";
import { positiveProperty } from "../log/table-properties.ts";
import { vectorId } from "../log/vector-id.ts";
import type { Snapshot } from "../snapshot.ts";
import { parseStats } from "../stats/parse-stats.ts";

export interface OptimizeLimits {
  /** Size to aim at; the table's `delta.targetFileSize` in bytes, else 256 MiB. Files below half of it are small. */
  readonly targetBytes?: number;
  /** A file with a larger share of deleted rows is written anew, whatever its size. */
  readonly deletedShareMax?: number;
  /** Which partitions are looked at; all by default. */
  readonly covers?: (partitionValues: PartitionValues) => boolean;
  /**
   * A file is written anew only into one at least twice as large. Then a table that is looked at after every small commit writes
   * each row a few times in all, and is left with a few small files a partition.
   */
  readonly isGentle?: boolean;
}

/** Files of one partition whose live rows are to be one file. */
export interface RewriteGroup {
  readonly partitionValues: PartitionValues;
  readonly files: readonly AddFile[];
  /** Stored bytes of the files. */
  readonly sizeBytes: number;
  /** Rows that deletion vectors have taken out of them. */
  readonly deletedRows: number;
}

const TARGET_BYTES = 256 * 2 ** 20;
/** As in Spark's `maxDeletedRowsRatio`: below it, reading past the deleted rows costs less than writing the others anew. */
const DELETED_SHARE_MAX = 0.05;

/**
 * What OPTIMIZE rewrites: small files of a partition, oldest first so that rows stay among their contemporaries, in groups up to the
 * target; and each file that has lost too many rows. Files of the right size are left alone: the work is in proportion to
 * what is small or deleted.
 */
export function planOptimize(snapshot: Snapshot, limits: OptimizeLimits = {}): readonly RewriteGroup[] {
  const targetBytes =
    limits.targetBytes ?? positiveProperty(snapshot.metadata.configuration, "delta.targetFileSize") ?? TARGET_BYTES;
  const deletedShareMax = limits.deletedShareMax ?? DELETED_SHARE_MAX;
  const groups: RewriteGroup[] = [];
  for (const files of byPartition(snapshot, limits.covers)) {
    const small: SizedFile[] = [];
    for (const file of files) {
      const deletedShare = shareOfDeleted(file);
      const liveBytes = file.sizeBytes * (1 - deletedShare);
      if (liveBytes < targetBytes / 2) small.push({ file, liveBytes, isWorn: deletedShare > deletedShareMax });
      else if (deletedShare > deletedShareMax) groups.push(groupOf([file]));
    }
    groups.push(...(limits.isGentle === true ? packGently(small, targetBytes) : pack(small, targetBytes)));
  }
  return groups;
}

/** Whether the files of a group are still what they were: their rewritten form may take their place. */
export function isIntact(group: RewriteGroup, snapshot: Snapshot): boolean {
  return group.files.every((file) => {
    const live = snapshot.files.get(file.path);
    return live !== undefined && vectorId(live.deletionVector) === vectorId(file.deletionVector);
  });
}

interface SizedFile {
  readonly file: AddFile;
  readonly liveBytes: number;
  /** It has lost enough rows to be written anew for that alone. */
  readonly isWorn: boolean;
}

/**
 * Live files by partition. In the log an empty text is null, and so is a missing value (Delta PROTOCOL, "Partition Value
 * Serialization"); the names are those of the log, whatever the columns are called by now.
 */
function byPartition(snapshot: Snapshot, covers: OptimizeLimits["covers"]): Iterable<readonly AddFile[]> {
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

function pack(small: readonly SizedFile[], targetBytes: number): readonly RewriteGroup[] {
  const bins: SizedFile[][] = [];
  let binBytes = Infinity;
  for (const next of small.toSorted(byAge)) {
    if (binBytes + next.liveBytes > targetBytes) {
      bins.push([]);
      binBytes = 0;
    }
    bins.at(-1)?.push(next);
    binBytes += next.liveBytes;
  }
  // One file alone would only be copied.
  return bins.filter((bin) => bin.length > 1 || bin.some((one) => one.isWorn)).map((bin) => groupOf(filesOf(bin)));
}

/** The longest run of the smallest files of which none is larger than the others of the run together. */
function packGently(small: readonly SizedFile[], targetBytes: number): readonly RewriteGroup[] {
  const bySize = small.toSorted((left, right) => left.liveBytes - right.liveBytes || byAge(left, right));
  let length = 0;
  let sumBytes = 0;
  for (const [index, { liveBytes }] of bySize.entries()) {
    if (index > 0 && liveBytes <= sumBytes) length = index + 1;
    sumBytes += liveBytes;
    if (sumBytes > targetBytes) break;
  }
  return length < 2 ? [] : [groupOf(filesOf(bySize.slice(0, length).toSorted(byAge)))];
}

function filesOf(bin: readonly SizedFile[]): readonly AddFile[] {
  return bin.map((one) => one.file);
}

function byAge(left: SizedFile, right: SizedFile): number {
  return left.file.modificationTime - right.file.modificationTime || (left.file.path < right.file.path ? -1 : 1);
}

function groupOf(files: readonly AddFile[]): RewriteGroup {
  return {
    partitionValues: files[0]?.partitionValues ?? {},
    files,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    deletedRows: files.reduce((sum, file) => sum + (file.deletionVector?.cardinality ?? 0), 0),
  };
}

/** A file that does not say how many rows it has cannot have a deletion vector that is valid. */
function shareOfDeleted({ deletionVector, stats }: AddFile): number {
  if (deletionVector === undefined) return 0;
  const rows = parseStats(stats)?.numRecords ?? 0;
  return rows === 0 ? 1 : Math.min(1, deletionVector.cardinality / rows);
}
