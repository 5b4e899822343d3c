import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { dateOfAnswer } from "../live/answer-date.ts";
import { asked, connectTables, whereOf, type AwsPlace, type Tables } from "../live/aws-connection.ts";
import { keepItems } from "../live/keep-items.ts";
import { keyFrom, keyText } from "../live/aws-tables.ts";
import type { IndexClient, IndexFacts, IndexPage, IndexQuery } from "./index-client.ts";

/** Indexes of a table through the SDK. */
export function awsIndexClient(place: AwsPlace): IndexClient {
  let tables: Tables | undefined;
  const table = (): Tables => (tables ??= connectTables(place));
  const where = whereOf(place);
  return {
    describeIndex: async (index): Promise<IndexFacts | undefined> => {
      const { sdk, client } = table();
      const command = new sdk.DescribeTableCommand({ TableName: place.table });
      const date = dateOfAnswer(command);
      const { Table } = await asked("describe the table", where, async () => await client.send(command));
      const all = [...(Table?.GlobalSecondaryIndexes ?? []), ...(Table?.LocalSecondaryIndexes ?? [])];
      const found = all.find(({ IndexName }) => IndexName === index);
      if (Table === undefined || found === undefined) return undefined;
      const keys = [...(found.KeySchema ?? [])].toSorted((one) => (one.KeyType === "HASH" ? -1 : 1));
      return {
        tableId: Table.TableId ?? `${Table.TableArn ?? ""}@${Table.CreationDateTime?.getTime() ?? 0}`,
        keys: keys.map(({ AttributeName = "" }) => AttributeName),
        isWhole: found.Projection?.ProjectionType === "ALL",
        ...(where.isHere === true ? {} : date()),
      };
    },
    query: async (request): Promise<IndexPage> => {
      const { sdk, client } = table();
      const command = new sdk.QueryCommand(inputOf(place.table, request));
      const items = keepItems(command, "Items");
      const answer = await asked("query the index", where, async () => await client.send(command));
      return {
        items: items(),
        scanned: answer.ScannedCount ?? 0,
        units: answer.ConsumedCapacity?.CapacityUnits ?? 0,
        lastKey: answer.LastEvaluatedKey === undefined ? undefined : keyText(answer.LastEvaluatedKey),
      };
    },
    close: () => tables?.client.destroy(),
  };
}

function inputOf(table: string, { index, keys, partition, since, startKey, limit, isBackwards }: IndexQuery) {
  const [partitionKey, sortKey] = keys;
  const { value } = keyFrom(`{"value":${partition}}`);
  const values: Record<string, AttributeValue> = value === undefined ? {} : { ":p": value };
  if (since !== undefined) values[":s"] = since.tag === "N" ? { N: since.text } : { S: since.text };
  return {
    TableName: table,
    IndexName: index,
    KeyConditionExpression: since === undefined ? "#p = :p" : "#p = :p AND #s >= :s",
    ExpressionAttributeNames: { "#p": partitionKey, ...(since === undefined ? {} : { "#s": sortKey }) },
    ExpressionAttributeValues: values,
    ScanIndexForward: isBackwards !== true,
    ReturnConsumedCapacity: "TOTAL" as const,
    ...(limit === undefined ? {} : { Limit: limit }),
    ...(startKey === undefined ? {} : { ExclusiveStartKey: keyFrom(startKey) }),
  };
}
