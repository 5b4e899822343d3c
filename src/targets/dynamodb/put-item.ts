import type * as Sdk from "@aws-sdk/client-dynamodb";
import { answerOf } from "../../base/index.ts";
import type { AttributeMap, AttributeValue } from "../../contract/index.ts";
import type { KeyAttribute } from "./key-attributes.ts";
import type { Requests } from "./requests.ts";

export interface ConditionalPut {
  readonly item: AttributeMap;
  readonly condition: {
    readonly expression: string;
    readonly names: Record<string, string>;
    readonly values: Record<string, AttributeValue>;
  };
  /** Expected. */
  readonly units: number;
  readonly keep?: () => Promise<void>;
}

/** Puts one item where the condition holds; the units that it took. Throws the SDK's `ConditionalCheckFailedException` where it does not. */
export async function putIf(requests: Requests, { item, condition, units, keep }: ConditionalPut): Promise<number> {
  const { client, sdk } = requests.connection;
  const { expression, names, values } = condition;
  const command = new sdk.PutItemCommand({
    TableName: requests.table,
    Item: asSdk(item),
    ConditionExpression: expression,
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: asSdk(values) }),
    ReturnConsumedCapacity: "TOTAL",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  const output = await requests.send(async (options) => await client.send(command, options), {
    verb: "write to",
    units,
    ...(keep === undefined ? {} : { keep }),
  });
  return output.ConsumedCapacity?.CapacityUnits ?? units;
}

/** The item that kept a put from being done. Any other error is thrown on. */
export async function refusedItem(
  requests: Requests,
  error: unknown,
  { item, keys }: { readonly item: AttributeMap; readonly keys: readonly KeyAttribute[] },
): Promise<AttributeMap | undefined> {
  if (answerOf(error).code !== "ConditionalCheckFailedException") throw error;
  const { Item } = error as Sdk.ConditionalCheckFailedException;
  return Item === undefined ? await getItem(requests, keyOf(item, keys)) : fromSdk(Item);
}

/** The item as it is now. */
export async function getItem(requests: Requests, key: AttributeMap): Promise<AttributeMap | undefined> {
  const { client, sdk } = requests.connection;
  const command = new sdk.GetItemCommand({ TableName: requests.table, Key: asSdk(key), ConsistentRead: true });
  const { Item } = await requests.send(async (options) => await client.send(command, options), { verb: "read" });
  return Item === undefined ? undefined : fromSdk(Item);
}

function keyOf(item: AttributeMap, keys: readonly KeyAttribute[]): AttributeMap {
  return Object.fromEntries(keys.flatMap(({ name }) => (item[name] === undefined ? [] : [[name, item[name]]])));
}

/** The SDK's own type is the same, but mutable. */
export function asSdk(item: AttributeMap): Record<string, Sdk.AttributeValue> {
  return item as Record<string, Sdk.AttributeValue>;
}

export function fromSdk(item: Record<string, Sdk.AttributeValue>): AttributeMap {
  return item as AttributeMap;
}
