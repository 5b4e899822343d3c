import { createRequire } from "node:module";
import type * as Dynamo from "@aws-sdk/client-dynamodb";
import type * as Kinesis from "@aws-sdk/client-kinesis";
import type * as Streams from "@aws-sdk/client-dynamodb-streams";
import { answerFailure } from "./answer-failure.ts";
import { clientSettings, withoutNodeWarning, type ServicePlace } from "../../../base/index.ts";

export interface AwsPlace extends ServicePlace {
  readonly table: string;
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

export function connectKinesis(place: ServicePlace): KinesisStreams {
  const sdk: typeof Kinesis = require_("@aws-sdk/client-kinesis");
  const settings = settingsOf(place);
  // Of its own accord this client speaks HTTP/2, which only reading by subscription needs, and which other servers do not speak.
  const { requestHandler } = connectTables({ table: "", ...place }).client.config;
  return { sdk, client: withoutNodeWarning(() => new sdk.KinesisClient({ ...settings, requestHandler })) };
}

/** Where a request goes. `at` is for messages. */
export interface Where {
  readonly table: string;
  readonly at: string;
  /** A server on this machine, whose clock is this machine's. */
  readonly isHere?: boolean;
}

const HERE: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function whereOf({ table, region, endpoint }: AwsPlace): Where {
  const isHere = endpoint !== undefined && URL.canParse(endpoint) && HERE.has(new URL(endpoint).hostname);
  return { table, at: endpoint ?? region ?? "the region of this environment", isHere };
}

/** What a request answers; its failure in our own words. */
export async function asked<T>(what: string, where: Where, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw answerFailure(error, what, where);
  }
}

/** DynamoDB answers within seconds or not at all. */
const ANSWER_MS = 30_000;

function settingsOf(place: ServicePlace): ReturnType<typeof clientSettings> {
  // Who is throttled is told: the channel has a budget to keep.
  return clientSettings(place, { attempts: 3, answerMs: ANSWER_MS });
}
