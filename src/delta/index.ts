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
export { addWithVector, removeOf } from "./builders.ts";
export { protocolFor } from "./features/protocol-for.ts";
export { FEATURES, type Feature, type Support } from "./features/registry.ts";
export { assertReadable, assertWritable } from "./features/support.ts";
export type { CheckpointFiles } from "./needs.ts";
export { openLog, type OpenLogOptions } from "./open-log.ts";
export { checkSchema } from "./schema/check-schema.ts";
export { parseSchema } from "./schema/parse-schema.ts";
export { serializeSchema } from "./schema/serialize-schema.ts";
export type { CommitChanges, HistoryEntry, Snapshot, TableHead } from "./snapshot.ts";
export { parseStats, type FileStats } from "./stats/parse-stats.ts";
export {
  READ_NOTHING,
  type CommitOutcome,
  type CommitRequest,
  type ConflictReason,
  type ReadSet,
  type TxnClaim,
} from "./transaction.ts";
export { readDeletionVector, vectorPath, writeDeletionVectors } from "./vectors/deletion-vectors.ts";
export { RowSet } from "./vectors/row-set.ts";
