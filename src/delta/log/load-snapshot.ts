import { SluiceError, isFailure } from "../../base/index.ts";
import type { ObjectInfo } from "../../storage/index.ts";
import { readCheckpointHint } from "./checkpoint-hint.ts";
import { VERSIONED_PREFIX, beforeVersion, commitPath } from "./file-names.ts";
import type { LogAccess } from "./log-access.ts";
import { planReplay, type ReplayDecision, type ReplayPlan } from "./plan-replay.ts";
import { readAhead } from "./read-ahead.ts";
import { readCheckpoint } from "./read-checkpoint.ts";
import { readCommit, type LoggedCommit } from "./read-commit.ts";
import { Replay } from "./replay.ts";
import type { TableSnapshot } from "./table-snapshot.ts";

/** Commits read at once: hides the latency of an object store, bounds memory. */
export const COMMITS_AT_ONCE = 16;

/**
 * Builds a snapshot from the log: the newest version listed, or `upTo`. The hint only shortens the listing; a hint that leads
 * nowhere and a checkpoint that cannot be read fall back to what the whole listing offers. undefined: there is no table.
 */
export async function loadSnapshot(access: LogAccess, upTo?: number): Promise<TableSnapshot | undefined> {
  try {
    return await loadOnce(access, upTo);
  } catch (error) {
    // A clean-up of the log may have removed what was just listed: look once more.
    if (!isFailure(error, "table.corrupt") || error.facts["version"] === undefined) throw error;
    return await loadOnce(access, upTo);
  }
}

async function loadOnce(access: LogAccess, upTo: number | undefined): Promise<TableSnapshot | undefined> {
  const hint = await readCheckpointHint(access.store);
  if (hint !== undefined && hint <= (upTo ?? Infinity)) {
    const snapshot = await replayFrom(access, await listLog(access, hint), { upTo, isWhole: false });
    if (snapshot !== undefined) return snapshot;
  }
  return await replayFrom(access, await listLog(access, 0), { upTo, isWhole: true });
}

/** Files of the log that belong to versions from `version` on. */
export async function listLog(access: LogAccess, version: number): Promise<ObjectInfo[]> {
  const listed: ObjectInfo[] = [];
  const after = version === 0 ? undefined : beforeVersion(version);
  for await (const info of access.store.list(VERSIONED_PREFIX, after)) listed.push(info);
  return listed;
}

/** Reads one commit; undefined when there is no such version (any more). */
export async function readCommitFile(access: LogAccess, version: number): Promise<LoggedCommit | undefined> {
  const path = commitPath(version);
  try {
    const body = await access.store.read(path);
    return readCommit(version, body, { where: path, rootUrl: access.store.url });
  } catch (error) {
    if (isFailure(error, "storage.missing")) return undefined;
    throw error;
  }
}

/** Tries what the listing offers, best first. A listing that is not the whole log gives up instead of failing. */
async function replayFrom(
  access: LogAccess,
  listing: readonly ObjectInfo[],
  wanted: { upTo: number | undefined; isWhole: boolean },
): Promise<TableSnapshot | undefined> {
  const listed = [...listing];
  const unusable = new Set<string>();
  let firstFailure: SluiceError | undefined;
  for (;;) {
    const decision = planReplay(listed, { upTo: wanted.upTo, unusable });
    // A listing may be late where a look is not.
    const late = decision.kind === "gap" ? await access.store.stat(commitPath(decision.missing)) : undefined;
    if (late !== undefined) {
      listed.push(late);
      continue;
    }
    if (!wanted.isWhole && (decision.kind !== "replay" || decision.checkpoint === undefined)) return undefined;
    if (decision.kind !== "replay") return noStart(access, decision, firstFailure, wanted.upTo);
    const replay = new Replay(access.world.nowMs());
    const failure = await replayCheckpoint(access, decision, replay);
    if (failure === undefined) return await replayCommits(access, decision, replay);
    firstFailure ??= failure;
    access.onWarning(failure);
    for (const path of decision.checkpoint?.paths ?? []) unusable.add(path);
  }
}

/** Returns the failure of a checkpoint that is not readable or not whole. */
export async function replayCheckpoint(
  access: LogAccess,
  plan: Pick<ReplayPlan, "checkpoint">,
  replay: Replay,
): Promise<SluiceError | undefined> {
  const { checkpoint } = plan;
  if (checkpoint === undefined) return undefined;
  try {
    replay.checkpoint(await readCheckpoint(access, checkpoint));
  } catch (error) {
    if (isFailure(error, "table.corrupt")) return error;
    throw error;
  }
  if (replay.isComplete) return undefined;
  const path = checkpoint.paths.join(", ");
  return new SluiceError("table.corrupt", `Cannot read ${path}: the checkpoint has no protocol or no metaData action`);
}

async function replayCommits(access: LogAccess, plan: ReplayPlan, replay: Replay): Promise<TableSnapshot> {
  const read = (version: number): Promise<LoggedCommit | undefined> => readCommitFile(access, version);
  const versions = plan.commits.map((commit) => commit.version);
  let commitBytes = 0;
  let expected = versions[0] ?? 0;
  let last: LoggedCommit | undefined;
  for await (const commit of readAhead(versions, read, COMMITS_AT_ONCE)) {
    if (commit === undefined) throw gap(access, expected);
    replay.commit(commit);
    commitBytes += commit.sizeBytes;
    expected += 1;
    last = commit;
  }
  if (last === undefined && replay.hasOwnTimes) last = await readCommitFile(access, plan.version);
  return replay.finish({
    version: plan.version,
    timestampMs: ownTimeMs(last) ?? plan.committedMs ?? plan.checkpoint?.modifiedMs ?? 0,
    table: access.store.url,
    length: {
      checkpointVersion: plan.checkpoint?.version ?? -1,
      checkpointBytes: plan.checkpoint?.sizeBytes ?? 0,
      commits: versions.length,
      commitBytes,
    },
  });
}

function noStart(
  access: LogAccess,
  decision: Exclude<ReplayDecision, ReplayPlan>,
  firstFailure: SluiceError | undefined,
  upTo: number | undefined,
): undefined {
  if (firstFailure !== undefined) throw firstFailure;
  if (decision.kind === "no-table") return undefined;
  if (decision.kind === "gap") throw gap(access, decision.missing);
  // Asked for an old version, this is what a cleaned-up log looks like; asked for the newest, the log is damaged.
  if (upTo !== undefined) throw cleanedUp(access, upTo);
  throw gap(access, 0);
}

/** A commit's own word for its time, where the table keeps such (Delta PROTOCOL, "In-Commit Timestamps"). */
export function ownTimeMs(commit: LoggedCommit | undefined): number | undefined {
  const own = commit?.commitInfo?.["inCommitTimestamp"];
  return typeof own === "number" ? own : undefined;
}

export function cleanedUp(access: LogAccess, version: number): SluiceError {
  return new SluiceError(
    "table.version-missing",
    `Cannot read version ${version} of ${access.store.url}: its log was cleaned up`,
    {
      facts: { version },
    },
  );
}

export function gap(access: LogAccess, version: number): SluiceError {
  return new SluiceError("table.corrupt", `Cannot read table ${access.store.url}: ${commitPath(version)} is missing`, {
    facts: { version },
  });
}
