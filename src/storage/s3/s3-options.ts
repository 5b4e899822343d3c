import { SluiceError } from "../../base/index.ts";
import { checkPath } from "../object-path.ts";

/** Where objects lie in S3, or in a store that speaks its protocol. Credentials come from the SDK's own chain, never from here. */
export interface S3Options {
  /** `s3://bucket/prefix`, taken literally, without percent-decoding. */
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
  /** The AWS account that must own the bucket: nothing is read from or written to a bucket of somebody else. */
  readonly bucketOwner?: string;
  /** Tags of new objects. */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Declares that one process alone ever writes here. Only for stores without conditional puts, where two writers would
   * replace each other's commits.
   */
  readonly singleWriter?: boolean;
}

/** Every option by its name: the compiler misses one that is not here. */
export const S3_OPTIONS = {
  url: true,
  region: true,
  endpoint: true,
  pathStyle: true,
  insecure: true,
  kmsKey: true,
  bucketOwner: true,
  tags: true,
  singleWriter: true,
} as const satisfies Readonly<Record<keyof S3Options, true>>;

export interface S3Address {
  readonly bucket: string;
  /** Without `/` at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

export function isS3Url(text: string): boolean {
  return /^s3[an]?:\/\//i.test(text);
}

/** The bucket and the prefix of an `s3://` URL, or why it is none. */
export function readS3Url(text: string): S3Address | { readonly flaw: string } {
  const [, bucket, rest] = /^s3[an]?:\/\/([^/]*)(?:\/(.*))?$/is.exec(text) ?? [];
  if (bucket === undefined) return { flaw: "it is not written s3://bucket/prefix" };
  // Old buckets have capitals and underscores; what no bucket has is a sign of credentials or of a host in the URL.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) return { flaw: "it has no valid bucket name" };
  const prefix = (rest ?? "").replace(/\/$/, "");
  try {
    if (prefix !== "") checkPath(prefix);
  } catch {
    return { flaw: "its prefix has an empty segment, `.` or `..`" };
  }
  return { bucket, prefix };
}

export function s3Address(url: string): S3Address {
  const address = readS3Url(url);
  if (!("flaw" in address)) return address;
  throw new SluiceError("config.invalid", `Cannot use an S3 address: ${address.flaw}`, {
    advice: "Write s3://bucket/prefix.",
  });
}

/** Why an endpoint is refused; undefined for a good one. What is sent in the clear can be read and changed on its way. */
export function flawOfEndpoint(endpoint: string, insecure = false): string | undefined {
  if (!URL.canParse(endpoint)) return "it is no URL";
  const { protocol, hostname, username, password } = new URL(endpoint);
  if (username !== "" || password !== "") return "it holds credentials: give them through the environment or a profile";
  if (protocol === "https:") return undefined;
  if (protocol !== "http:") return "it is not written https://host";
  const isThisMachine = hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
  if (isThisMachine || insecure) return undefined;
  return "it is not encrypted: use https, or say `insecure: true` where nobody can listen";
}

/** What everything at a URL, and in a folder below it, begins with: `s3://bucket/prefix/`, literally. */
export function s3Root(url: string, folder = ""): string {
  const { bucket, prefix } = s3Address(url);
  return `${["s3:/", bucket, prefix, folder].filter((part) => part !== "").join("/")}/`;
}

/** As the store shows itself: each part of the prefix in its URI form, as Delta's absolute paths are compared with it. */
export function s3Url({ bucket, prefix }: S3Address): string {
  const parts = prefix === "" ? [] : prefix.split("/").map(encodeURIComponent);
  return ["s3:/", bucket, ...parts].join("/");
}
