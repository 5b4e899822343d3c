import { SluiceError, type World } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { AddFile } from "../actions.ts";
import { readAhead } from "../log/read-ahead.ts";
import { tombstoneRetentionMs } from "../log/table-properties.ts";
import type { Snapshot } from "../snapshot.ts";
import { vectorPath } from "../vectors/deletion-vectors.ts";
import { neededFiles } from "./needed-files.ts";
import type { TableRoot } from "../log/file-path.ts";

const LOOKS_AT_ONCE = 16;
/** Between the look at the files and the commit that names them again, a vacuum may begin: longer than that takes. */
const COMMIT_MS_MAX = 10 * 60_000;

interface Place {
  readonly name: string;
  readonly store: ObjectStore;
  readonly world: World;
}

interface Returning {
  readonly adds: readonly AddFile[];
  readonly current: Snapshot;
  readonly target: Snapshot;
  readonly allowExpiredFiles: boolean | undefined;
}

/**
 * Refuses files that cannot be named again: those that are gone, and those whose retention is over, since a vacuum that has made up
 * its mind would remove them after they came back. Within the retention no vacuum touches them (but one that was
 * allowed to).
 */
export async function assertReturnable(
  table: Place,
  { adds, allowExpiredFiles, ...versions }: Returning,
): Promise<void> {
  const { current, target } = versions;
  const paths = pathsOf(adds, table.store);
  await assertThere(`Cannot restore ${table.name}`, table.store, { paths, version: target.version });
  if (allowExpiredFiles === true) return;
  const nowMs = Math.max(table.world.nowMs(), current.timestampMs);
  const retentionMs = tombstoneRetentionMs(current.metadata.configuration);
  const kept = neededFiles(current, table.store, nowMs - retentionMs + COMMIT_MS_MAX);
  const expired = [...paths].filter((path) => !kept.has(path)).length;
  if (expired === 0) return;
  throw new SluiceError(
    "usage.invalid",
    `Cannot restore ${table.name}: the retention of files of that version is over`,
    {
      facts: { version: target.version, expired, of: paths.size, retentionHours: retentionMs / 3_600_000 },
      advice:
        "A vacuum that is at work could remove them after they came back. If there is none, allow expired files (`--allow-expired-files`).",
    },
  );
}

function pathsOf(adds: Iterable<AddFile>, root: TableRoot): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { path, deletionVector } of adds) {
    paths.add(path);
    const vector = deletionVector === undefined ? undefined : vectorPath(deletionVector, root);
    if (vector !== undefined) paths.add(vector);
  }
  return paths;
}

/** Refuses to name the files of an older version that are gone: the newest version has the others, and needs them. */
export async function assertFilesThere(
  what: string,
  store: ObjectStore,
  { snapshot, newest }: { readonly snapshot: Snapshot; readonly newest: Snapshot },
): Promise<void> {
  if (snapshot.version === newest.version) return;
  const kept = neededFiles(newest, store, Infinity);
  const paths = [...pathsOf(snapshot.files.values(), store)].filter((path) => !kept.has(path));
  await assertThere(what, store, { paths: new Set(paths), version: snapshot.version });
}

interface WantedFiles {
  readonly paths: ReadonlySet<string>;
  readonly version: number;
}

/** Only the store knows. */
async function assertThere(what: string, store: ObjectStore, { paths, version }: WantedFiles): Promise<void> {
  let missing = 0;
  const look = async (path: string): Promise<boolean> => (await store.stat(path)) !== undefined;
  for await (const isThere of readAhead([...paths], look, LOOKS_AT_ONCE)) if (!isThere) missing += 1;
  if (missing === 0) return;
  throw new SluiceError("table.version-missing", `${what}: files of that version were removed`, {
    facts: { version, missing, of: paths.size },
    advice: "A clean-up (vacuum) keeps the files of a week; choose a later version.",
  });
}
