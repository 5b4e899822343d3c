export type {
  AddFile,
  ChangeFile,
  CommitInfo,
  DeletionVectorDescriptor,
  DomainMetadataAction,
  MetadataAction,
  PartitionValues,
  ProtocolAction,
  RemoveFile,
  TableMetadata,
  Tombstone,
  TxnAction,
} from "./actions.ts";
export { expressionTokens, type ExpressionToken } from "./alter/expression-tokens.ts";
export { addConstraint, dropConstraint, tableRules, type TableRules } from "./alter/table-rules.ts";
export { dropColumn, renameColumn } from "./alter/rename-column.ts";
export { addWithVector, removeOf } from "./builders.ts";
export type { DeltaLog } from "./delta-log.ts";
export { takeNamedFeatures } from "./features/named-features.ts";
export { protocolFor } from "./features/protocol-for.ts";
export { FEATURES, type Feature, type Support } from "./features/registry.ts";
export { assertWritable, storesPartitions } from "./features/support.ts";
export type { LogCleanUpOptions, LogCleanUpReport } from "./maintenance/clean-log.ts";
export { restore, type RestoreOptions, type RestoreOutcome, type RestoreTable } from "./maintenance/restore.ts";
export { clone, type CloneSource, type CloneTarget } from "./maintenance/clone.ts";
export { vacuum, type VacuumOptions, type VacuumReport } from "./maintenance/vacuum.ts";
export {
  CLUSTER_BY_PROPERTY,
  checkClustering,
  clusterByText,
  clusteringOf,
  clusteringTags,
  type Clustering,
} from "./maintenance/clustering.ts";
export { planAutoCompaction, type AutoCompactionLimits } from "./maintenance/plan-auto-compaction.ts";
export { fileBytesFor, filesFor, planClustering } from "./maintenance/plan-clustering.ts";
export { planOptimize, targetBytesOf, type OptimizeLimits } from "./maintenance/plan-optimize.ts";
export { isOnlyRearranged } from "./maintenance/rearranged.ts";
export { isIntact, type RewriteGroup } from "./maintenance/rewrite-group.ts";
export type { ActionColumns, CheckpointFiles, CheckpointForm, CheckpointRows, TextColumn } from "./needs.ts";
export { actionAt, rowsOfColumns } from "./log/action-columns.ts";
export { openLog, type OpenLogOptions } from "./open-log.ts";
export { addColumns } from "./schema/add-columns.ts";
export {
  MAPPING_MAX_ID_PROPERTY,
  mappingId,
  mappingModeOf,
  physicalPath,
  physicalTable,
} from "./schema/column-mapping.ts";
export { mapColumns } from "./schema/map-columns.ts";
export { checkSchema } from "./schema/check-schema.ts";
export {
  LAST_FIELD_ID_PROPERTY,
  assignFieldIds,
  fieldIdsOf,
  type FieldIds,
  type SchemaWithIds,
} from "./schema/field-ids.ts";
export { widenColumn } from "./alter/widen-column.ts";
export { rowIdColumns, rowIdsOf, withRowIdColumns, type RowIdColumns } from "./schema/row-id-columns.ts";
export { fieldsOf, hasType } from "./schema/walk-schema.ts";
export { identityColumns, withHighWaterMarks, type IdentityColumn } from "./schema/identity-columns.ts";
export { clusteringColumns, clusteringDomain, isClusteredBy } from "./schema/clustering.ts";
export { serializeSchema } from "./schema/serialize-schema.ts";
export type { CommitChanges, HistoryEntry, Snapshot, TableHead } from "./snapshot.ts";
export { encodeStats, type ColumnStats, type StatValue, type StatsLayout } from "./stats/encode-stats.ts";
export { coveringRange } from "./stats/covering-range.ts";
export { type ColumnRange } from "./stats/file-may-match.ts";
export { filesMatching, type WantedFiles } from "./stats/files-matching.ts";
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
