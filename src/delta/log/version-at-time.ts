import { SluiceError } from "../../base/index.ts";
import { commitPath } from "./file-names.ts";
import { cleanedUp, ownTimeMs, readCommitFile } from "./load-snapshot.ts";
import type { LogAccess } from "./log-access.ts";
import { committedVersions, type CommittedVersion } from "./newest-version.ts";
import { tellsOwnTime } from "./table-properties.ts";
import type { TableSnapshot } from "./table-snapshot.ts";

/**
 * The newest version committed at or before a moment: by the commits' own times where the table keeps them (in-commit timestamps,
 * from the version on that enabled them), else by the times of the commit files, made monotonic.
 */
export async function versionAtTime(access: LogAccess, newest: TableSnapshot, timestampMs: number): Promise<number> {
  const oldestFirst = (await committedVersions(access, Infinity)).toReversed();
  const own = ownTimes(newest);
  const byOwn = own === undefined ? [] : oldestFirst.filter((entry) => entry.version >= own.fromVersion);
  if (own !== undefined && timestampMs >= own.fromMs) {
    const version = await newestByOwnTime(access, byOwn, timestampMs);
    if (version !== undefined) return version;
  }
  const byFile = own === undefined ? oldestFirst : oldestFirst.filter((entry) => entry.version < own.fromVersion);
  const found = byFile.findLast((entry) => entry.timestampMs <= timestampMs);
  if (found !== undefined) return found.version;
  throw new SluiceError(
    "table.version-missing",
    `Cannot read ${access.store.url} at ${new Date(timestampMs).toISOString()}: its oldest version is younger`,
    { facts: { oldest: byFile[0] === undefined ? undefined : new Date(byFile[0].timestampMs).toISOString() } },
  );
}

/** From where on commits tell their own time. */
function ownTimes(newest: TableSnapshot): { fromVersion: number; fromMs: number } | undefined {
  const { configuration } = newest.metadata;
  if (!tellsOwnTime(configuration)) return undefined;
  return {
    fromVersion: Number(configuration["delta.inCommitTimestampEnablementVersion"] ?? 0),
    fromMs: Number(configuration["delta.inCommitTimestampEnablementTimestamp"] ?? 0),
  };
}

/** In-commit timestamps grow with the version, so a few reads find the place. */
async function newestByOwnTime(
  access: LogAccess,
  entries: readonly CommittedVersion[],
  timestampMs: number,
): Promise<number | undefined> {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const version = entries[middle]?.version ?? -1;
    const commit = await readCommitFile(access, version);
    if (commit === undefined) throw cleanedUp(access, version);
    const ownMs = ownTimeMs(commit);
    if (ownMs === undefined) throw timeless(access, version);
    if (ownMs <= timestampMs) low = middle + 1;
    else high = middle;
  }
  return entries[low - 1]?.version;
}

function timeless(access: LogAccess, version: number): SluiceError {
  return new SluiceError(
    "table.corrupt",
    `Cannot tell when ${commitPath(version)} of ${access.store.url} was made: it has no inCommitTimestamp, which its table demands`,
  );
}
