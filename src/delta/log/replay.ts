import { SluiceError } from "../../base/index.ts";
import type {
  AddFile,
  DomainMetadataAction,
  ProtocolAction,
  RemoveFile,
  TableMetadata,
  TxnAction,
} from "../actions.ts";
import type { FileColumns } from "./file-columns.ts";
import { encodeFilePath } from "./file-path.ts";
import { LayeredMap } from "./layered-map.ts";
import { LiveFiles } from "./live-files.ts";
import type { Action } from "./read-action.ts";
import type { LoggedCommit } from "./read-commit.ts";
import { tellsOwnTime, tombstoneRetentionMs } from "./table-properties.ts";
import { TableSnapshot, type LogLength } from "./table-snapshot.ts";
import { Tombstones } from "./tombstones.ts";
import { RunningTotals } from "./totals.ts";
import { fileKey, vectorId } from "./vector-id.ts";

interface ColumnsRead<File extends AddFile | RemoveFile> {
  readonly columns: FileColumns<File>;
  /** Rows of the columns whose key another row has, too. */
  readonly passedOver: ReadonlySet<number>;
}

/** Everything that the files of one checkpoint hold. */
export interface CheckpointContent {
  readonly adds: ColumnsRead<AddFile>;
  readonly removes: ColumnsRead<RemoveFile>;
  /** URIs in the columns that differ from what we would write for the path, by path. */
  readonly uris: ReadonlyMap<string, string>;
  /** All that is not in the columns. */
  readonly actions: readonly Action[];
  /** Of all its sidecars. */
  readonly sidecarBytes: number;
}

/**
 * The fold from actions to a snapshot (Delta PROTOCOL, "Action Reconciliation"), oldest to newest: rows of a checkpoint in any
 * order, then whole commits. Starts from nothing or from an earlier snapshot, which stays as it is; going on from one costs what
 * the commits have changed.
 */
export class Replay {
  readonly #nowMs: number;
  readonly #from: TableSnapshot | undefined;
  readonly #txns: Map<string, TxnAction>;
  readonly #domains: Map<string, DomainMetadataAction>;
  readonly #totals: RunningTotals;
  // What has changed since; undefined: gone.
  readonly #files = new Map<string, AddFile | undefined>();
  readonly #removed = new Map<string, RemoveFile | undefined>();
  readonly #uris = new Map<string, string | undefined>();
  #live: LiveFiles;
  #tombstones: Tombstones;
  #sidecarBytes = 0;
  #protocol: ProtocolAction | undefined;
  #metadata: TableMetadata | undefined;

  constructor(nowMs: number, from?: TableSnapshot) {
    const state = from?.state;
    this.#nowMs = nowMs;
    this.#from = from;
    this.#live = state?.files ?? new LiveFiles();
    this.#tombstones = state?.removed ?? new Tombstones();
    this.#txns = new Map(state?.txns);
    this.#domains = new Map(state?.domains);
    this.#totals = new RunningTotals(state?.totals);
    this.#protocol = state?.protocol;
    this.#metadata = state?.metadata;
  }

  /** All rows of a checkpoint, which is reconciled already. */
  checkpoint({ adds, removes, uris, actions, sidecarBytes }: CheckpointContent): void {
    this.#sidecarBytes = sidecarBytes;
    this.#live = new LiveFiles({ ...adds, size: adds.columns.size });
    this.#tombstones = new Tombstones(removes);
    for (const { columns: rows, first } of adds.columns.batches) {
      for (let row = 0; row < rows.rows; row += 1) {
        if (adds.passedOver.has(first + row)) continue;
        const deleted = rows.deletedRows[row] ?? -1;
        this.#totals.addSized(rows.sizes[row] ?? 0, deleted < 0 ? undefined : deleted);
      }
    }
    for (const [path, uri] of uris) this.#uris.set(path, uri);
    // A key that is there twice, which no valid checkpoint has, ends up as its last row says.
    for (const number of adds.passedOver) this.#add(adds.columns.at(number));
    for (const number of removes.passedOver) this.#keepRemove(removes.columns.at(number));
    for (const action of actions) this.#row(action);
  }

  #row(action: Action): void {
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
        this.#keepRemove(action.remove);
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

  /** Bytes of the checkpoint that are not in its own files. */
  get sidecarBytes(): number {
    return this.#sidecarBytes;
  }

  /** Whether commits tell their own time. */
  get hasOwnTimes(): boolean {
    return tellsOwnTime(this.#metadata?.configuration ?? {});
  }

  finish(at: { version: number; timestampMs: number; length: LogLength; table: string }): TableSnapshot {
    if (this.#protocol === undefined) throw incomplete(at, "protocol");
    if (this.#metadata === undefined) throw incomplete(at, "metaData");
    const sinceMs = this.#nowMs - tombstoneRetentionMs(this.#metadata.configuration);
    const before = this.#from?.state;
    let removed = this.#tombstones.with(this.#removed);
    // Later the snapshot tells the expired ones apart itself: looking at all of them would cost every commit as much as the table has.
    if (before === undefined) removed = this.#forgetExpired(removed, sinceMs);
    return new TableSnapshot({
      version: at.version,
      timestampMs: at.timestampMs,
      length: at.length,
      protocol: this.#protocol,
      metadata: this.#metadata,
      files: this.#live.with(this.#files, this.#totals.files),
      removed,
      tombstonesSinceMs: sinceMs,
      txns: this.#txns,
      domains: this.#domains,
      uris: (before?.uris ?? new LayeredMap<string>()).with(this.#uris),
      totals: this.#totals.totals(),
    });
  }

  #fileAt(path: string): AddFile | undefined {
    return this.#files.has(path) ? this.#files.get(path) : this.#live.get(path);
  }

  #add(add: AddFile): void {
    const before = this.#fileAt(add.path);
    if (before !== undefined) this.#totals.remove(before);
    this.#files.set(add.path, add);
    this.#totals.add(add);
    const key = fileKey(add);
    if (this.#removed.has(key) || this.#tombstones.has(key)) this.#removed.set(key, undefined);
  }

  #remove(remove: RemoveFile): void {
    const live = this.#fileAt(remove.path);
    if (live !== undefined && vectorId(live.deletionVector) === vectorId(remove.deletionVector)) {
      this.#files.set(remove.path, undefined);
      this.#totals.remove(live);
    }
    this.#keepRemove(remove);
  }

  #keepRemove(remove: RemoveFile): void {
    this.#removed.set(fileKey(remove), remove);
  }

  #domain(domain: DomainMetadataAction): void {
    if (domain.removed) this.#domains.delete(domain.domain);
    else this.#domains.set(domain.domain, domain);
  }

  #keepUri(path: string, uri: string): void {
    if (uri !== encodeFilePath(path)) this.#uris.set(path, uri);
  }

  #forgetExpired(removed: Tombstones, sinceMs: number): Tombstones {
    if (this.#uris.size > 0) {
      for (const { path } of removed.expired(sinceMs)) {
        if (this.#fileAt(path) === undefined) this.#uris.delete(path);
      }
    }
    return removed.withoutExpired(sinceMs);
  }
}

function incomplete(at: { version: number; table: string }, action: string): SluiceError {
  return new SluiceError(
    "table.corrupt",
    `Cannot read table ${at.table}: version ${at.version} has no ${action} action`,
  );
}
