import { BatchWriteItemCommand, CreateTableCommand, type WriteRequest } from "@aws-sdk/client-dynamodb";
import type { DynamoDbServer } from "../../test/services/dynamodb-local.ts";

export type Item = NonNullable<NonNullable<WriteRequest["PutRequest"]>["Item"]>;

/** Items in a batch, and batches on their way at once. */
const BATCH = 25;
const AT_ONCE = 4;

/** Creates the table `orders` with a stream, and puts items into it, the key of each being `id`. */
export async function fillOrders(
  { client }: DynamoDbServer,
  count: number,
  itemAt: (at: number) => Item,
): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: "orders",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  for (let start = 0; start < count; start += BATCH * AT_ONCE) {
    const batches = Array.from({ length: AT_ONCE }, (_, batch) =>
      Array.from({ length: BATCH }, (_item, at): WriteRequest => ({
        PutRequest: { Item: itemAt(start + batch * BATCH + at) },
      })),
    );
    await Promise.all(
      batches.map(async (batch) => {
        for (let left = batch; left.length > 0;) {
          const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { orders: left } }));
          left = answer.UnprocessedItems?.["orders"] ?? [];
        }
      }),
    );
  }
}
