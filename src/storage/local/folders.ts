import { mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { invalidPath } from "../object-path.ts";
import { sync, withDescriptor } from "./descriptor.ts";
import { errnoOf, isMissing } from "./file-failure.ts";

/** The folder with every symbolic link on the way to it resolved, also when its last parts do not exist yet. */
export function realRoot(folder: string): string {
  const wanted = resolve(folder);
  try {
    return realpathSync.native(wanted);
  } catch (error) {
    if (!isMissing(error) || dirname(wanted) === wanted) throw error;
    return join(realRoot(dirname(wanted)), basename(wanted));
  }
}

/**
 * Whether the folder exists; refuses one that is reached through a symbolic link below the (real) root.
 *
 * The rule: below the root no symbolic link is ever followed. One `realpath` a call checks it (two
 * microseconds); the last part of the path is guarded by how it is opened (`O_NOFOLLOW`,
 * `lstat`, `link`, `rename` and `unlink` do not follow). It protects from links that somebody put there, not from one
 * who swaps a folder between the check and the call: Node has no `openat`, and who can do that can write the lake.
 */
export function isRealFolder(folder: string): boolean {
  let real: string;
  try {
    real = realpathSync.native(folder);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  if (real !== folder) throw invalidPath(folder, `it leads through a symbolic link to ${real}`);
  return true;
}

/** Makes the folder and those above it that are missing, durably. */
export async function ensureFolder(folder: string): Promise<void> {
  // Up to the first folder that exists and is no link: `mkdir -p` alone would follow links out of the root.
  const missing: string[] = [];
  for (let at = folder; !isRealFolder(at); at = dirname(at)) missing.push(at);
  for (const made of missing.toReversed()) {
    try {
      mkdirSync(made);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    await syncFolder(dirname(made));
  }
  if (missing.length > 0) isRealFolder(folder);
}

/** Makes the folder's entries durable. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await withDescriptor(folder, "r", sync);
  } catch (error) {
    // Some network file systems know no fsync of folders; there the server keeps the entries.
    if (errnoOf(error) !== "EINVAL" && errnoOf(error) !== "ENOTSUP") throw error;
  }
}
