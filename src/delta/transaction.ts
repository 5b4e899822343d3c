import type { JsonObject } from "../base/index.ts";
import type {
  AddFile,
  ChangeFile,
  DomainMetadataAction,
  MetadataAction,
  ProtocolAction,
  RemoveFile,
} from "./actions.ts";
import type { Snapshot } from "./snapshot.ts";

/** What the writer looked at; decides which concurrent winners it cannot accept. */
export interface ReadSet {
  /** Rows of the whole table were read (an added file may change the outcome). */
  readonly wholeTable: boolean;
  /** Files whose rows were read, by path. */
  readonly files: ReadonlySet<string>;
  /** Partitions that were read; undefined = every partition. Given a file's partition values, says whether it was covered. */
  readonly covers?: (partitionValues: Readonly<Record<string, string | null>>) => boolean;
}

export const READ_NOTHING: ReadSet = { wholeTable: false, files: new Set() };

/** An application transaction to record with the commit (Delta PROTOCOL, "Transaction Identifiers"), enforced. */
export interface TxnClaim {
  readonly appId: string;
  readonly version: number;
  /**
   * When given, the table's current version for this appId must be exactly this (-1 = none), else `table.superseded`
   * (`already-applied` when it is exactly `version`). Equal to `version` it guards a commit that must not move the position.
   */
  readonly expected?: number;
}

export interface CommitRequest {
  /** The version the writer saw; undefined = the table must not exist yet. */
  readonly base: Snapshot | undefined;
  readonly operation: string;
  readonly operationParameters?: JsonObject;
  readonly operationMetrics?: JsonObject;
  readonly protocol?: ProtocolAction;
  readonly metadata?: MetadataAction;
  readonly adds: readonly AddFile[];
  readonly removes: readonly RemoveFile[];
  /** What the commit does row by row, for readers of the change feed, which then look at nothing else. */
  readonly changeFiles?: readonly ChangeFile[];
  readonly domains?: readonly DomainMetadataAction[];
  readonly txns?: readonly TxnClaim[];
  readonly reads: ReadSet;
}

export type ConflictReason =
  | "protocol-changed"
  | "metadata-changed"
  | "domain-changed"
  | "concurrent-transaction"
  | "concurrent-append"
  | "concurrent-delete-read"
  | "concurrent-delete-delete"
  | "table-created";

export type CommitOutcome =
  | { readonly kind: "committed"; readonly version: number; readonly snapshot: Snapshot }
  /** One of the claimed txns is already at or above its version: nothing was written, nothing needs to be. */
  | { readonly kind: "already-applied"; readonly version: number; readonly snapshot: Snapshot }
  /** A winner that this commit cannot be rebased over; `snapshot` is the latest to build the commit anew on. */
  | {
      readonly kind: "conflict";
      readonly reason: ConflictReason;
      readonly winner: number;
      readonly snapshot: Snapshot;
    };
