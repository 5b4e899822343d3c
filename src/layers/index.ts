export { batchLog, type BatchLog } from "./bronze/batch-log.ts";
export { channelHistories } from "./bronze/channel-histories.ts";
export { ledgerOf, type Hole, type Ledger } from "./bronze/coverage-ledger.ts";
export { planChannel } from "./bronze/plan-channel.ts";
export { ChannelMemory } from "./bronze/channel-memory.ts";
export { ingestBronze, rememberChannels, type IngestOptions, type IngestOutcome } from "./bronze/ingest.ts";
export {
  openNewest,
  placeOf,
  type LakeTables,
  type LayerContext,
  type ProgressEvent,
  type TablePlace,
} from "./context.ts";
export { compactAfterCommit, writtenPlaces, type Compaction } from "./compact.ts";
export { slowestDependant, type Dependant } from "./dependants.ts";
export { inputAppId, namedInputs, refreshGold, type GoldOutcome } from "./gold/refresh.ts";
export { checkPublished, type DriftReport, type DriftedKey } from "./publish/check-published.ts";
export { isPublished, targetState, type TargetState } from "./publish/published-log.ts";
export { publishFlaw, publishes, type PublishedDefinition } from "./publish/published-rows.ts";
export {
  publishTable,
  publisherOf,
  type PublishOptions,
  type PublishOutcome,
  type TargetKey,
} from "./publish/publish-table.ts";
export { quarantineName } from "./quarantine/quarantine.ts";
export { foldSilver, foldTarget, type FoldOutcome } from "./silver/fold.ts";
export { reconcileAgainMs, reconcileDueMs } from "./reconcile/reconcile-due.ts";
export {
  reconcileTable,
  type DifferingKey,
  type ReconcileReport,
  type Reconciliation,
} from "./reconcile/reconcile-table.ts";
export { silverKeys, type SilverKeys } from "./reconcile/silver-keys.ts";
export { restoreTable } from "./restore.ts";
export { joinAppId } from "./silver/joins.ts";
export { foldAppId } from "./silver/plan-fold.ts";
export { rebuildSilver } from "./silver/rebuild.ts";
export { silverSchema } from "./silver/silver-schema.ts";
export { FINGERPRINT_PROPERTY } from "./table-meaning.ts";
