import { isFailure } from "../../base/index.ts";
import type { ObjectInfo } from "../../storage/index.ts";
import { assertWritable } from "../features/support.ts";
import { SIDECAR_FOLDER } from "../log/file-names.ts";
import { listLog, replayCheckpoint } from "../log/load-snapshot.ts";
import type { LogAccess } from "../log/log-access.ts";
import { commitFiles, completeCheckpoints, listedFiles } from "../log/plan-replay.ts";
import { sidecarsOf } from "../log/read-checkpoint.ts";
import { Replay } from "../log/replay.ts";
import { logRetentionMs } from "../log/table-properties.ts";
import type { Snapshot } from "../snapshot.ts";
import { midnightBefore, planLogCleanUp, type LogCleanUpPlan } from "./plan-log-cleanup.ts";

export interface LogCleanUpOptions {
  /** Versions younger than this stay: `delta.logRetentionDuration`, else 30 days. */
  readonly retentionMs?: number;
  /** Somebody has yet to read the versions after this one, one by one. */
  readonly keepAfterVersion?: number;
  /** Only say what would be removed. */
  readonly dryRun?: boolean;
}

export interface LogCleanUpReport {
  readonly isDryRun: boolean;
  /** The oldest version that can be read from now on. */
  readonly oldestVersion: number;
  readonly removed: readonly ObjectInfo[];
  readonly removedBytes: number;
}

/** Files at once: a log that somebody reads meanwhile loses its oldest versions first. */
const REMOVED_AT_ONCE = 100;
/** A checkpoint that is being written has its sidecars before it names them. */
const SIDECAR_AGE_MS = 24 * 3_600_000;

/**
 * Removes old versions from a log; a checkpoint that what stays rests on is read first. No checkpoint is made, and none goes from that one
 * on: so it may be done in several steps where `checkpointProtection` otherwise asks for a single one (Delta PROTOCOL, its exception a).
 */
export async function cleanLog(
  access: LogAccess,
  snapshot: Snapshot,
  options: LogCleanUpOptions = {},
): Promise<LogCleanUpReport> {
  assertWritable(snapshot.protocol, snapshot.metadata, access.store.url);
  const retentionMs = options.retentionMs ?? logRetentionMs(snapshot.metadata.configuration);
  const nowMs = Math.max(access.world.nowMs(), snapshot.timestampMs);
  const listed = await listLog(access, 0);
  const plan = await soundPlan(access, listed, { ...options, cutoffMs: midnightBefore(nowMs - retentionMs) });
  const sidecars = await unusedSidecars(access, listed, { plan, youngerMs: nowMs - SIDECAR_AGE_MS });
  const removed = [...(plan?.remove ?? []), ...sidecars];
  if (options.dryRun !== true) {
    for (let start = 0; start < removed.length; start += REMOVED_AT_ONCE) {
      await access.store.remove(removed.slice(start, start + REMOVED_AT_ONCE).map(({ path }) => path));
    }
  }
  return {
    isDryRun: options.dryRun === true,
    oldestVersion: plan?.checkpoint.version ?? commitFiles(listedFiles(listed))[0]?.version ?? snapshot.version,
    removed,
    removedBytes: removed.reduce((sum, info) => sum + info.sizeBytes, 0),
  };
}

/** The plan whose checkpoint can be read to its end: without what is before it, nothing else would do. */
async function soundPlan(
  access: LogAccess,
  listed: readonly ObjectInfo[],
  limits: Parameters<typeof planLogCleanUp>[1],
): Promise<LogCleanUpPlan | undefined> {
  const unusable = new Set<string>();
  for (;;) {
    const plan = planLogCleanUp(listed, { ...limits, unusable });
    if (plan === undefined) return undefined;
    const failure = await replayCheckpoint(access, plan, new Replay(access.world.nowMs()));
    if (failure === undefined) return plan;
    access.onWarning(failure);
    unusable.add(plan.checkpoint.paths[0] ?? "");
  }
}

/** Sidecars that no checkpoint that stays refers to, and that are old enough to have been referred to. */
async function unusedSidecars(
  access: LogAccess,
  listed: readonly ObjectInfo[],
  { plan, youngerMs }: { plan: LogCleanUpPlan | undefined; youngerMs: number },
): Promise<readonly ObjectInfo[]> {
  const old: ObjectInfo[] = [];
  for await (const info of access.store.list(`${SIDECAR_FOLDER}/`)) if (info.modifiedMs < youngerMs) old.push(info);
  if (old.length === 0) return [];
  const gone = new Set(plan?.remove.map(({ path }) => path));
  const used = new Set<string>();
  for (const checkpoint of completeCheckpoints(listedFiles(listed))) {
    if (checkpoint.paths.some((path) => gone.has(path))) continue;
    try {
      for (const path of checkpoint.paths) for await (const sidecar of sidecarsOf(access, path)) used.add(sidecar);
    } catch (error) {
      if (!isFailure(error, "table.corrupt")) throw error;
      // Which ones it refers to is not known: all stay.
      access.onWarning(error);
      return [];
    }
  }
  return old.filter(({ path }) => !used.has(path));
}
