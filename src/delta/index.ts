export type {
  AddFile,
  CommitInfo,
  DeletionVectorDescriptor,
  DomainMetadataAction,
  MetadataAction,
  PartitionValues,
  ProtocolAction,
  RemoveFile,
  TableMetadata,
  TxnAction,
} from "./actions.ts";
export type { DeltaLog } from "./delta-log.ts";
export type { CheckpointFiles } from "./needs.ts";
export type { CommitChanges, HistoryEntry, Snapshot, TableHead } from "./snapshot.ts";
export {
  READ_NOTHING,
  type CommitOutcome,
  type CommitRequest,
  type ConflictReason,
  type ReadSet,
  type TxnClaim,
} from "./transaction.ts";
