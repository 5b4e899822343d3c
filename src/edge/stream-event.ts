import type { AttributeMap } from "../contract/index.ts";

/** A record of a table's stream as Lambda hands it over; what is not named here goes on as it is. */
export interface StreamRecord {
  readonly eventName?: string;
  readonly dynamodb?: StreamChange;
  readonly [name: string]: unknown;
}

export interface StreamChange {
  readonly Keys?: AttributeMap;
  readonly NewImage?: AttributeMap;
  readonly OldImage?: AttributeMap;
  readonly SequenceNumber?: string;
  readonly [name: string]: unknown;
}

/** What Lambda calls a function with that reads a table's stream. */
export interface StreamEvent {
  readonly Records: readonly StreamRecord[];
}

/** What the function answers where its event source mapping has `ReportBatchItemFailures`: Lambda goes on from the first of these. */
export interface StreamResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}
