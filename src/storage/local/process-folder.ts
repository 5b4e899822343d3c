import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

const KINDS = ["engine", "stage"] as const;

/** Processes of other machines may share the folder. */
const HOST = hostname().replaceAll(/[^\w.]/g, "_");

/** How the name of a folder begins that is this process's own, and goes with it: `sweepProcessFolders` knows it again. */
export function processFolderPrefix(kind: (typeof KINDS)[number]): string {
  return `${kind}-${HOST}-${process.pid}-`;
}

/** Removes what processes of this machine left behind below a folder that were killed. */
export async function sweepProcessFolders(parent: string): Promise<void> {
  const names = await readdir(parent).catch((): string[] => []);
  for (const name of names) {
    const pid = pidOf(name);
    if (pid !== undefined && !isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function pidOf(name: string): number | undefined {
  const prefix = KINDS.map((kind) => `${kind}-${HOST}-`).find((one) => name.startsWith(one));
  const pid = prefix === undefined ? undefined : /^(\d+)-/.exec(name.slice(prefix.length))?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, and is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
