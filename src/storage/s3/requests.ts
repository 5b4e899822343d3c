import { type Attempts } from "./attempts.ts";
import type { Connection } from "./connection.ts";
import { s3Address, type S3Options } from "./s3-options.ts";

/** What every request to a store is made of. */
export interface Requests {
  readonly connection: () => Connection;
  readonly attempts: Attempts;
  readonly bucket: string;
  /** The key of a path. */
  readonly keyOf: (path: string) => string;
  /** In every request: whose the bucket must be. */
  readonly owner: { readonly ExpectedBucketOwner?: string };
  /** In every request that makes an object: how it is encrypted and tagged. */
  readonly making: {
    readonly ServerSideEncryption?: "aws:kms";
    readonly SSEKMSKeyId?: string;
    readonly BucketKeyEnabled?: boolean;
    readonly Tagging?: string;
  };
}

export function requestsFor(options: S3Options, connection: () => Connection, attempts: Attempts): Requests {
  const { bucket, prefix } = s3Address(options.url);
  const { kmsKey, bucketOwner, tags = {} } = options;
  const tagging = new URLSearchParams(tags).toString();
  return {
    connection,
    attempts,
    bucket,
    keyOf: (path) => (prefix === "" ? path : `${prefix}/${path}`),
    owner: bucketOwner === undefined ? {} : { ExpectedBucketOwner: bucketOwner },
    making: {
      // The bucket key spares a request to KMS an object.
      ...(kmsKey === undefined
        ? {}
        : { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: kmsKey, BucketKeyEnabled: true }),
      ...(tagging === "" ? {} : { Tagging: tagging }),
    },
  };
}
