import { readCheckpointHint } from "./checkpoint-hint.ts";
import { commitPath, parseLogFile } from "./file-names.ts";
import { listLog } from "./load-snapshot.ts";
import type { LogAccess } from "./log-access.ts";
import { planReplay } from "./plan-replay.ts";

/**
 * The newest version by name alone, for reading its checksum file; undefined when there is no table, or when only replay can tell
 * (a listing that is late or has a gap).
 */
export async function newestVersion(
  access: LogAccess,
): Promise<{ readonly version: number; readonly hasChecksum: boolean } | undefined> {
  const hint = await readCheckpointHint(access.store);
  let listed = await listLog(access, hint ?? 0);
  let plan = planReplay(listed);
  if (hint !== undefined && (plan.kind !== "replay" || plan.checkpoint === undefined)) {
    listed = await listLog(access, 0);
    plan = planReplay(listed);
  }
  if (plan.kind === "no-table") return undefined;
  if (plan.kind !== "replay") return { version: -1, hasChecksum: false };
  const { version } = plan;
  const hasChecksum = listed.some((info) => {
    const file = parseLogFile(info.path);
    return file?.kind === "checksum" && file.version === version;
  });
  const isLate = (await access.store.stat(commitPath(version + 1))) !== undefined;
  return { version, hasChecksum: hasChecksum && !isLate };
}

export interface CommittedVersion {
  readonly version: number;
  readonly timestampMs: number;
}

/** Versions whose commit file is there, newest first, with times made monotonic over what was listed. */
export async function committedVersions(access: LogAccess, limit: number): Promise<CommittedVersion[]> {
  const versions: { version: number; modifiedMs: number }[] = [];
  for (const info of await listLog(access, 0)) {
    const file = parseLogFile(info.path);
    if (file?.kind === "commit") versions.push({ version: file.version, modifiedMs: info.modifiedMs });
  }
  let previousMs = -Infinity;
  const timed = versions
    .toSorted((left, right) => left.version - right.version)
    .map(({ version, modifiedMs }) => {
      previousMs = Math.max(modifiedMs, previousMs + 1);
      return { version, timestampMs: previousMs };
    });
  return timed.toReversed().slice(0, limit);
}
