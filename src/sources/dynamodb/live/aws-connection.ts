import { createRequire } from "node:module";
import type * as Dynamo from "@aws-sdk/client-dynamodb";
import type * as Kinesis from "@aws-sdk/client-kinesis";
import type * as Streams from "@aws-sdk/client-dynamodb-streams";
import { answerFailure } from "./answer-failure.ts";
import { withoutNodeWarning } from "../../../base/index.ts";

export interface AwsPlace {
  readonly table: string;
  readonly region?: string;
  /** Another server than AWS's own, such as DynamoDB Local. */
  readonly endpoint?: string;
}

/** A client of the SDK, and its commands. */
export interface Loaded<Sdk, Client> {
  readonly sdk: Sdk;
  readonly client: Client;
}

export type Tables = Loaded<typeof Dynamo, Dynamo.DynamoDBClient>;
export type StreamsOfTables = Loaded<typeof Streams, Streams.DynamoDBStreamsClient>;

const require_ = createRequire(import.meta.url);

/** The SDK is loaded here, at the first request: nobody should pay for it who asks for nothing. */
export function connectTables(place: AwsPlace): Tables {
  const sdk: typeof Dynamo = require_("@aws-sdk/client-dynamodb");
  return { sdk, client: withoutNodeWarning(() => new sdk.DynamoDBClient(settingsOf(place))) };
}

export function connectStreams(place: AwsPlace): StreamsOfTables {
  const sdk: typeof Streams = require_("@aws-sdk/client-dynamodb-streams");
  return { sdk, client: withoutNodeWarning(() => new sdk.DynamoDBStreamsClient(settingsOf(place))) };
}

export type KinesisStreams = Loaded<typeof Kinesis, Kinesis.KinesisClient>;

export function connectKinesis(place: Omit<AwsPlace, "table">): KinesisStreams {
  const sdk: typeof Kinesis = require_("@aws-sdk/client-kinesis");
  const settings = settingsOf(place);
  // Of its own accord this client speaks HTTP/2, which only reading by subscription needs, and which other servers do not speak.
  const { requestHandler } = connectTables({ table: "", ...place }).client.config;
  return { sdk, client: withoutNodeWarning(() => new sdk.KinesisClient({ ...settings, requestHandler })) };
}

/** Where a request goes, for messages. */
export interface Where {
  readonly table: string;
  readonly at: string;
}

export function whereOf({ table, region, endpoint }: AwsPlace): Where {
  return { table, at: endpoint ?? region ?? "the region of this environment" };
}

/** What a request answers; its failure in our own words. */
export async function asked<T>(what: string, where: Where, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw answerFailure(error, what, where);
  }
}

const CONNECT_MS = 5_000;
/** DynamoDB answers within seconds or not at all. */
const IDLE_MS = 30_000;
const SOCKETS_MAX = 64;

function settingsOf({ region, endpoint }: Omit<AwsPlace, "table">): Dynamo.DynamoDBClientConfig {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const anyRegion = endpoint === undefined ? undefined : AWS_REGION || AWS_DEFAULT_REGION || "us-east-1";
  const chosen = region ?? anyRegion;
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(chosen === undefined ? {} : { region: chosen }),
    // Who is throttled is told: the channel has a budget to keep.
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: IDLE_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
  };
}
