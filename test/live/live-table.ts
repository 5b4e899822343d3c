import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeDefinition,
  type AttributeValue,
  type GlobalSecondaryIndex,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDbServer } from "../services/dynamodb-local.ts";

export type Item = Record<string, AttributeValue>;

/** A table of orders on a server, with a stream where it is wanted. */
export class LiveTable {
  readonly name: string;
  readonly #server: DynamoDbServer;

  private constructor(server: DynamoDbServer, name: string) {
    this.#server = server;
    this.name = name;
  }

  static async create(
    server: DynamoDbServer,
    name: string,
    {
      view = "NEW_AND_OLD_IMAGES",
      byChange,
    }: {
      readonly view?: "NEW_AND_OLD_IMAGES" | "NEW_IMAGE" | "KEYS_ONLY" | "off";
      /** An index `by-change` over the texts `shop` and `changed` that has so much of its items. */
      readonly byChange?: "ALL" | "KEYS_ONLY";
    } = {},
  ): Promise<LiveTable> {
    await server.client.send(
      new CreateTableCommand({
        TableName: name,
        KeySchema: [{ AttributeName: "order_id", KeyType: "HASH" }],
        AttributeDefinitions: textAttributes("order_id", ...(byChange === undefined ? [] : ["shop", "changed"])),
        ...(byChange === undefined ? {} : { GlobalSecondaryIndexes: [indexByChange(byChange)] }),
        BillingMode: "PAY_PER_REQUEST",
        ...(view === "off" ? {} : { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
      }),
    );
    return new LiveTable(server, name);
  }

  async put(item: Item): Promise<void> {
    await this.#server.client.send(new PutItemCommand({ TableName: this.name, Item: item }));
  }

  async delete(order: string): Promise<void> {
    await this.#server.client.send(new DeleteItemCommand({ TableName: this.name, Key: { order_id: { S: order } } }));
  }

  /** Puts and deletes (by key), 25 a request, as many requests at once as a server of this machine likes. */
  async writeAll(changes: readonly (Item | string)[]): Promise<void> {
    const requests = changes.map((change): WriteRequest =>
      typeof change === "string"
        ? { DeleteRequest: { Key: { order_id: { S: change } } } }
        : { PutRequest: { Item: change } },
    );
    for (let start = 0; start < requests.length; start += 100) {
      const batches = [0, 25, 50, 75].map((at) => requests.slice(start + at, start + at + 25));
      await Promise.all(batches.filter((batch) => batch.length > 0).map(async (batch) => await this.#write(batch)));
    }
  }

  /** What is there, by key. */
  async items(): Promise<ReadonlyMap<string, Item>> {
    const items = new Map<string, Item>();
    let startKey: Item | undefined;
    do {
      const page = await this.#server.client.send(
        new ScanCommand({
          TableName: this.name,
          ConsistentRead: true,
          ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
        }),
      );
      for (const item of page.Items ?? []) items.set(item["order_id"]?.S ?? "", item);
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined);
    return items;
  }

  async #write(batch: readonly WriteRequest[]): Promise<void> {
    let left: readonly WriteRequest[] = batch;
    while (left.length > 0) {
      const answer = await this.#server.client.send(
        new BatchWriteItemCommand({ RequestItems: { [this.name]: [...left] } }),
      );
      left = answer.UnprocessedItems?.[this.name] ?? [];
    }
  }
}

function textAttributes(...names: readonly string[]): AttributeDefinition[] {
  return names.map((AttributeName) => ({ AttributeName, AttributeType: "S" }));
}

function indexByChange(ProjectionType: "ALL" | "KEYS_ONLY"): GlobalSecondaryIndex {
  return {
    IndexName: "by-change",
    KeySchema: [
      { AttributeName: "shop", KeyType: "HASH" },
      { AttributeName: "changed", KeyType: "RANGE" },
    ],
    Projection: { ProjectionType },
  };
}

export function orderItem(id: string, amount: string, more: Item = {}): Item {
  return { order_id: { S: id }, amount: { N: amount }, ...more };
}
