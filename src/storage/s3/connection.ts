import { createRequire } from "node:module";
import type * as Sdk from "@aws-sdk/client-s3";
import { flawOfEndpoint, s3Address, s3Url, type S3Options } from "./s3-options.ts";
import { SOCKETS_MAX, SluiceError, regionOf, withoutNodeWarning } from "../../base/index.ts";

export interface Timeouts {
  readonly connectMs: number;
  /** Without a byte from or to the store. */
  readonly idleMs: number;
  /** From the beginning of a request to the last byte of its answer, however busy it looks. */
  readonly wholeMs: number;
}

/**
 * A store that is there connects within a second; a slow one still sends something within half a minute; and the largest
 * objects that go through one request (256 MiB) are through within a quarter of an hour on a line of 2.5 Mbit/s.
 */
export const TIMEOUTS: Timeouts = { connectMs: 5_000, idleMs: 30_000, wholeMs: 15 * 60_000 };

export interface Connection {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
}

/**
 * The SDK is loaded here and at the first request alone: it takes a third of a second, which nobody should pay who has no S3.
 * Its own retries are off: a conditional put that the SDK repeats unseen would take its own first write for somebody else's.
 */
export function connect(options: S3Options, timeouts: Timeouts): Connection {
  const endpoint = endpointOf(options);
  const flaw = endpoint === undefined ? undefined : flawOfEndpoint(endpoint, options.insecure);
  if (flaw !== undefined) throw new SluiceError("config.invalid", `Cannot use the endpoint of an S3 store: ${flaw}`);
  const sdk: typeof Sdk = createRequire(import.meta.url)("@aws-sdk/client-s3");
  const client = withoutNodeWarning(
    () =>
      new sdk.S3Client({
        ...placeOf(options, endpoint),
        maxAttempts: 1,
        followRegionRedirects: true,
        requestHandler: {
          connectionTimeout: timeouts.connectMs,
          socketTimeout: timeouts.idleMs,
          httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
          httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
          logger: SILENT,
        },
      }),
  );
  giveDeadline(client, timeouts.wholeMs);
  return { sdk, client };
}

/** What drips in byte by byte is never idle: a deadline alone ends it. It holds until the answer's body is read. */
function giveDeadline(client: Sdk.S3Client, wholeMs: number): void {
  const { requestHandler } = client.config;
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = async (request, options) => {
    const deadline = AbortSignal.timeout(wholeMs);
    return await handle(request, { ...options, abortSignal: deadline });
  };
}

const SILENT = { debug: silence, info: silence, warn: silence, error: silence };

function silence(): void {}

/** The place of these options, as no other store has it: the endpoint is a part of it, wherever it is said. */
export function s3Identity(options: S3Options): string {
  const endpoint = endpointOf(options);
  const place = s3Url(s3Address(options.url));
  if (endpoint === undefined) return place;
  return `${URL.canParse(endpoint) ? new URL(endpoint).href : endpoint} ${place}`;
}

/** The SDK reads these names itself, but knows no style of its own for such a store. */
function endpointOf({ endpoint }: Pick<S3Options, "endpoint">): string | undefined {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
  return endpoint ?? (AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || undefined);
}

function placeOf({ region, pathStyle }: S3Options, endpoint: string | undefined): Sdk.S3ClientConfig {
  if (endpoint === undefined) {
    return {
      ...(region === undefined ? {} : { region }),
      ...(pathStyle === undefined ? {} : { forcePathStyle: pathStyle }),
    };
  }
  const named = regionOf({ endpoint, ...(region === undefined ? {} : { region }) });
  return { endpoint, ...(named === undefined ? {} : { region: named }), forcePathStyle: pathStyle ?? true };
}
