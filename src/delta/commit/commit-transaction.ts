import { SluiceError, jitteredDelayMs, messageOf, must, type RetryPolicy } from "../../base/index.ts";
import { SimulatedCrash } from "../../storage/index.ts";
import { advance, commitTimeMs, isTail, newCommits } from "../log/advance.ts";
import { checksumBody } from "../log/checksum.ts";
import { checksumPath, commitPath } from "../log/file-names.ts";
import { loadSnapshot } from "../log/load-snapshot.ts";
import type { LogAccess } from "../log/log-access.ts";
import { readCommit, type LoggedCommit } from "../log/read-commit.ts";
import { Replay } from "../log/replay.ts";
import type { TableSnapshot } from "../log/table-snapshot.ts";
import { isCheckpointDue, writeCheckpoint } from "../log/write-checkpoint.ts";
import type { CommitOutcome, CommitRequest } from "../transaction.ts";
import { checkConflict } from "./check-conflict.ts";
import { checkRequest } from "./check-request.ts";
import { commitBody } from "./commit-body.ts";
import { judgeClaims } from "./judge-claims.ts";
import { placeRequest } from "./place-request.ts";
import { publish } from "./publish.ts";

/** A lost race means that somebody else got on, so this many in a row is a table that is written all the time. */
const RACES: RetryPolicy = { attemptsMax: 100, baseDelayMs: 5, maxDelayMs: 500 };

/** The outcome, and the newest snapshot that came to be known on the way. */
export interface Committed {
  readonly outcome: CommitOutcome;
  readonly newest: TableSnapshot | undefined;
}

/**
 * Publishes one version on top of `base`: check, claim, put-if-absent; when the version is taken, ask every winner for a conflict,
 * and try again after them. What follows a published commit (checksum, checkpoint, hint) never fails it.
 */
export async function commitTransaction(
  access: LogAccess,
  request: CommitRequest,
  base: TableSnapshot | undefined,
): Promise<Committed> {
  // A clock may tell fractions of a millisecond; the log has whole ones.
  const nowMs = Math.floor(access.world.nowMs());
  const stamp = { txnId: access.world.uuid(), nowMs, uris: base?.state.uris ?? new Map() };
  let current = base;
  if (base !== undefined && judge(request, base).kind === "superseded") {
    // The caller expects more than its own snapshot knows: perhaps that one is old.
    const refreshed = await rebase(access, request, base);
    if (refreshed.outcome !== undefined) return { outcome: refreshed.outcome, newest: refreshed.current };
    current = refreshed.current;
  }
  for (let tried = 1; tried <= RACES.attemptsMax; tried += 1) {
    const settled = settleClaims(access, request, current);
    if (settled !== undefined) return settled;
    checkRequest(request, current, access.store);
    const version = (current?.version ?? -1) + 1;
    const placed = placeRequest(request, current, { version, nowMs: access.world.nowMs() });
    const body = commitBody(placed, stamp);
    const commit = readCommit(version, body, { where: commitPath(version), root: access.store });
    if (current !== undefined && !(await isTail(access, current))) throw overtaken(access, current.version);
    if ((await publish(access, version, body)) === "published") {
      const snapshot = await afterCommit(access, await appended(access, current, commit), stamp.txnId);
      return { outcome: { kind: "committed", version, snapshot }, newest: snapshot };
    }
    const lost = await rebase(access, request, current);
    if (lost.outcome !== undefined) return { outcome: lost.outcome, newest: lost.current };
    current = lost.current;
    await access.world.sleep(jitteredDelayMs(access.world, RACES, tried));
  }
  throw new SluiceError(
    "table.conflict",
    `Cannot commit to ${access.store.url}: other writers were faster every time`,
    {
      facts: { attempts: RACES.attemptsMax },
    },
  );
}

function judge(request: CommitRequest, current: TableSnapshot | undefined): ReturnType<typeof judgeClaims> {
  return judgeClaims(request.txns ?? [], current?.txns);
}

function settleClaims(
  access: LogAccess,
  request: CommitRequest,
  current: TableSnapshot | undefined,
): Committed | undefined {
  const verdict = judge(request, current);
  switch (verdict.kind) {
    case "open":
      return undefined;
    case "already-applied": {
      const snapshot = must(current, "claims are applied in a table that exists");
      return { outcome: { kind: "already-applied", version: snapshot.version, snapshot }, newest: snapshot };
    }
    case "superseded": {
      const { claim, found } = verdict;
      throw new SluiceError(
        "table.superseded",
        `Cannot commit to ${access.store.url}: transaction ${claim.appId} is not where this writer left it`,
        { facts: { appId: claim.appId, expected: claim.expected, found, claimed: claim.version } },
      );
    }
  }
}

/** Asks every commit that came in between; without an outcome the request may follow them. */
async function rebase(
  access: LogAccess,
  request: CommitRequest,
  current: TableSnapshot | undefined,
): Promise<{ outcome: CommitOutcome | undefined; current: TableSnapshot | undefined }> {
  if (current === undefined) {
    const snapshot = must(await loadSnapshot(access), "a table whose version 0 is taken exists");
    return { outcome: { kind: "conflict", reason: "table-created", winner: 0, snapshot }, current: snapshot };
  }
  const winners = await newCommits(access, current);
  const newest = winners.at(-1);
  const snapshot = advance(access, current, winners, newest === undefined ? 0 : await commitTimeMs(access, newest));
  if (judge(request, snapshot).kind !== "open") return { outcome: undefined, current: snapshot };
  for (const winner of winners) {
    const reason = checkConflict(request, winner);
    if (reason === undefined) continue;
    return { outcome: { kind: "conflict", reason, winner: winner.version, snapshot }, current: snapshot };
  }
  return { outcome: undefined, current: snapshot };
}

/** The new snapshot, without reading anything back. Its time is only for display: failing to learn it fails nothing. */
async function appended(
  access: LogAccess,
  current: TableSnapshot | undefined,
  commit: LoggedCommit,
): Promise<TableSnapshot> {
  let timestampMs: number;
  try {
    timestampMs = await commitTimeMs(access, commit);
  } catch (error) {
    warn(access, commitPath(commit.version), error);
    timestampMs = access.world.nowMs();
  }
  if (current !== undefined) return advance(access, current, [commit], timestampMs);
  const replay = new Replay(access.world.nowMs());
  replay.commit(commit);
  const length = { checkpointVersion: -1, checkpointBytes: 0, commits: 1, commitBytes: commit.sizeBytes };
  return replay.finish({ version: commit.version, timestampMs, table: access.store.url, length });
}

/** Checksum file, checkpoint and hint: everything that only makes reading faster. */
async function afterCommit(access: LogAccess, snapshot: TableSnapshot, txnId: string): Promise<TableSnapshot> {
  const path = checksumPath(snapshot.version);
  try {
    await access.store.create(path, checksumBody(snapshot, txnId));
  } catch (error) {
    warn(access, path, error);
  }
  if (!isCheckpointDue(snapshot.state.length, snapshot.metadata.configuration)) return snapshot;
  try {
    return await writeCheckpoint(access, snapshot);
  } catch (error) {
    warn(access, `the checkpoint of version ${snapshot.version}`, error);
    return snapshot;
  }
}

/** Whatever went wrong: the commit stands, and an error would have the caller write its rows again. */
function warn(access: LogAccess, what: string, error: unknown): void {
  // A process that died in a simulation goes on with nothing.
  if (error instanceof SimulatedCrash) throw error;
  const code = error instanceof SluiceError ? error.code : "internal.bug";
  const why = `Cannot write or read ${what} after its commit, which stands: ${messageOf(error)}`;
  access.onWarning(new SluiceError(code, why, { facts: { table: access.store.url }, cause: error }));
}

function overtaken(access: LogAccess, version: number): SluiceError {
  return new SluiceError(
    "table.conflict",
    `Cannot commit to ${access.store.url}: its log was cleaned up past the version that this writer saw`,
    { facts: { version } },
  );
}
