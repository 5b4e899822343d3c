import type { AddFile, RemoveFile } from "../../delta/index.ts";
import type { WriteMetrics } from "../engine.ts";
import { recordsOf } from "./file-statistics.ts";

/** Metrics of a write whose rows are all new. */
export function filesMetrics(adds: readonly AddFile[], removes: readonly RemoveFile[]): WriteMetrics {
  return {
    rowsInserted: rowsOfFiles(adds),
    rowsUpdated: 0,
    rowsDeleted: 0,
    filesAdded: adds.length,
    filesRemoved: removes.length,
    bytesWritten: adds.reduce((sum, add) => sum + add.sizeBytes, 0),
  };
}

/** Live rows of files as their statistics count them; files that do not say count as none. */
export function rowsOfFiles(files: Iterable<AddFile>): number {
  let rows = 0;
  for (const file of files) rows += liveRows(file) ?? 0;
  return rows;
}

/** Rows that are not deleted; undefined when the file does not say how many it has. */
function liveRows(file: AddFile): number | undefined {
  const physical = recordsOf(file);
  return physical === undefined ? undefined : physical - (file.deletionVector?.cardinality ?? 0);
}
