export { isUnfit } from "./target.ts";
export type {
  EncodedRow,
  OpenTarget,
  PublishMark,
  PublishSequence,
  ReadLimits,
  StoredItem,
  Target,
  TargetCapacity,
  TargetChange,
  UnfitRow,
  WriteVerdict,
} from "./target.ts";
export { dynamodbTable, type DynamoDbTargetOptions } from "./dynamodb/dynamodb-table.ts";
