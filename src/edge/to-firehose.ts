import type { Deliver } from "./deliver.ts";

/** What is needed of `@aws-sdk/client-firehose`, which every Node function of Lambda has. */
export interface FirehoseParts {
  readonly deliveryStream: string;
  /** A `FirehoseClient`. */
  readonly client: { send(command: never): unknown };
  readonly PutRecordBatchCommand: new (input: {
    DeliveryStreamName: string;
    Records: { Data: Uint8Array }[];
  }) => unknown;
}

/** Of `PutRecordBatch`: an entry a record, in their order. */
interface Answer {
  readonly RequestResponses?: readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
}

/** Delivers to a delivery stream of Amazon Data Firehose: which records of a request it took, it says one by one. */
export function toFirehose({ deliveryStream, client, PutRecordBatchCommand }: FirehoseParts): Deliver {
  return async (records) => {
    const Records = records.map((Data) => ({ Data }));
    const command = new PutRecordBatchCommand({ DeliveryStreamName: deliveryStream, Records });
    const { RequestResponses = [] } = (await client.send(command as never)) as Answer;
    return RequestResponses.map(({ ErrorCode, ErrorMessage }) =>
      ErrorCode === undefined ? undefined : `${ErrorCode}: ${ErrorMessage ?? ""}`,
    );
  };
}
