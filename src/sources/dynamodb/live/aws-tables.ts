import type { AttributeValue, TableDescription } from "@aws-sdk/client-dynamodb";
import { must, parseJson, stringifyJson } from "../../../base/index.ts";
import { dateOfAnswer } from "./answer-date.ts";
import { capacityOf } from "./aws-capacity.ts";
import { asked, type Tables, type Where } from "./aws-connection.ts";
import { keepItems } from "./keep-items.ts";
import type { FoundItems, ScanPage, ScanRequest, StreamView, TableFacts } from "./table-client.ts";

export async function describeTable({ sdk, client }: Tables, where: Where): Promise<TableFacts> {
  const command = new sdk.DescribeTableCommand({ TableName: where.table });
  const date = dateOfAnswer(command);
  const answer = await asked("describe the table", where, async () => await client.send(command));
  return {
    ...factsOf(must(answer.Table, "a described table has a description")),
    ...(where.isHere === true ? {} : date()),
  };
}

export async function scanPage(
  { sdk, client }: Tables,
  where: Where,
  { segment, segments, startKey, limit, filter }: ScanRequest,
): Promise<ScanPage> {
  const command = new sdk.ScanCommand({
    TableName: where.table,
    Segment: segment,
    TotalSegments: segments,
    ReturnConsumedCapacity: "TOTAL",
    ...filter,
    ...(limit === undefined ? {} : { Limit: limit }),
    ...(startKey === undefined ? {} : { ExclusiveStartKey: keyFrom(startKey) }),
  });
  const items = keepItems(command, "Items");
  const answer = await asked("scan the table", where, async () => await client.send(command));
  return {
    items: items(),
    scanned: answer.ScannedCount ?? 0,
    units: answer.ConsumedCapacity?.CapacityUnits ?? 0,
    lastKey: answer.LastEvaluatedKey === undefined ? undefined : keyText(answer.LastEvaluatedKey),
  };
}

/** `BatchGetItem`: up to 100 keys and 16 MB; what does not fit, or was throttled, is to be asked for again. */
export async function foundItems({ sdk, client }: Tables, where: Where, keys: readonly string[]): Promise<FoundItems> {
  const command = new sdk.BatchGetItemCommand({
    RequestItems: { [where.table]: { Keys: keys.map(keyFrom), ConsistentRead: true } },
    ReturnConsumedCapacity: "TOTAL",
  });
  const items = keepItems(command, "Responses", where.table);
  const answer = await asked("read items of the table", where, async () => await client.send(command));
  const left = answer.UnprocessedKeys?.[where.table]?.Keys ?? [];
  const units = (answer.ConsumedCapacity ?? []).reduce((sum, one) => sum + (one.CapacityUnits ?? 0), 0);
  return { items: items(), units, left: left.map(keyText) };
}

function factsOf(table: TableDescription): TableFacts {
  const { LatestStreamArn: arn, StreamSpecification: stream } = table;
  const view: StreamView | undefined = stream?.StreamViewType;
  const keys = [...(table.KeySchema ?? [])].toSorted((one) => (one.KeyType === "HASH" ? -1 : 1));
  const createdMs = table.CreationDateTime?.getTime() ?? 0;
  return {
    arn: table.TableArn ?? "",
    id: table.TableId ?? `${table.TableArn ?? ""}@${createdMs}`,
    keys: keys.map((key) => key.AttributeName ?? ""),
    createdMs,
    items: table.ItemCount ?? 0,
    sizeBytes: table.TableSizeBytes ?? 0,
    capacity: capacityOf(table),
    ...(arn === undefined || view === undefined ? {} : { stream: { arn, view } }),
  };
}

/** A key of up to two attributes; binary ones are base64 in our text. */
export function keyText(key: Readonly<Record<string, AttributeValue>>): string {
  const plain = Object.entries(key).map(([name, value]) => {
    const [tag, content] = Object.entries(value)[0] ?? ["", ""];
    const text = content instanceof Uint8Array ? Buffer.from(content).toString("base64") : String(content);
    return [name, { [tag]: text }];
  });
  return stringifyJson(Object.fromEntries(plain));
}

export function keyFrom(text: string): Record<string, AttributeValue> {
  const key = parseJson(text) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  return Object.fromEntries(
    Object.entries(key).map(([name, value]) => {
      const [tag = "", content = ""] = Object.entries(value)[0] ?? [];
      const given = tag === "B" ? { B: new Uint8Array(Buffer.from(content, "base64")) } : { [tag]: content };
      return [name, given as unknown as AttributeValue];
    }),
  );
}
