import { commitPath, parseLogFile } from "./file-names.ts";
import { COMMITS_AT_ONCE, gap, listLog, ownTimeMs, readCommitFile } from "./load-snapshot.ts";
import type { LogAccess } from "./log-access.ts";
import { readAhead } from "./read-ahead.ts";
import type { LoggedCommit } from "./read-commit.ts";
import { Replay } from "./replay.ts";
import type { TableSnapshot } from "./table-snapshot.ts";

/** Commits that are looked for one by one before a listing says how many there are. */
const PROBES_MAX = 4;

/**
 * The commits after a snapshot, oldest first. Looked for by name, since a listing may be late; listed only when there are many.
 * None may also mean that the log was cleaned up past the snapshot: `isTail` tells.
 */
export async function newCommits(access: LogAccess, from: TableSnapshot): Promise<LoggedCommit[]> {
  const commits: LoggedCommit[] = [];
  for (;;) {
    const probed = await readCommitFile(access, from.version + commits.length + 1);
    if (probed === undefined) return commits;
    commits.push(probed);
    if (commits.length % PROBES_MAX !== 0) continue;
    for await (const commit of commitsBetween(access, probed.version + 1, await newestListed(access, probed.version))) {
      commits.push(commit);
    }
  }
}

/** A snapshot and the commits that follow it, folded. */
export function advance(
  access: LogAccess,
  from: TableSnapshot,
  commits: readonly LoggedCommit[],
  newestMs: number,
): TableSnapshot {
  const last = commits.at(-1);
  if (last === undefined) return from;
  const replay = new Replay(access.world.nowMs(), from);
  for (const commit of commits) replay.commit(commit);
  const { length } = from.state;
  return replay.finish({
    version: last.version,
    // Each commit is at least a millisecond after the one before.
    timestampMs: Math.max(newestMs, from.timestampMs + commits.length),
    table: access.store.url,
    length: {
      ...length,
      commits: length.commits + commits.length,
      commitBytes: length.commitBytes + commits.reduce((sum, commit) => sum + commit.sizeBytes, 0),
    },
  });
}

/** When a commit was made: its own word where the table keeps such (in-commit timestamps), else its file's time. */
export async function commitTimeMs(access: LogAccess, commit: LoggedCommit): Promise<number> {
  const own = ownTimeMs(commit);
  if (own !== undefined) return own;
  return (await access.store.stat(commitPath(commit.version)))?.modifiedMs ?? access.world.nowMs();
}

/**
 * Whether the snapshot's version is still where the log ends, as far as one can tell from its own files. When its commit is gone,
 * only a checkpoint at that very version with nothing after it will do.
 */
export async function isTail(access: LogAccess, snapshot: TableSnapshot): Promise<boolean> {
  if ((await access.store.stat(commitPath(snapshot.version))) !== undefined) return true;
  const listed = await listLog(access, snapshot.version);
  const versions = listed.flatMap((info) => parseLogFile(info.path)?.version ?? []);
  return versions.length > 0 && versions.every((version) => version === snapshot.version);
}

/** Commits that were listed, so each of them must be there. */
async function* commitsBetween(access: LogAccess, first: number, last: number): AsyncGenerator<LoggedCommit> {
  const versions = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  let expected = first;
  for await (const commit of readAhead(versions, (version) => readCommitFile(access, version), COMMITS_AT_ONCE)) {
    if (commit === undefined) throw gap(access, expected);
    yield commit;
    expected += 1;
  }
}

async function newestListed(access: LogAccess, from: number): Promise<number> {
  let newest = from;
  for (const info of await listLog(access, from)) {
    const file = parseLogFile(info.path);
    if (file?.kind === "commit" && file.version > newest) newest = file.version;
  }
  return newest;
}
