import type { S3Connection, S3Grant, S3Refusal } from "../s3-access.ts";
import type { Connection } from "./connection.ts";
import { s3Address, s3Root, type S3Options } from "./s3-options.ts";

/** How another client reads what the store of these options reads. Nothing is loaded before `grant`. */
export function s3Connection(options: S3Options, connection: () => Connection): S3Connection {
  const { bucket } = s3Address(options.url);
  return {
    root: s3Root(options.url),
    grant: async () => {
      if (options.bucketOwner !== undefined) {
        return { kind: "refused", why: "the bucket's owner is to be asked for in every request" };
      }
      return await grantOf(connection(), bucket);
    },
  };
}

async function grantOf(connection: Connection, bucket: string): Promise<S3Grant | S3Refusal> {
  const request = await unsentRequest(connection, bucket);
  const place = placeIn(request, bucket);
  if (place === undefined) return { kind: "refused", why: "the endpoint has a path of its own" };
  const { config } = connection.client;
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await config.credentials();
  return {
    kind: "granted",
    ...place,
    secure: request.protocol === "https:",
    region: await config.region(),
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiresMs: expiration?.getTime(),
  };
}

/** An HTTP request, as far as it says where it goes. */
interface Addressed {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

const KEY = "key";

/**
 * The request that the SDK would send: where it goes follows from options, environment, profile, region, FIPS and dual stack, and
 * only the SDK knows all of that.
 */
async function unsentRequest({ client, sdk }: Connection, bucket: string): Promise<Addressed> {
  const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: KEY });
  let found: Addressed | undefined;
  command.middlewareStack.add(
    () => async (args) => {
      found = args.request as Addressed;
      return await Promise.resolve({ response: undefined, output: { $metadata: {} } });
    },
    // Before the request is signed or sent.
    { step: "build", priority: "low", name: "sluiceUnsent" },
  );
  await client.send(command);
  if (found === undefined) throw new TypeError("The SDK has made no request");
  return found;
}

function placeIn({ hostname, port, path }: Addressed, bucket: string): Pick<S3Grant, "host" | "pathStyle"> | undefined {
  const withPort = (name: string): string => (port === undefined ? name : `${name}:${port}`);
  if (path === `/${bucket}/${KEY}`) return { host: withPort(hostname), pathStyle: true };
  if (path !== `/${KEY}` || !hostname.startsWith(`${bucket}.`)) return undefined;
  return { host: withPort(hostname.slice(bucket.length + 1)), pathStyle: false };
}
