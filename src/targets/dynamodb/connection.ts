import { createRequire } from "node:module";
import type * as Sdk from "@aws-sdk/client-dynamodb";
import { clientSettings, withoutNodeWarning, type ServicePlace } from "../../base/index.ts";

export interface Connection {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.DynamoDBClient;
}

/** A table that is there answers within a second; one that is throttled says so at once. */
const ANSWER_MS = 20_000;

/**
 * The SDK is loaded here and at the first publish alone: it takes a third of a second, which nobody should pay who publishes nothing.
 * Its own retries are off: whoever asks decides what a lost answer means.
 */
export function connect(place: ServicePlace): Connection {
  const sdk: typeof Sdk = createRequire(import.meta.url)("@aws-sdk/client-dynamodb");
  const settings = clientSettings(place, { attempts: 1, answerMs: ANSWER_MS });
  return { sdk, client: withoutNodeWarning(() => new sdk.DynamoDBClient(settings)) };
}
