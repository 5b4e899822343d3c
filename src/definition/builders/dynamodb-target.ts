import type { Duration } from "./amounts.ts";
import { marked, type Marked } from "./mark.ts";

/** Where rows go. */
export interface DynamoDbTarget extends Marked<"target", TargetContents> {}

export interface TargetContents {
  readonly system: "dynamodb";
  readonly options: unknown;
}

export interface DynamoDbTargetOptions {
  /** The DynamoDB table's name. It must be there already. */
  readonly table: string;
  /**
   * The table's key attributes, the partition key first, each with a template: `{ pk: "{day}#{category}", sk: "{region}" }`. A template
   * of one column alone may fill a key of numbers or bytes. A brace of the text itself is written twice.
   */
  readonly keys: Readonly<Record<string, string>>;
  /** Columns that become attributes. Default: all of them; of a Silver table those that it declares. */
  readonly columns?: readonly string[];
  /** Default: `AWS_REGION` or the profile. */
  readonly region?: string;
  /** Another place than AWS, such as DynamoDB Local. Default: `AWS_ENDPOINT_URL_DYNAMODB`, else AWS. */
  readonly endpoint?: string;
  /** Allows an endpoint without encryption beyond this machine: everything can be read and changed on its way. */
  readonly insecure?: boolean;
  /** Units of write capacity that a publish may use a second. Default: half of what is provisioned; 500 on demand. */
  readonly writeCapacity?: number;
  /** Provisioned write capacity while a publish is at work; what was before is put back, also after a crash. Default: unchanged. */
  readonly raiseTo?: number;
  /** What becomes of an item that Sluice did not write, where a row belongs. Default `refuse`: the publish stops at it. */
  readonly existing?: "refuse" | "replace";
  /** The table's TTL attribute: what stands for a deleted row carries it and so goes by itself. Default: none. */
  readonly ttl?: string;
  /** How long what stands for a deleted row stays, at least a day. Default `"7 days"`. */
  readonly keepDeleted?: Duration;
}

/** A DynamoDB table as a target: `publish: dynamodbTarget({ … })`. */
export function dynamodbTarget(options: DynamoDbTargetOptions): DynamoDbTarget {
  return Object.freeze(marked("target", Object.freeze({ system: "dynamodb" as const, options })));
}
