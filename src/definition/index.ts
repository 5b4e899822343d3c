export { columnMetadata } from "./column-metadata.ts";
export { bronze, gold, silver } from "./builders/table.ts";
export type {
  AutoCompactOptions,
  BronzeOptions,
  BronzeTable,
  GoldOptions,
  GoldTable,
  Join,
  PartitionBy,
  ReconcileOptions,
  SilverOptions,
  SilverTable,
  Table,
  TableMeaning,
} from "./builders/table.ts";
export { durationMs, type ByteSize, type Duration } from "./builders/amounts.ts";
export { s, type Column, type Columns } from "./builders/column.ts";
export { dms, type DmsEndpointSettings, type DmsOptions, type DmsSource } from "./builders/dms.ts";
export type { AttributeCondition, FilterValue, ItemWhere } from "./builders/item-filter.ts";
export { dynamodb, type DynamoDbOptions, type DynamoDbSource } from "./builders/dynamodb.ts";
export { dynamodbTarget, type DynamoDbTarget, type DynamoDbTargetOptions } from "./builders/dynamodb-target.ts";
export { expect, type Expectation, type Expectations } from "./builders/expectation.ts";
export {
  defineLake,
  type EngineOptions,
  type DefinedLake,
  type LakeConfig,
  type StorageFolders,
} from "./builders/lake.ts";
export type { Location, S3Place } from "./builders/s3-place.ts";
export { bucket, date, hour, month, type Partition } from "./builders/partition.ts";
export { sql, withDeleted, type SqlQuery, type WithDeleted } from "./builders/sql-query.ts";
export { definitionFingerprint } from "./fingerprint.ts";
export { itemFilterOf } from "./resolve/item-filter.ts";
export { ConfigError, type Problem } from "./reading/problem.ts";
export { AUTO_COMPACTION } from "./resolve/auto-compaction.ts";
export { resolveLake, type ResolveOptions } from "./resolve/resolve-lake.ts";
export type { Environment, Machine } from "./resolve/engine-settings.ts";
export type {
  AutoCompaction,
  BronzeDefinition,
  ColumnHint,
  ColumnMeaning,
  DeletePolicy,
  DmsDefinition,
  DynamoDbDefinition,
  EngineSettings,
  GoldDefinition,
  KeyTemplate,
  LakeDefinition,
  Meaning,
  PartitionField,
  PublishDefinition,
  ReconcileSchedule,
  ResolvedLocation,
  Rule,
  SilverColumn,
  SilverDefinition,
  SilverJoin,
  SourceDefinition,
  TableDefinition,
  TableScan,
} from "./model.ts";
