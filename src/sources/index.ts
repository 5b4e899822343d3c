export type {
  Channel,
  ChannelPlan,
  ChannelState,
  Notice,
  PlannedBatch,
  PlannedFile,
  Source,
  StageContext,
  StagedBatch,
  UnreadableLine,
} from "./source.ts";
export { dynamodbExports } from "./dynamodb/exports.ts";
export type { DynamoDbExportsNeeds, DynamoDbExportsOptions } from "./dynamodb/options.ts";
