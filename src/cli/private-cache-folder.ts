import { lstat, mkdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/**
 * A folder that only this user can read or write, for what may be lost at any time; made if missing. Below the user's cache
 * folder, else below the machine's temporary one. Undefined where neither can be had: then nothing is kept.
 */
export async function privateCacheFolder(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  for (const parent of candidates(env)) {
    const folder = join(parent, name);
    if (await isPrivate(parent, folder)) return folder;
  }
  return undefined;
}

function candidates(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local, HOME: home } = env;
  const own = process.platform === "win32" ? local : (xdg ?? (home === undefined ? undefined : homeCache(home)));
  const shared = join(tmpdir(), `sluice-${userInfo().uid}`);
  return [...(own === undefined || own === "" ? [] : [join(own, "sluice")]), shared];
}

function homeCache(home: string): string {
  return process.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
}

/** Both folders are real ones, ours, and closed to others: code that somebody else could put there would be run. */
async function isPrivate(parent: string, folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return (await isOurs(parent)) && (await isOurs(folder));
  } catch {
    return false; // a read-only or full home: the next candidate, or no cache at all
  }
}

async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder);
  if (process.platform === "win32") return found.isDirectory();
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
