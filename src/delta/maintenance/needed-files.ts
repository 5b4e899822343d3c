import type { FilePlace } from "../actions.ts";
import type { DeltaLog } from "../delta-log.ts";
import type { Snapshot } from "../snapshot.ts";
import { vectorPath } from "../vectors/deletion-vectors.ts";
import type { TableRoot } from "../log/file-path.ts";
import { LiveFiles } from "../log/live-files.ts";

/** Paths of the files that a version refers to, its tombstones younger than `sinceMs` included: data and deletion vectors. */
export function neededFiles(snapshot: Snapshot, root: TableRoot, sinceMs: number): Set<string> {
  const needed = new Set<string>();
  const { files } = snapshot;
  for (const file of files instanceof LiveFiles ? files.places() : files.values()) addPaths(needed, file, root);
  for (const remove of snapshot.tombstones) {
    if ((remove.deletionTimestamp ?? 0) > sinceMs) addPaths(needed, remove, root);
  }
  return needed;
}

/**
 * Adds the files that the commits `from..to` have added or removed: for whom reads these versions as changes (`changes`, to which
 * rows that only moved are none) or as they were (`all`).
 */
export async function addNeededBetween(
  needed: Set<string>,
  { log, store }: { readonly log: DeltaLog; readonly store: TableRoot },
  { from, to, files }: { readonly from: number; readonly to: number; readonly files: "changes" | "all" },
): Promise<void> {
  for await (const { adds, removes, changeFiles } of log.changes(from, to)) {
    for (const { path } of changeFiles) needed.add(path);
    for (const file of [...adds, ...removes]) if (files === "all" || file.dataChange) addPaths(needed, file, store);
  }
}

function addPaths(needed: Set<string>, file: FilePlace, root: TableRoot): void {
  needed.add(file.path);
  if (file.deletionVector === undefined) return;
  const path = vectorPath(file.deletionVector, root);
  if (path !== undefined) needed.add(path);
}
