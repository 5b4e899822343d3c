import { SluiceError } from "../../base/index.ts";
import type {
  AddFile,
  DomainMetadataAction,
  ProtocolAction,
  RemoveFile,
  TableMetadata,
  TxnAction,
} from "../actions.ts";
import { encodeFilePath } from "./file-path.ts";
import type { Action } from "./read-action.ts";
import type { LoggedCommit } from "./read-commit.ts";
import { tellsOwnTime, tombstoneRetentionMs } from "./table-properties.ts";
import { TableSnapshot, isExpired, type LogLength } from "./table-snapshot.ts";
import { RunningTotals } from "./totals.ts";
import { fileKey, vectorId } from "./vector-id.ts";

/**
 * The fold from actions to a snapshot (Delta PROTOCOL, "Action Reconciliation"), oldest to newest: rows of a checkpoint in any
 * order, then whole commits. Starts from nothing or from an earlier snapshot, which stays as it is.
 */
export class Replay {
  readonly #nowMs: number;
  readonly #files: Map<string, AddFile>;
  readonly #removed: Map<string, RemoveFile>;
  readonly #txns: Map<string, TxnAction>;
  readonly #domains: Map<string, DomainMetadataAction>;
  readonly #uris: Map<string, string>;
  readonly #totals: RunningTotals;
  #protocol: ProtocolAction | undefined;
  #metadata: TableMetadata | undefined;

  constructor(nowMs: number, from?: TableSnapshot) {
    const state = from?.state;
    this.#nowMs = nowMs;
    this.#files = new Map(state?.files);
    this.#removed = new Map(state?.removed);
    this.#txns = new Map(state?.txns);
    this.#domains = new Map(state?.domains);
    this.#uris = new Map(state?.uris);
    this.#totals = new RunningTotals(state?.totals);
    this.#protocol = state?.protocol;
    this.#metadata = state?.metadata;
  }

  /** A row of a checkpoint, which is reconciled already. */
  row(action: Action): void {
    switch (action.kind) {
      case "protocol":
        this.#protocol = action.protocol;
        break;
      case "metadata":
        this.#metadata = action.metadata;
        break;
      case "add":
        this.#keepUri(action.add.path, action.uri);
        this.#add(action.add);
        break;
      case "remove":
        this.#keepUri(action.remove.path, action.uri);
        this.#removed.set(fileKey(action.remove), action.remove);
        break;
      case "txn":
        this.#txns.set(action.txn.appId, action.txn);
        break;
      case "domain":
        this.#domain(action.domain);
        break;
      case "change-file":
      case "commitInfo":
      case "sidecar":
        break;
    }
  }

  commit(commit: LoggedCommit): void {
    this.#protocol = commit.protocol ?? this.#protocol;
    this.#metadata = commit.metadata ?? this.#metadata;
    for (const [path, uri] of commit.uris) this.#uris.set(path, uri);
    // Actions of a commit have no order; a file that gets another deletion vector is removed and added.
    for (const remove of commit.removes) this.#remove(remove);
    for (const add of commit.adds) this.#add(add);
    for (const txn of commit.txns) this.#txns.set(txn.appId, txn);
    for (const domain of commit.domains) this.#domain(domain);
  }

  get isComplete(): boolean {
    return this.#protocol !== undefined && this.#metadata !== undefined;
  }

  /** Whether commits tell their own time. */
  get hasOwnTimes(): boolean {
    return tellsOwnTime(this.#metadata?.configuration ?? {});
  }

  finish(at: { version: number; timestampMs: number; length: LogLength; table: string }): TableSnapshot {
    if (this.#protocol === undefined) throw incomplete(at, "protocol");
    if (this.#metadata === undefined) throw incomplete(at, "metaData");
    const sinceMs = this.#nowMs - tombstoneRetentionMs(this.#metadata.configuration);
    this.#forgetExpired(sinceMs);
    return new TableSnapshot({
      version: at.version,
      timestampMs: at.timestampMs,
      length: at.length,
      protocol: this.#protocol,
      metadata: this.#metadata,
      files: this.#files,
      removed: this.#removed,
      tombstonesSinceMs: sinceMs,
      txns: this.#txns,
      domains: this.#domains,
      uris: this.#uris,
      totals: this.#totals.totals(),
    });
  }

  #add(add: AddFile): void {
    const before = this.#files.get(add.path);
    if (before !== undefined) this.#totals.remove(before);
    this.#files.set(add.path, add);
    this.#totals.add(add);
    this.#removed.delete(fileKey(add));
  }

  #remove(remove: RemoveFile): void {
    const live = this.#files.get(remove.path);
    if (live !== undefined && vectorId(live.deletionVector) === vectorId(remove.deletionVector)) {
      this.#files.delete(remove.path);
      this.#totals.remove(live);
    }
    this.#removed.set(fileKey(remove), remove);
  }

  #domain(domain: DomainMetadataAction): void {
    if (domain.removed) this.#domains.delete(domain.domain);
    else this.#domains.set(domain.domain, domain);
  }

  #keepUri(path: string, uri: string): void {
    if (uri !== encodeFilePath(path)) this.#uris.set(path, uri);
  }

  #forgetExpired(sinceMs: number): void {
    for (const [key, remove] of this.#removed) {
      if (!isExpired(remove, sinceMs)) continue;
      this.#removed.delete(key);
      if (!this.#files.has(remove.path)) this.#uris.delete(remove.path);
    }
  }
}

function incomplete(at: { version: number; table: string }, action: string): SluiceError {
  return new SluiceError(
    "table.corrupt",
    `Cannot read table ${at.table}: version ${at.version} has no ${action} action`,
  );
}
