import { createRequire } from "node:module";
import type * as Sdk from "@aws-sdk/client-dynamodb";
import { withoutNodeWarning } from "../../base/index.ts";

export interface Connection {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.DynamoDBClient;
}

export interface ConnectionOptions {
  readonly region?: string;
  readonly endpoint?: string;
}

/** A table that is there answers within a second; one that is throttled says so at once. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 20_000;
/** More at once would wait for the table's capacity, not for the network. */
const SOCKETS_MAX = 64;

/**
 * The SDK is loaded here and at the first publish alone: it takes a third of a second, which nobody should pay who publishes nothing.
 * Its own retries are off: whoever asks decides what a lost answer means.
 */
export function connect({ region, endpoint }: ConnectionOptions): Connection {
  const sdk: typeof Sdk = createRequire(import.meta.url)("@aws-sdk/client-dynamodb");
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const client = withoutNodeWarning(
    () =>
      new sdk.DynamoDBClient({
        ...(region === undefined ? {} : { region }),
        // A table that is not in AWS has no region; the signature wants a name all the same.
        ...(endpoint === undefined
          ? {}
          : { endpoint, region: region ?? (AWS_REGION || AWS_DEFAULT_REGION || "us-east-1") }),
        maxAttempts: 1,
        requestHandler: {
          connectionTimeout: CONNECT_MS,
          requestTimeout: ANSWER_MS,
          throwOnRequestTimeout: true,
          httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
          httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
        },
      }),
  );
  return { sdk, client };
}
