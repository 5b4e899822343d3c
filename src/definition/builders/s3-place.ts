/** A place in S3, or in a store that speaks its protocol. Credentials come from the environment, a profile or a role, never from here. */
export interface S3Place {
  /** `s3://bucket/prefix`, taken literally. */
  readonly url: string;
  /** Default: `AWS_REGION` or the profile. */
  readonly region?: string;
  /** Another store than AWS, such as `https://minio.example.com`. Default: `AWS_ENDPOINT_URL`, else AWS. */
  readonly endpoint?: string;
  /** Whether the bucket stands in the path instead of the host's name. Default: with an endpoint, yes. */
  readonly pathStyle?: boolean;
  /** Allows an endpoint without encryption beyond this machine: everything can be read and changed on its way. */
  readonly insecure?: boolean;
  /** The KMS key that new objects are encrypted with. Default: what the bucket says. */
  readonly kmsKey?: string;
  /** The AWS account that must own the bucket. */
  readonly bucketOwner?: string;
  /** Tags of new objects. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Declares that one process alone ever writes here: for stores without conditional puts. */
  readonly singleWriter?: boolean;
}

/** A folder of this machine, relative to the configuration's own, or a place in S3: `s3://bucket/prefix`, or that with options. */
export type Location = string | S3Place;
