/** The public door `sluice`: what a configuration is written with, and what it resolves to. */
export {
  ConfigError,
  bronze,
  bucket,
  date,
  defineLake,
  dms,
  dynamodb,
  dynamodbTarget,
  expect,
  gold,
  hour,
  month,
  resolveLake,
  s,
  silver,
  sql,
  withDeleted,
} from "../definition/index.ts";
export type {
  AttributeCondition,
  AutoCompactOptions,
  BronzeOptions,
  BronzeTable,
  ByteSize,
  Column,
  Columns,
  DefinedLake,
  Duration,
  DmsEndpointSettings,
  DmsOptions,
  DmsSource,
  DynamoDbOptions,
  DynamoDbSource,
  DynamoDbTarget,
  DynamoDbTargetOptions,
  EngineOptions,
  Expectation,
  Expectations,
  FilterValue,
  GoldOptions,
  GoldTable,
  ItemWhere,
  Join,
  LakeConfig,
  LakeDefinition,
  Location,
  Partition,
  PartitionBy,
  Problem,
  ReconcileOptions,
  ResolveOptions,
  S3Place,
  SilverOptions,
  SilverTable,
  SqlQuery,
  StorageFolders,
  Table,
  TableDefinition,
  TableMeaning,
  WithDeleted,
} from "../definition/index.ts";
export { SluiceError, type FailureCode } from "../base/index.ts";

/** Working with a lake from a program: what the command line does, without its text. */
export { examineLake, type Examination, type TableLanding } from "./doctor/examine-lake.ts";
export { readStatistics } from "./doctor/dms-statistics.ts";
export type { Finding, Wishes } from "./doctor/finding.ts";
export type { LandingCost } from "./doctor/landing-costs.ts";
export { leastPolicy } from "./doctor/least-policy.ts";
export { checkDefinition } from "./check-definition.ts";
export { prepareRun } from "./prepare-run.ts";
export { inspectTable, type InspectedFeature, type TableInspection } from "./inspect-table.ts";
export { hasGap, lakeCoverage, type TableCoverage } from "./lake-coverage.ts";
export {
  lakeStatus,
  type LakeStatus,
  type LastReconciliation,
  type RunSummary,
  type TableRun,
  type TableStatus,
} from "./lake-status.ts";
export { openLake, type Lake, type LakeOptions } from "./open-lake.ts";
export type { StartRequest } from "./start-tables.ts";
export type { FlushedTable, StartEvent } from "../orchestration/index.ts";
export { openPath, type PathTable } from "./open-path.ts";
export { placesOf } from "./open-store.ts";
export {
  hasWork,
  isUpToDate,
  planLake,
  readTotals,
  type PlannedRead,
  type PlannedStep,
  type TablePlan,
} from "./plan-lake.ts";
export {
  countQuarantined,
  quarantinedRecords,
  type QuarantineCount,
  type QuarantineFilter,
} from "./quarantine-report.ts";
export type { Reconciliation } from "../layers/index.ts";
export { prepareQuery, type PreparedQuery } from "./query-lake.ts";
export { liveRows, type TableSize } from "./table-size.ts";
export { traceRow, type Trace, type TraceOptions, type TracedEvent } from "./trace.ts";
