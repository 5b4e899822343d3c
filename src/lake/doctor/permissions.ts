/** What Sluice asks AWS for, purpose by purpose, as the SDK names its commands. A test finds commands that are in none of them. */
export const PURPOSES = {
  /** The table's keys, size and stream. */
  describe: ["DescribeTable"],
  scan: ["Scan"],
  /** What the account may use, for a scan that may use a share of it. */
  limits: ["DescribeLimits"],
  /** Capacity that is raised for a scan and put back; what it was stands in a tag of the table. */
  raiseRead: ["UpdateTable", "ListTagsOfResource", "TagResource", "UntagResource"],
  stream: ["DescribeStream", "GetShardIterator", "GetRecords"],
  fetchItems: ["BatchGetItem"],
  kinesis: ["DescribeStreamSummary", "ListShards", "GetShardIterator", "GetRecords"],
  /** Whether the table sends its changes to Kinesis. */
  destination: ["DescribeKinesisStreamingDestination"],
  /** Of the function before Firehose, which has a role of its own. */
  edge: ["PutRecordBatch"],
  /** What changed, by an index of the table. */
  queryIndex: ["Query"],
  requestExports: ["DescribeTable", "DescribeContinuousBackups", "ExportTableToPointInTime"],
  listExports: ["ListExports"],
  describeExports: ["DescribeExport"],
  /** Looks only; needed by `sluice doctor` alone. */
  doctor: ["DescribeTable", "DescribeContinuousBackups", "DescribeTimeToLive", "DescribeKinesisStreamingDestination"],
  publish: ["DescribeTable", "GetItem", "PutItem", "DeleteItem", "Scan"],
  /** Capacity that is raised for a publish and put back. */
  raiseWrite: ["UpdateTable"],
  readObjects: ["GetObject", "HeadObject"],
  listObjects: ["ListObjectsV2"],
  writeObjects: [
    "GetObject",
    "HeadObject",
    "PutObject",
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Purpose = keyof typeof PURPOSES;

/** Commands of S3 whose action has another name (AWS, "Actions, resources, and condition keys for Amazon S3"). */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  GetObject: "s3:GetObject",
  HeadObject: "s3:GetObject",
  PutObject: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  DeleteObject: "s3:DeleteObject",
  DeleteObjects: "s3:DeleteObject",
  ListObjectsV2: "s3:ListBucket",
};

/** Purposes that ask another service than DynamoDB, where commands are actions by the same name. */
const SERVICES: Readonly<Partial<Record<Purpose, string>>> = { kinesis: "kinesis", edge: "firehose" };

/** The IAM actions of a purpose, each once, in order. Commands of DynamoDB and its streams are actions by the same name. */
export function actionsOf(purpose: Purpose): readonly string[] {
  const commands: readonly string[] = PURPOSES[purpose];
  const service = SERVICES[purpose] ?? "dynamodb";
  return [...new Set(commands.map((command) => S3_ACTIONS[command] ?? `${service}:${command}`))].toSorted();
}
