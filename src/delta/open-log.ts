import { SluiceError, type World } from "../base/index.ts";
import type { ObjectStore } from "../storage/index.ts";
import { commitTransaction } from "./commit/commit-transaction.ts";
import type { DeltaLog } from "./delta-log.ts";
import { assertReadable } from "./features/support.ts";
import { advance, commitTimeMs, isTail, newCommits } from "./log/advance.ts";
import { readChecksum } from "./log/checksum.ts";
import { commitPath } from "./log/file-names.ts";
import { COMMITS_AT_ONCE, cleanedUp, loadSnapshot, ownTimeMs, readCommitFile } from "./log/load-snapshot.ts";
import type { LogAccess } from "./log/log-access.ts";
import { committedVersions, newestVersion } from "./log/newest-version.ts";
import { readAhead } from "./log/read-ahead.ts";
import { TableSnapshot } from "./log/table-snapshot.ts";
import { versionAtTime } from "./log/version-at-time.ts";
import { cleanLog, type LogCleanUpOptions, type LogCleanUpReport } from "./maintenance/clean-log.ts";
import type { CheckpointFiles } from "./needs.ts";
import type { CommitChanges, HistoryEntry, Snapshot, TableHead } from "./snapshot.ts";
import type { CommitOutcome, CommitRequest } from "./transaction.ts";

export interface OpenLogOptions {
  readonly world: World;
  readonly checkpoints: CheckpointFiles;
  /** Told of what went wrong without harm: a checkpoint that could not be written or read, a damaged checksum file. */
  readonly onWarning?: (warning: SluiceError) => void;
}

/** The log of the table whose root is the store's root. Opening reads nothing. */
export function openLog(store: ObjectStore, options: OpenLogOptions): DeltaLog {
  return new StoredLog({
    store,
    world: options.world,
    checkpoints: options.checkpoints,
    onWarning: options.onWarning ?? (() => undefined),
  });
}

class StoredLog implements DeltaLog {
  readonly #access: LogAccess;
  #newest: TableSnapshot | undefined;
  #loading: Promise<TableSnapshot | undefined> | undefined;

  constructor(access: LogAccess) {
    this.#access = access;
  }

  get url(): string {
    return this.#access.store.url;
  }

  async latest(): Promise<Snapshot | undefined> {
    return this.#readable(await this.#refresh());
  }

  async head(): Promise<TableHead | undefined> {
    if (this.#newest !== undefined) return await this.latest();
    const newest = await newestVersion(this.#access);
    if (newest === undefined) return undefined;
    const head = newest.hasChecksum ? await readChecksum(this.#access, newest.version) : undefined;
    return head === undefined ? await this.latest() : this.#readable(head);
  }

  async at(version: number): Promise<Snapshot> {
    const known = this.#newest;
    const snapshot = known?.version === version ? known : await loadSnapshot(this.#access, version);
    if (snapshot?.version === version) return this.#readable(snapshot);
    // The listing may be late, or end before that version.
    const newest = await this.#refresh();
    if (newest === undefined) throw new SluiceError("table.missing", `Cannot read ${this.url}: there is no table`);
    if (newest.version === version) return this.#readable(newest);
    if (newest.version > version) throw cleanedUp(this.#access, version);
    throw new SluiceError("table.version-missing", `Cannot read version ${version} of ${this.url}: it does not exist`, {
      facts: { version, newest: newest.version },
    });
  }

  async atTime(timestampMs: number): Promise<Snapshot> {
    const newest = await this.#refresh();
    if (newest === undefined) throw new SluiceError("table.missing", `Cannot read ${this.url}: there is no table`);
    return await this.at(await versionAtTime(this.#access, newest, timestampMs));
  }

  async *changes(from: number, to: number): AsyncGenerator<CommitChanges> {
    const versions = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
    let version = from;
    const read = (wanted: number) => readCommitFile(this.#access, wanted);
    for await (const commit of readAhead(versions, read, COMMITS_AT_ONCE)) {
      if (commit === undefined) throw cleanedUp(this.#access, version);
      yield commit;
      version += 1;
    }
  }

  async times(): Promise<ReadonlyMap<number, number>> {
    const committed = await committedVersions(this.#access, Infinity);
    return new Map(committed.map(({ version, timestampMs }) => [version, timestampMs]));
  }

  async *history(limit = Infinity): AsyncGenerator<HistoryEntry> {
    const committed = await committedVersions(this.#access, limit);
    const read = async (entry: { version: number; timestampMs: number }): Promise<HistoryEntry | undefined> => {
      const commit = await readCommitFile(this.#access, entry.version);
      if (commit === undefined) return undefined;
      const timestampMs = ownTimeMs(commit) ?? entry.timestampMs;
      return { version: entry.version, timestampMs, commitInfo: commit.commitInfo };
    };
    for await (const entry of readAhead(committed, read, COMMITS_AT_ONCE)) {
      // Cleaned up while we read: so is everything before it.
      if (entry === undefined) return;
      yield entry;
    }
  }

  async commit(request: CommitRequest): Promise<CommitOutcome> {
    const { outcome, newest } = await commitTransaction(this.#access, request, await this.#own(request.base));
    this.#remember(newest);
    return outcome;
  }

  async cleanUp(options: LogCleanUpOptions = {}): Promise<LogCleanUpReport> {
    const newest = await this.latest();
    if (newest === undefined) throw new SluiceError("table.missing", `Cannot clean ${this.url}: there is no table`);
    return await cleanLog(this.#access, newest, options);
  }

  async #refresh(): Promise<TableSnapshot | undefined> {
    const known = this.#newest;
    const start = known ?? (await this.#load());
    if (start === undefined) return undefined;
    // Also after a listing: it may be late.
    const commits = await newCommits(this.#access, start);
    const last = commits.at(-1);
    if (last !== undefined) {
      this.#remember(advance(this.#access, start, commits, await commitTimeMs(this.#access, last)));
    } else if (known === undefined || (await isTail(this.#access, known))) {
      this.#remember(start);
    } else {
      this.#newest = await loadSnapshot(this.#access);
    }
    return this.#newest;
  }

  /** From the store. Whoever asks meanwhile waits for the same, and looks for himself where that found nothing or failed. */
  async #load(): Promise<TableSnapshot | undefined> {
    if (this.#loading !== undefined) {
      const found = await this.#loading.catch(() => undefined);
      if (found !== undefined) return found;
    }
    const loading = loadSnapshot(this.#access);
    this.#loading = loading;
    try {
      return await loading;
    } finally {
      if (this.#loading === loading) this.#loading = undefined;
    }
  }

  /** Never goes back: another call may have come to know a newer one meanwhile. */
  #remember(snapshot: TableSnapshot | undefined): void {
    if (snapshot !== undefined && snapshot.version >= (this.#newest?.version ?? -1)) this.#newest = snapshot;
  }

  /** The snapshot in the form that this room works with. */
  async #own(base: Snapshot | undefined): Promise<TableSnapshot | undefined> {
    if (base === undefined || base instanceof TableSnapshot) return base;
    const snapshot = await this.at(base.version);
    if (snapshot instanceof TableSnapshot) return snapshot;
    throw new SluiceError("internal.bug", `Cannot commit to ${commitPath(base.version)}: a snapshot of another kind`);
  }

  #readable<Head extends TableHead | undefined>(head: Head): Head {
    if (head !== undefined) assertReadable(head.protocol, head.metadata, this.url);
    return head;
  }
}
