import type { ObjectInfo } from "../../storage/index.ts";
import { commitFiles, completeCheckpoints, listedFiles, type CheckpointFilesOf } from "../log/plan-replay.ts";

export interface LogCleanUpPlan {
  /** What the log starts from afterwards: this checkpoint, and the commit of its version, stay. */
  readonly checkpoint: CheckpointFilesOf;
  /** In the order in which they may go: commits from the oldest on, then what starts from none of them any more. */
  readonly remove: readonly ObjectInfo[];
}

export interface LogCleanUpLimits {
  /** Versions committed after this moment stay. */
  readonly cutoffMs: number;
  /** Somebody has yet to read the versions after this one, one by one. */
  readonly keepAfterVersion?: number;
  /** Checkpoints that cannot be read, by the first of their paths. */
  readonly unusable?: ReadonlySet<string>;
}

const DAY_MS = 24 * 3_600_000;

/**
 * What a log can do without (Delta PROTOCOL, "Metadata Cleanup"): everything before the newest checkpoint that is at or below the
 * newest version committed by the cut-off. undefined: nothing, since there is no such checkpoint or nothing before it.
 */
export function planLogCleanUp(listed: readonly ObjectInfo[], limits: LogCleanUpLimits): LogCleanUpPlan | undefined {
  const files = listedFiles(listed);
  const last = commitFiles(files).findLast((commit) => commit.timestampMs <= limits.cutoffMs);
  const upTo = Math.min(last?.version ?? -1, (limits.keepAfterVersion ?? Infinity) + 1);
  const checkpoint = completeCheckpoints(files)
    .filter((one) => one.version <= upTo && limits.unusable?.has(one.paths[0] ?? "") !== true)
    .toSorted((left, right) => right.version - left.version)[0];
  if (checkpoint === undefined) return undefined;
  const compactions = files.filter(({ file }) => file.kind === "compaction" && file.version <= checkpoint.version);
  const old = files.filter(({ file }) => file.kind !== "compaction" && file.version < checkpoint.version);
  const remove = [
    ...old.filter(({ file }) => file.kind === "commit"),
    ...old.filter(({ file }) => file.kind === "checksum"),
  ].map(({ info }) => info);
  const starts = old.filter(({ file }) => file.kind !== "commit" && file.kind !== "checksum").map(({ info }) => info);
  const all = [...remove, ...compactions.map(({ info }) => info), ...starts];
  return all.length === 0 ? undefined : { checkpoint, remove: all };
}

/** The last midnight (UTC) before a moment: so a clean-up a day is enough, however often it is asked for. */
export function midnightBefore(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}
