import type { S3Options } from "../../storage/index.ts";

/** A place in S3, or in a store that speaks its protocol. Credentials come from the environment, a profile or a role, never from here. */
export type S3Place = S3Options;

/** A folder of this machine, relative to the configuration's own, or a place in S3: `s3://bucket/prefix`, or that with options. */
export type Location = string | S3Place;
