import { createRequire } from "node:module";
import type * as Sdk from "@aws-sdk/client-dynamodb";

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

/** On Node 20 the SDK warns of its own later versions, which the pinned one does not concern. */
function withoutNodeWarning<T>(work: () => T): T {
  const name = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";
  const before = process.env[name];
  process.env[name] = "true";
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
