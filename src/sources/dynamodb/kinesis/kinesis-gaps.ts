import { SluiceError } from "../../../base/index.ts";
import type { KinesisState } from "./kinesis-state.ts";

/** Says what is gone. */
export function lostFromKinesis(state: KinesisState, lost: readonly string[], cause?: Error): SluiceError {
  return new SluiceError("source.gap", "Cannot go on with the Kinesis stream: records are gone that nobody has read", {
    facts: {
      stream: state.streamArn,
      lost: lost.slice(0, 5).join("; "),
      lastRead: new Date(state.polledMs).toISOString(),
      keptHours: Math.floor(state.keptMs / 3_600_000),
    },
    advice:
      "A complete snapshot fills the gap: remove the table and its batches to load it anew. Run more often, or raise the stream's retention.",
    ...(cause === undefined ? {} : { cause }),
  });
}

export function noKinesis(stream: string, where: string): SluiceError {
  return new SluiceError("source.missing", "Cannot read the Kinesis stream: it is not there", {
    facts: { stream, at: where },
    advice: "Correct `kinesis` of the source: the stream's name, and its region.",
  });
}

export function notFed(table: string, stream: string): SluiceError {
  return new SluiceError(
    "source.invalid",
    "Cannot rely on the Kinesis stream: the table does not send its changes to it",
    {
      facts: { table, stream },
      advice: "Switch it on (EnableKinesisStreamingDestination); what changed meanwhile a complete snapshot brings.",
    },
  );
}
