/**
 * `sluice/edge`: a function for AWS Lambda between a table's stream and Amazon Data Firehose. It has no part of the engine: a few kilobytes.
 *
 * ```ts
 * import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
 * import { edgeHandler, toFirehose } from "sluice/edge";
 * import { orders } from "./orders.ts";
 *
 * const client = new FirehoseClient({});
 * export const handler = edgeHandler({
 *   ...orders,
 *   deliver: toFirehose({ client, PutRecordBatchCommand, deliveryStream: "orders" }),
 * });
 * ```
 */
export { edgeHandler, type EdgeOptions } from "./edge-handler.ts";
export type { Deliver } from "./deliver.ts";
export { toFirehose, type FirehoseParts } from "./to-firehose.ts";
export type { StreamChange, StreamEvent, StreamRecord, StreamResponse } from "./stream-event.ts";
