import type { BatchFile } from "../../contract/index.ts";
import { joinTallies, type FileTally } from "../../sources/index.ts";

/** Adds the files of a batch to what others came to, by group. */
export function countFiles(
  tallies: Map<string, FileTally>,
  files: readonly BatchFile[],
  groupOf: (file: BatchFile) => string,
): void {
  for (const file of files) {
    const group = groupOf(file);
    tallies.set(group, joinTallies(tallies.get(group), tallyOf(file)));
  }
}

function tallyOf({ records, rows, quarantined, modifiedMs, oldestMs, newestMs }: BatchFile): FileTally {
  return { files: 1, records, rows, quarantined, firstMs: modifiedMs, lastMs: modifiedMs, oldestMs, newestMs };
}
