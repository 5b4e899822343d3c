import type { AddFile, PartitionValues } from "../actions.ts";
import { positiveProperty } from "../log/table-properties.ts";
import type { Snapshot } from "../snapshot.ts";
import { byAge, byPartition, groupOf, shareOfDeleted, type RewriteGroup } from "./rewrite-group.ts";

export interface OptimizeLimits {
  /** Size to aim at; the table's `delta.targetFileSize` in bytes, else 256 MiB. Files below half of it are small. */
  readonly targetBytes?: number;
  /** A file with a larger share of deleted rows is written anew, whatever its size. */
  readonly deletedShareMax?: number;
  /** Which partitions are looked at; all by default. */
  readonly covers?: (partitionValues: PartitionValues) => boolean;
}

const TARGET_BYTES = 256 * 2 ** 20;
/** As in Spark's `maxDeletedRowsRatio`: below it, reading past the deleted rows costs less than writing the others anew. */
export const DELETED_SHARE_MAX = 0.05;

/**
 * What OPTIMIZE rewrites: small files of a partition, oldest first so that rows stay among their contemporaries, in groups up to the
 * target; and each file that has lost too many rows. Files of the right size are left alone: the work is in proportion to
 * what is small or deleted.
 */
export function planOptimize(snapshot: Snapshot, limits: OptimizeLimits = {}): readonly RewriteGroup[] {
  const targetBytes = targetBytesOf(snapshot, limits);
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
    groups.push(...pack(small, targetBytes));
  }
  return groups;
}

export function targetBytesOf({ metadata }: Snapshot, limits: OptimizeLimits): number {
  return limits.targetBytes ?? positiveProperty(metadata.configuration, "delta.targetFileSize") ?? TARGET_BYTES;
}

interface SizedFile {
  readonly file: AddFile;
  readonly liveBytes: number;
  /** It has lost enough rows to be written anew for that alone. */
  readonly isWorn: boolean;
}

function pack(small: readonly SizedFile[], targetBytes: number): readonly RewriteGroup[] {
  const bins: SizedFile[][] = [];
  let binBytes = Infinity;
  for (const next of small.toSorted((left, right) => byAge(left.file, right.file))) {
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

function filesOf(bin: readonly SizedFile[]): readonly AddFile[] {
  return bin.map((one) => one.file);
}
