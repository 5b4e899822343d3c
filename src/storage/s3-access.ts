/**
 * What a client other than ours needs to read a root in S3 by itself. Stores below one root share one connection, so that
 * it is known by its identity.
 */
export interface S3Access {
  readonly bucket: string;
  /** What every key of this store begins with, literally and without `/` at its ends; empty for the whole bucket. */
  readonly prefix: string;
  readonly connection: S3Connection;
}

export interface S3Connection {
  /** What everything that the connection reaches begins with: `s3://bucket/prefix/`, literally. */
  readonly root: string;
  /** How requests have to be made now; credentials are looked after as the store's own are. Fails as the store would. */
  grant(): Promise<S3Grant | S3Refusal>;
}

export interface S3Grant {
  readonly kind: "granted";
  /** Host and, where it is not the usual one, port. */
  readonly host: string;
  readonly secure: boolean;
  /** Whether the bucket stands in the path instead of the host's name. */
  readonly pathStyle: boolean;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** When the credentials end; undefined where they do not. */
  readonly expiresMs: number | undefined;
}

/** No other client can do what the root's options ask for. */
export interface S3Refusal {
  readonly kind: "refused";
  readonly why: string;
}
