import type { CommitChanges } from "../snapshot.ts";
import type { CommitRequest, ConflictReason } from "../transaction.ts";

/**
 * Whether a commit that was prepared without knowing `winner` can still follow it (Delta's rules for concurrent writers).
 * `winner` is one of the commits after `request.base`; every one of them must be asked about, in order. undefined: it can.
 *
 * The txns here are those below the claimed version; at or above it the request is already applied, which is judged before.
 */
export function checkConflict(request: CommitRequest, winner: CommitChanges): ConflictReason | undefined {
  if (request.base === undefined) return "table-created";
  // Simpler than Delta allows: whoever meets a new protocol or new metadata builds the commit anew, on top of it.
  if (winner.protocol !== undefined) return "protocol-changed";
  if (winner.metadata !== undefined) return "metadata-changed";
  if (changesSameDomain(request, winner)) return "domain-changed";
  if (advancesClaimedTxn(request, winner)) return "concurrent-transaction";
  if (addsWhatWasRead(request, winner)) return "concurrent-append";
  if (removesWhatWasRead(request, winner)) return "concurrent-delete-read";
  if (removesWhatIsRemoved(request, winner)) return "concurrent-delete-delete";
  return undefined;
}

export type IsolationLevel = "Serializable" | "WriteSerializable" | "SnapshotIsolation";

/** Only files are rearranged: nothing that happened at the same time can change the outcome, except a removal of the same files. */
export function isolationLevelOf(request: CommitRequest): IsolationLevel {
  if (isRearrangement(request)) return "SnapshotIsolation";
  const configured = request.base?.metadata.configuration["delta.isolationLevel"];
  return configured?.toLowerCase() === "serializable" ? "Serializable" : "WriteSerializable";
}

/** Only adds, and nothing was read to make them. */
export function isBlindAppend(request: CommitRequest): boolean {
  if (request.removes.length > 0 || request.adds.length === 0) return false;
  if (request.adds.some((add) => !add.dataChange || request.base?.files.has(add.path) === true)) return false;
  return !readsPredicate(request) && request.reads.files.size === 0;
}

function isRearrangement(request: CommitRequest): boolean {
  if (request.protocol !== undefined || request.metadata !== undefined) return false;
  if ((request.domains ?? []).length > 0 || (request.txns ?? []).length > 0) return false;
  return [...request.adds, ...request.removes].every((file) => !file.dataChange);
}

function changesSameDomain(request: CommitRequest, winner: CommitChanges): boolean {
  const ours = new Set((request.domains ?? []).map((domain) => domain.domain));
  return winner.domains.some((domain) => ours.has(domain.domain));
}

/**
 * A caller that names the version it expects has just had it confirmed; any other has read a state that is gone. A claim that stays
 * where it is guards a rewrite: whoever else has written under it has rewritten the same.
 */
function advancesClaimedTxn(request: CommitRequest, winner: CommitChanges): boolean {
  return (request.txns ?? []).some((claim) => {
    const isGuard = claim.version === claim.expected;
    return winner.txns.some((txn) => txn.appId === claim.appId && (isGuard || txn.version !== claim.expected));
  });
}

function addsWhatWasRead(request: CommitRequest, winner: CommitChanges): boolean {
  // Our file names are random: the same one twice is the same file written by somebody else meanwhile.
  const ours = new Set(request.adds.map((add) => add.path));
  if (winner.adds.some((add) => ours.has(add.path) && request.base?.files.has(add.path) !== true)) return true;
  // Files that were written under the schema which this commit replaces.
  if (request.metadata !== undefined && request.removes.length > 0 && winner.adds.length > 0) return true;
  const isolation = isolationLevelOf(request);
  if (isolation === "SnapshotIsolation" || !readsPredicate(request)) return false;
  const isIgnored =
    isolation === "WriteSerializable" &&
    request.metadata === undefined &&
    winner.commitInfo?.["isBlindAppend"] === true;
  if (isIgnored) return false;
  return winner.adds.some((add) => request.reads.covers?.(add.partitionValues) ?? true);
}

function removesWhatWasRead(request: CommitRequest, winner: CommitChanges): boolean {
  // A file that is added again, with new statistics or a new deletion vector, must still be there.
  const readded = new Set(request.adds.map((add) => add.path));
  const removed = new Set(request.removes.map((remove) => remove.path));
  return winner.removes.some((remove) => {
    if (request.reads.files.has(remove.path)) return true;
    if (readded.has(remove.path) && !removed.has(remove.path)) return true;
    if (!readsPredicate(request)) return false;
    const values = remove.partitionValues ?? request.base?.files.get(remove.path)?.partitionValues;
    return values === undefined || (request.reads.covers?.(values) ?? true);
  });
}

/** Regardless of `dataChange`: two compactions of the same files would double every row. */
function removesWhatIsRemoved(request: CommitRequest, winner: CommitChanges): boolean {
  const ours = new Set(request.removes.map((remove) => remove.path));
  return winner.removes.some((remove) => ours.has(remove.path));
}

function readsPredicate(request: CommitRequest): boolean {
  return request.reads.wholeTable || request.reads.covers !== undefined;
}
