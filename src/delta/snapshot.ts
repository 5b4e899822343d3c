import type {
  AddFile,
  ChangeFile,
  CommitInfo,
  DomainMetadataAction,
  ProtocolAction,
  RemoveFile,
  TableMetadata,
  Tombstone,
  TxnAction,
} from "./actions.ts";

/** What can be known of a version without its files: enough to decide that there is nothing to do. */
export interface TableHead {
  readonly version: number;
  readonly protocol: ProtocolAction;
  readonly metadata: TableMetadata;
  readonly txns: ReadonlyMap<string, TxnAction>;
}

/** A table at one version (Delta PROTOCOL, "Action Reconciliation"). Immutable. */
export interface Snapshot extends TableHead {
  /** Live files by path. */
  readonly files: ReadonlyMap<string, AddFile>;
  /** Removes that have not expired, newest per (path, deletion vector). A large table has many: each is made when it is come to. */
  readonly tombstones: Iterable<Tombstone>;
  readonly domains: ReadonlyMap<string, DomainMetadataAction>;
  /** Commit time in ms: the commit file's modification time made monotonic. */
  readonly timestampMs: number;
}

/** What one commit did, in log order of versions. */
export interface CommitChanges {
  readonly version: number;
  readonly adds: readonly AddFile[];
  readonly removes: readonly RemoveFile[];
  /** Where there are some, they and nothing else tell what became of rows. */
  readonly changeFiles: readonly ChangeFile[];
  readonly metadata?: TableMetadata;
  readonly protocol?: ProtocolAction;
  readonly txns: readonly TxnAction[];
  readonly domains: readonly DomainMetadataAction[];
  readonly commitInfo?: CommitInfo;
}

export interface HistoryEntry {
  readonly version: number;
  readonly timestampMs: number;
  readonly commitInfo: CommitInfo | undefined;
}
