import type { BatchFile } from "../../contract/index.ts";
import type { FileTally } from "../../sources/index.ts";

/** Adds the files of a batch to what others came to, by group. */
export function countFiles(
  tallies: Map<string, FileTally>,
  files: readonly BatchFile[],
  groupOf: (file: BatchFile) => string,
): void {
  for (const file of files) {
    const group = groupOf(file);
    tallies.set(group, withFile(tallies.get(group), file));
  }
}

function withFile(before: FileTally | undefined, file: BatchFile): FileTally {
  return {
    files: (before?.files ?? 0) + 1,
    records: (before?.records ?? 0) + file.records,
    rows: (before?.rows ?? 0) + file.rows,
    quarantined: (before?.quarantined ?? 0) + file.quarantined,
    firstMs: least(before?.firstMs, file.modifiedMs),
    lastMs: most(before?.lastMs, file.modifiedMs),
    oldestMs: least(before?.oldestMs, file.oldestMs),
    newestMs: most(before?.newestMs, file.newestMs),
  };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
