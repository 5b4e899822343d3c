import { SluiceError } from "../../../base/index.ts";
import type { StreamState } from "./stream-state.ts";

export function noStream(table: string): SluiceError {
  return new SluiceError("source.invalid", "Cannot read the table's stream: it has none", {
    facts: { table },
    advice: "Switch the stream on, with new and old images, or take `stream` away from the source.",
  });
}

/** Why no rows can be made of a stream: Bronze holds its events all the same. */
export function noImages(table: string, view: string): SluiceError {
  return new SluiceError("source.invalid", "Cannot make rows of the table's stream: its records have no new images", {
    facts: { table, view },
    advice:
      "Set `fetchItems: true` beside `stream`, which reads the items that changed; or switch the stream off and on again with NEW_AND_OLD_IMAGES: a scan or an export fills what lies between.",
  });
}

export function missingImages({ streamArn }: StreamState): SluiceError {
  return new SluiceError(
    "source.gap",
    "Cannot go on with the stream: changes were taken in before whose items nobody fetched",
    { facts: { stream: streamArn }, advice: "A complete snapshot fills the gap." },
  );
}

export function filteredOtherwise(table: string): SluiceError {
  return new SluiceError("source.gap", "Cannot go on: changes were read through another filter before", {
    facts: { table },
    advice:
      "What that left out a complete snapshot brings: put a scan beside it, or remove the table and its batches to load it anew.",
  });
}

/** Says what is gone. */
export function lostRecords(state: StreamState, lost: readonly string[], cause?: Error): SluiceError {
  return new SluiceError("source.gap", "Cannot go on with the stream: records are gone that nobody has read", {
    facts: {
      stream: state.streamArn,
      lost: lost.slice(0, 5).join("; "),
      lastRead: new Date(state.polledMs).toISOString(),
    },
    advice:
      "A complete snapshot fills the gap: remove the table and its batches to load it anew, and run at least daily.",
    ...(cause === undefined ? {} : { cause }),
  });
}

export function otherStream(state: StreamState, arn: string): SluiceError {
  return new SluiceError("source.gap", "Cannot go on with the stream: it was switched off and on again", {
    facts: { stream: state.streamArn, now: arn },
    advice: "What changed in between is in neither stream: a complete snapshot fills the gap.",
  });
}

export function otherFilter(state: StreamState): SluiceError {
  return new SluiceError(
    "source.gap",
    "Cannot go on with the stream: other items were taken in than the source says now",
    {
      facts: { stream: state.streamArn },
      advice: "A complete snapshot brings what was left out: remove the table and its batches to load it anew.",
    },
  );
}

export function filterNeedsImages(table: string, view: string): SluiceError {
  return new SluiceError("source.invalid", "Cannot filter the table's stream: its records have no new images", {
    facts: { table, view },
    advice:
      "Set `fetchItems: true`, take `where` and `attributes` away, or switch the stream off and on again with NEW_AND_OLD_IMAGES.",
  });
}
