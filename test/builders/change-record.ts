import { item, type Item } from "./dynamodb-item.ts";

/** A change of a table `orders` with the key `id`. */
export interface Change {
  readonly id: string;
  /** Microseconds since 1970. */
  readonly micros: number;
  readonly after?: Item | undefined;
  readonly before?: Item | undefined;
  readonly isTtl?: boolean;
}

const TTL_IDENTITY = { type: "Service", principalId: "dynamodb.amazonaws.com" };

function nameOf({ after, before }: Change): string {
  if (after === undefined) return "REMOVE";
  return before === undefined ? "INSERT" : "MODIFY";
}

function imagesOf({ id, after, before }: Change): object {
  return {
    Keys: item({ id }),
    ...(after === undefined ? {} : { NewImage: after }),
    ...(before === undefined ? {} : { OldImage: before }),
  };
}

export interface KinesisForm {
  readonly table?: string;
  /** `none`: as records were before there were two. */
  readonly precision?: "MILLISECOND" | "MICROSECOND" | "none";
  /** Another one each time that the same change is delivered, to show that nothing hangs on it. */
  readonly eventId?: string;
}

/** As Kinesis Data Streams for DynamoDB writes it (Developer Guide, "Working with a Kinesis data stream in DynamoDB"). */
export function kinesisRecord(change: Change, form: KinesisForm = {}): object {
  const { table = "orders", precision = "MICROSECOND", eventId = "2ba1e4f8-4b6b-4d6f-a3c0-7f1c2a0f3d11" } = form;
  const isMicros = precision === "MICROSECOND";
  return {
    awsRegion: "eu-central-1",
    eventID: eventId,
    eventName: nameOf(change),
    userIdentity: change.isTtl === true ? TTL_IDENTITY : null,
    recordFormat: "application/json",
    tableName: table,
    dynamodb: {
      ApproximateCreationDateTime: isMicros ? change.micros : Math.floor(change.micros / 1_000),
      ...(precision === "none" ? {} : { ApproximateCreationDateTimePrecision: precision }),
      ...imagesOf(change),
      SizeBytes: 42,
    },
    eventSource: "aws:dynamodb",
  };
}

/** As a function that reads the table's stream is given it (Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB"). */
export function streamsRecord(change: Change, sequence: string, table = "orders"): object {
  return {
    eventID: `e-${sequence}`,
    eventName: nameOf(change),
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "eu-central-1",
    ...(change.isTtl === true ? { userIdentity: TTL_IDENTITY } : {}),
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(change.micros / 1_000_000),
      ...imagesOf(change),
      SequenceNumber: sequence,
      SizeBytes: 42,
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
    eventSourceARN: `arn:aws:dynamodb:eu-central-1:123456789012:table/${table}/stream/2026-03-01T00:00:00.000`,
  };
}
