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
