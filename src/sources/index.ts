export type {
  Channel,
  ChannelPlan,
  ChannelState,
  Notice,
  Pace,
  PlannedBatch,
  PlannedFile,
  Source,
  StageContext,
  StagedBatch,
  UnreadableLine,
} from "./source.ts";
export type { Attributes, ContentsReading, SourceContents } from "./contents.ts";
export type {
  BatchRange,
  ChannelEpoch,
  ChannelHistory,
  FileTally,
  MissingPart,
  OwedChanges,
  PartPlace,
  SourcePart,
  Span,
} from "./span.ts";
export { joinTallies } from "./file-tally.ts";
export { dmsFiles } from "./dms/dms-files.ts";
export type { DmsFilesNeeds, DmsFilesOptions } from "./dms/options.ts";
export { dynamodbSource, type DynamoDbNeeds, type DynamoDbSourceOptions } from "./dynamodb/dynamodb-source.ts";
export { awsKinesisClient } from "./dynamodb/kinesis/aws-kinesis-client.ts";
export { awsIndexClient } from "./dynamodb/increments/aws-index.ts";
export { awsTableClient } from "./dynamodb/live/aws-client.ts";
export { awsExportClient } from "./dynamodb/requests/aws-exports.ts";
export { surveyTable } from "./dynamodb/survey/survey-table.ts";
export type { Known, TableSurvey } from "./dynamodb/survey/table-survey.ts";
export type { TableClient } from "./dynamodb/live/table-client.ts";
