import { SluiceError, isFailure } from "../../base/index.ts";
import type { ObjectInfo } from "../../storage/index.ts";
import { readCheckpointHint } from "./checkpoint-hint.ts";
import { agreesWithChecksum } from "./checksum.ts";
import { VERSIONED_PREFIX, beforeVersion, commitPath } from "./file-names.ts";
import type { LogAccess } from "./log-access.ts";
import { planReplay, type ReplayDecision, type ReplayPlan, type ReplayStep } from "./plan-replay.ts";
import { readAhead } from "./read-ahead.ts";
import { readCheckpoint } from "./read-checkpoint.ts";
import { readCommit, readCompaction, type LoggedCommit } from "./read-commit.ts";
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
    return readCommit(version, body, { where: path, root: access.store });
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
    const outcome = await replayPlan(access, decision);
    if (outcome.snapshot !== undefined) return outcome.snapshot;
    firstFailure ??= outcome.failure;
    for (const path of outcome.unusable) unusable.add(path);
  }
}

type PlanOutcome =
  | { readonly snapshot: TableSnapshot }
  /** What must not be part of the next plan; `failure`: of the checkpoint. */
  | { readonly snapshot: undefined; readonly unusable: readonly string[]; readonly failure?: SluiceError };

async function replayPlan(access: LogAccess, plan: ReplayPlan): Promise<PlanOutcome> {
  const replay = new Replay(access.world.nowMs());
  const failure = await replayCheckpoint(access, plan, replay);
  if (failure !== undefined) {
    access.onWarning(failure);
    return { snapshot: undefined, unusable: plan.checkpoint?.paths ?? [], failure };
  }
  const snapshot = await replayCommits(access, plan, replay);
  const unusable = await doubtfulCompactions(access, plan.steps, snapshot);
  return unusable.length === 0 ? { snapshot } : { snapshot: undefined, unusable };
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
  let last: LoggedCommit | undefined;
  for await (const commits of readAhead(plan.steps, async (step) => await readStep(access, step), COMMITS_AT_ONCE)) {
    for (const commit of commits) replay.commit(commit);
    last = commits.at(-1);
  }
  // A compaction does not say when its commits were made.
  if (last?.commitInfo === undefined && replay.hasOwnTimes) last = await readCommitFile(access, plan.version);
  return replay.finish({
    version: plan.version,
    timestampMs: ownTimeMs(last) ?? plan.committedMs ?? plan.checkpoint?.modifiedMs ?? 0,
    table: access.store.url,
    length: {
      checkpointVersion: plan.checkpoint?.version ?? -1,
      checkpointBytes: (plan.checkpoint?.sizeBytes ?? 0) + replay.sidecarBytes,
      commits: plan.commits.length,
      commitBytes: plan.commits.reduce((sum, commit) => sum + commit.sizeBytes, 0),
    },
  });
}

/** The commits of a step, or what they come to. */
async function readStep(access: LogAccess, step: ReplayStep): Promise<readonly LoggedCommit[]> {
  const compacted = step.compaction === undefined ? undefined : await readCompactionFile(access, step, step.compaction);
  if (compacted !== undefined) return [compacted];
  const versions = Array.from({ length: step.to - step.from + 1 }, (_, index) => step.from + index);
  const commits: LoggedCommit[] = [];
  for await (const commit of readAhead(versions, (version) => readCommitFile(access, version), COMMITS_AT_ONCE)) {
    if (commit === undefined) throw gap(access, step.from + commits.length);
    commits.push(commit);
  }
  return commits;
}

/** Compactions that led to something else than the version's checksum file says, or that nothing speaks for. */
async function doubtfulCompactions(
  access: LogAccess,
  steps: readonly ReplayStep[],
  snapshot: TableSnapshot,
): Promise<readonly string[]> {
  const used = steps.flatMap(({ from, compaction }) => (compaction === undefined ? [] : [{ from, path: compaction }]));
  if (used.length === 0) return [];
  const isConfirmed = await agreesWithChecksum(access, snapshot);
  if (isConfirmed === true) return [];
  if (isConfirmed === undefined) return used.filter(({ from }) => from > 0).map(({ path }) => path);
  const paths = used.map(({ path }) => path);
  const why = "the checksum file of the version says otherwise";
  access.onWarning(new SluiceError("table.corrupt", `Cannot use ${paths.join(", ")}: ${why}`));
  return paths;
}

/** undefined where it cannot be used: its commits say the same. One that is gone was cleaned up after it was listed. */
async function readCompactionFile(
  access: LogAccess,
  step: ReplayStep,
  path: string,
): Promise<LoggedCommit | undefined> {
  try {
    return readCompaction(step, await access.store.read(path), { where: path, root: access.store });
  } catch (error) {
    if (isFailure(error, "storage.missing")) return undefined;
    if (!isFailure(error, "table.corrupt")) throw error;
    access.onWarning(error);
    return undefined;
  }
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
