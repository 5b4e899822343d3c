import type { ObjectInfo } from "../../storage/index.ts";
import { parseLogFile, type LogFile } from "./file-names.ts";

/** The files that a snapshot is built from. */
export interface ReplayPlan {
  readonly kind: "replay";
  readonly version: number;
  readonly checkpoint: CheckpointFilesOf | undefined;
  /** Commits after the checkpoint, without a gap, up to `version`. */
  readonly commits: readonly CommitFile[];
  /** The same commits in order, each by itself or a stretch of them at once. */
  readonly steps: readonly ReplayStep[];
  /** When `version` was committed; undefined when its commit file is gone. */
  readonly committedMs: number | undefined;
}

export interface CheckpointFilesOf {
  readonly version: number;
  readonly kind: "classic-checkpoint" | "multi-part-checkpoint" | "uuid-checkpoint";
  readonly paths: readonly string[];
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface CommitFile {
  readonly version: number;
  readonly path: string;
  readonly sizeBytes: number;
  /** Made monotonic over the files listed (Delta PROTOCOL leaves the time of a commit to the file's). */
  readonly timestampMs: number;
}

/** The commits `from..to` (both included), and the log compaction that tells what they come to, where there is one. */
export interface ReplayStep {
  readonly from: number;
  readonly to: number;
  readonly compaction?: string;
}

export type ReplayDecision =
  | ReplayPlan
  | { readonly kind: "no-table" }
  /** A commit that replay needs was not listed; `after` ones were. */
  | { readonly kind: "gap"; readonly missing: number }
  /** Nothing to start from: neither version 0 nor a complete checkpoint at or below the wanted version. */
  | { readonly kind: "no-start"; readonly oldest: number };

/**
 * Decides what to replay from a listing of the log: the newest complete checkpoint not above `upTo` that is not in `unusable`,
 * and the commits after it.
 */
export function planReplay(
  listed: readonly ObjectInfo[],
  wanted: { readonly upTo?: number | undefined; readonly unusable?: ReadonlySet<string> } = {},
): ReplayDecision {
  const files = listedFiles(listed).filter(({ file }) => file.version <= (wanted.upTo ?? Infinity));
  const isUsed = ({ info }: Listed): boolean => wanted.unusable?.has(info.path) !== true;
  const commits = commitFiles(files);
  const checkpoint = completeCheckpoints(files)
    .filter((candidate) => !candidate.paths.some((path) => wanted.unusable?.has(path)))
    .reduce<CheckpointFilesOf | undefined>(
      (best, next) => ((best?.version ?? -1) < next.version ? next : best),
      undefined,
    );
  const first = commits[0];
  if (checkpoint === undefined && first === undefined) return { kind: "no-table" };
  const start = (checkpoint?.version ?? -1) + 1;
  const needed = commits.filter((commit) => commit.version >= start);
  for (const [index, commit] of needed.entries()) {
    if (commit.version === start + index) continue;
    const isStart = index === 0 && checkpoint === undefined;
    return isStart ? { kind: "no-start", oldest: commit.version } : { kind: "gap", missing: start + index };
  }
  const last = commits.at(-1);
  const version = needed.at(-1)?.version ?? start - 1;
  return {
    kind: "replay",
    version,
    checkpoint,
    commits: needed,
    steps: stepsOf(files.filter(isUsed), { from: start, to: version }),
    committedMs: last?.version === version ? last.timestampMs : undefined,
  };
}

/**
 * The fewest files from the left on (Delta PROTOCOL, "Log Compaction Files"): where a compaction begins, the one that goes furthest
 * stands for its commits. One that begins before the checkpoint or ends after the wanted version is of no use.
 *
 * Some writers leave out of a compaction the removes that have expired and the domains that went: what is before it would come back. Only
 * one from version 0 on has nothing before it; any other is used where the version has a checksum file to compare with.
 */
function stepsOf(files: readonly Listed[], { from, to }: { from: number; to: number }): ReplayStep[] {
  const canConfirm = files.some(({ file }) => file.kind === "checksum" && file.version === to);
  const furthest = new Map<number, ReplayStep>();
  for (const { info, file } of files) {
    if (file.kind !== "compaction" || file.endVersion <= file.version || file.endVersion > to) continue;
    if (file.version > 0 && !canConfirm) continue;
    if (file.endVersion <= (furthest.get(file.version)?.to ?? -1)) continue;
    furthest.set(file.version, { from: file.version, to: file.endVersion, compaction: info.path });
  }
  const steps: ReplayStep[] = [];
  for (let version = from; version <= to;) {
    const step = furthest.get(version) ?? { from: version, to: version };
    steps.push(step);
    version = step.to + 1;
  }
  return steps;
}

/** What takes part in replay, out of a listing. */
export function listedFiles(listed: readonly ObjectInfo[]): readonly Listed[] {
  return listed.flatMap((info) => {
    const file = parseLogFile(info.path);
    return file === undefined ? [] : [{ info, file }];
  });
}

export interface Listed {
  readonly info: ObjectInfo;
  readonly file: LogFile;
}

/** The commit files of a listing in order of versions, their times made monotonic. */
export function commitFiles(files: readonly Listed[]): CommitFile[] {
  const commits = files
    .filter(({ file }) => file.kind === "commit")
    .toSorted((left, right) => left.file.version - right.file.version);
  let previousMs = -Infinity;
  return commits.map(({ info, file }) => {
    previousMs = Math.max(info.modifiedMs, previousMs + 1);
    return { version: file.version, path: info.path, sizeBytes: info.sizeBytes, timestampMs: previousMs };
  });
}

/** Checkpoints of every form of which no part is missing. */
export function completeCheckpoints(files: readonly Listed[]): CheckpointFilesOf[] {
  const checkpoints: CheckpointFilesOf[] = [];
  const parts = new Map<string, Listed[]>();
  for (const listed of files) {
    const { file, info } = listed;
    if (file.kind === "classic-checkpoint" || file.kind === "uuid-checkpoint") {
      checkpoints.push(checkpointOf(file.kind, file.version, [info]));
    } else if (file.kind === "multi-part-checkpoint") {
      const key = `${file.version}/${file.parts}`;
      parts.set(key, [...(parts.get(key) ?? []), listed]);
    }
  }
  for (const group of parts.values()) {
    const file = group[0]?.file;
    if (file?.kind !== "multi-part-checkpoint" || group.length !== file.parts) continue;
    const infos = group.map(({ info }) => info);
    checkpoints.push(checkpointOf("multi-part-checkpoint", file.version, infos));
  }
  return checkpoints;
}

function checkpointOf(
  kind: CheckpointFilesOf["kind"],
  version: number,
  infos: readonly ObjectInfo[],
): CheckpointFilesOf {
  return {
    kind,
    version,
    paths: infos.map((info) => info.path),
    sizeBytes: infos.reduce((sum, info) => sum + info.sizeBytes, 0),
    modifiedMs: Math.max(...infos.map((info) => info.modifiedMs)),
  };
}
