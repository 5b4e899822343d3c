import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { compareUtf8 } from "../utf8-order.ts";
import { isMissing } from "./file-failure.ts";

/** What a walk looks for: full paths that start with `prefix` and come after `after`. */
export interface Walk {
  readonly prefix: string;
  readonly after?: string | undefined;
  /** Absolute folder of a path that is empty or ends with `/`. */
  readonly locate: (head: string) => string;
}

/**
 * Paths of the plain files below `head` (empty, or ending with `/`) in order of the UTF-8 bytes of the full path.
 * Symbolic links, sockets and the like are no objects. A folder that lies wholly before `after` or outside the prefix
 * is not read. One folder's names are held at a time, a level.
 */
export async function* walkFiles(head: string, walk: Walk): AsyncGenerator<string> {
  for (const { entry, key } of await sortedEntries(walk.locate(head))) {
    const path = head + key;
    if (!entry.isDirectory()) {
      if (entry.isFile() && path.startsWith(walk.prefix) && isAfter(path, walk.after)) yield path;
    } else if (mayHold(path, walk)) {
      yield* walkFiles(path, walk);
    }
  }
}

function mayHold(folder: string, { prefix, after }: Walk): boolean {
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false;
  return after === undefined || after.startsWith(folder) || compareUtf8(folder, after) > 0;
}

function isAfter(path: string, after: string | undefined): boolean {
  return after === undefined || compareUtf8(path, after) > 0;
}

/**
 * A folder sorts as its name with the `/` that follows it in every path below it: only so does the order of one
 * folder's entries give the order of full paths (`a.txt` < `a/b`, because `.` < `/`).
 */
async function sortedEntries(folder: string): Promise<{ entry: Dirent; key: string }[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return entries
    .map((entry) => ({ entry, key: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .toSorted((one, other) => compareUtf8(one.key, other.key));
}
