import type { LogCleanUpOptions, LogCleanUpReport } from "./maintenance/clean-log.ts";
import type { CommitChanges, HistoryEntry, Snapshot, TableHead } from "./snapshot.ts";
import type { CommitOutcome, CommitRequest } from "./transaction.ts";

/** A table's log. Keeps the newest snapshot it has built and advances it by the new commits only. */
export interface DeltaLog {
  /** For messages. */
  readonly url: string;
  /** The newest version; undefined when there is no table. */
  latest(): Promise<Snapshot | undefined>;
  /** The newest version without its files: from the checksum file where there is a good one, else by replay. */
  head(): Promise<TableHead | undefined>;
  /** Fails with `table.version-missing` when that version cannot be rebuilt any more or does not exist. */
  at(version: number): Promise<Snapshot>;
  /** The newest version committed at or before that moment (ms since the epoch). */
  atTime(timestampMs: number): Promise<Snapshot>;
  /** What the commits `from..to` (both included) did. Fails with `table.version-missing` when one was cleaned up. */
  changes(from: number, to: number): AsyncIterable<CommitChanges>;
  /** When each version whose commit is still there was committed, by the times of the files. */
  times(): Promise<ReadonlyMap<number, number>>;
  /** Newest first. */
  history(limit?: number): AsyncIterable<HistoryEntry>;
  /** Publishes one version: put-if-absent, conflict check against every winner, rebase, recovery of a lost answer. */
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** Removes versions older than the retention from the log, as far as a checkpoint allows it. Fails with `table.missing`. */
  cleanUp(options?: LogCleanUpOptions): Promise<LogCleanUpReport>;
}
