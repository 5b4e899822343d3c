import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateDeliveryStreamCommand, FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { CreateStreamCommand, KinesisClient, MergeShardsCommand, PutRecordsCommand, SplitShardCommand } from "@aws-sdk/client-kinesis"; // prettier-ignore
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { edgeHandler, toFirehose, type StreamRecord } from "../../src/edge/index.ts";
import { bronze, defineLake, dynamodb, openLake, resolveLake, s, silver } from "../../src/lake/index.ts";
import type { DynamoDbOptions, Lake } from "../../src/lake/index.ts";
import { kinesisRecord, streamsRecord, type Change } from "../builders/change-record.ts";
import { item, number } from "../builders/dynamodb-item.ts";
import { requirePart } from "../services/parts.ts";
import { startMoto, type S3Server } from "../services/s3-servers.ts";

const AT = Date.parse("2026-03-09T10:00:00Z") * 1_000;

function change(id: string, total: string | undefined, seconds: number, before?: string): Change {
  const image = (value: string | undefined): Change["after"] =>
    value === undefined ? undefined : item({ id, total: number(value) });
  return { id, micros: AT + seconds * 1_000_000, after: image(total), before: image(before) };
}

describe.skipIf(!requirePart("moto"))("Kinesis and Firehose through their own clients", { timeout: 120_000 }, () => {
  let server: S3Server;
  let folder: string;
  let settings: { readonly endpoint: string; readonly region: string };

  beforeAll(async () => {
    server = await startMoto();
    folder = await mkdtemp(join(tmpdir(), "sluice-kinesis-"));
    settings = { endpoint: server.endpoint, region: "us-east-1" };
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function lakeOf(name: string, options: Partial<DynamoDbOptions>): Lake {
    const orders = bronze("orders", { source: dynamodb({ table: "orders", keys: ["id"], ...options }) });
    const columns = { id: s.string(), total: s.decimal(38, 2) };
    const clean = silver("orders", { from: orders, keys: ["id"], columns, deletes: "hard" });
    const engine = { memory: "512MB", threads: 2 } as const;
    return openLake(resolveLake(defineLake({ name, storage: join(folder, name), engine, tables: [orders, clean] }), { folder })); // prettier-ignore
  }

  const TOTALS = "select id, total::varchar as total from silver.orders order by id";

  test("a Kinesis stream is read through splits and merges, each change once", async () => {
    const tables = new DynamoDBClient(settings);
    // The server speaks HTTP/1.1 alone.
    const client = new KinesisClient({ ...settings, requestHandler: tables.config.requestHandler });
    await tables.send(
      new CreateTableCommand({
        TableName: "orders",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await tables.send(new PutItemCommand({ TableName: "orders", Item: { id: { S: "old" }, total: { N: "1" } } }));
    await client.send(new CreateStreamCommand({ StreamName: "orders", ShardCount: 2 }));
    const put = async (changes: readonly Change[]): Promise<void> => {
      const Records = changes.map((one) => ({ Data: Buffer.from(JSON.stringify(kinesisRecord(one))), PartitionKey: one.id })); // prettier-ignore
      await client.send(new PutRecordsCommand({ StreamName: "orders", Records }));
    };
    const { endpoint, region } = settings;
    await using lake = lakeOf("sent", { scan: true, region, endpoint, kinesis: { stream: "orders", endpoint } });
    const twice = change("b", "2.00", 2);
    await put([change("a", "1.00", 1), twice, change("a", "3.00", 3, "1.00"), twice]);
    const first = await lake.run();
    expect(first.tables.map(({ outcome, error }) => error?.message ?? outcome)).toEqual(["changed", "changed"]);
    // The table was fed to the stream a moment ago only: the scan is sure of nothing yet.
    expect(first.tables[0]?.waiting.map(({ why }) => why).join()).toMatch(/five minutes older/);
    expect(await rowsOf(lake, TOTALS)).toEqual([{ id: "a", total: "3.00" }, { id: "b", total: "2.00" }]); // prettier-ignore
    await client.send(new SplitShardCommand({ StreamName: "orders", ShardToSplit: "shardId-000000000000", NewStartingHashKey: "85070591730234615865843651857942052863" })); // prettier-ignore
    await put([change("c", "4.00", 4), twice, change("b", undefined, 5, "2.00")]);
    await client.send(new MergeShardsCommand({ StreamName: "orders", ShardToMerge: "shardId-000000000002", AdjacentShardToMerge: "shardId-000000000003" })); // prettier-ignore
    await put([change("c", "5.00", 6, "4.00"), change("d", "6.00", 7)]);
    await lake.run();
    expect(await rowsOf(lake, TOTALS)).toEqual([
      { id: "a", total: "3.00" },
      { id: "c", total: "5.00" },
      { id: "d", total: "6.00" },
    ]);
    const counts = "select count(*) as n, count(distinct _event_id) as d from bronze.orders";
    expect(await rowsOf(lake, counts)).toEqual([{ n: 7n, d: 7n }]);
    const quiet = await lake.run();
    expect(quiet.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
    const [told] = await lake.coverage();
    // The scan waits until the stream is five minutes older.
    expect(told?.ledger).toMatchObject({ verdict: "loading", holes: [{ kind: "start" }] });
    expect(told?.silent).toEqual([]);
    const [kinesis] = told?.ledger?.spans ?? [];
    expect(kinesis).toMatchObject({ channel: "kinesis", kind: "changes", batches: { rows: 7 } });
    // This server writes to a shard that was split as before, and never ends it: what came from it waits.
    const parts = kinesis?.parts ?? [];
    expect(parts.map(({ name, state, parents = [] }) => [name, state, ...parents].join().replaceAll(/shardId-0+/g, "")))
      .toEqual([",current", "1,current", "2,unread,", "3,unread,", "4,unread,2,3"]); // prettier-ignore
    const record = { text: expect.stringMatching(/^\d+$/) as string, ms: expect.any(Number) as number };
    expect(parts.slice(0, 2)).toMatchObject([{ from: record, to: record }, { from: record, to: record }]); // prettier-ignore
    client.destroy();
    tables.destroy();
  });

  test("files are read where Firehose puts them", async () => {
    const client = new FirehoseClient(settings);
    const place = { RoleARN: "arn:aws:iam::123456789012:role/firehose", BucketARN: `arn:aws:s3:::${server.bucket}`, Prefix: "changes/" }; // prettier-ignore
    await client.send(new CreateDeliveryStreamCommand({ DeliveryStreamName: "orders", ExtendedS3DestinationConfiguration: place })); // prettier-ignore
    const put = async (changes: readonly Change[]): Promise<void> => {
      const Records = changes.map((one) => ({ Data: Buffer.from(JSON.stringify(kinesisRecord(one))) }));
      await client.send(new PutRecordBatchCommand({ DeliveryStreamName: "orders", Records }));
    };
    const url = `s3://${server.bucket}/changes`;
    await using lake = lakeOf("delivered", { firehose: { url, ...settings, insecure: true } });
    await put([change("a", "1.00", 1), change("b", "2.00", 2)]);
    await put([change("a", "3.00", 3, "1.00"), change("b", "2.00", 2)]);
    const report = await lake.run();
    expect(report.tables.map(({ outcome, error }) => error?.message ?? outcome)).toEqual(["changed", "changed"]);
    await put([change("b", undefined, 4, "2.00")]);
    // A function beside the table's own stream delivers to the same place.
    const deliver = toFirehose({ client, PutRecordBatchCommand, deliveryStream: "orders" });
    const handler = edgeHandler({ keys: ["id"], where: { total: { lt: 10 } }, deliver });
    const changes = [change("c", "6.00", 5), change("d", "60.00", 6), change("c", "66.00", 7, "6.00"), change("e", "7.00", 8)]; // prettier-ignore
    const Records = changes.map((one, at) => streamsRecord(one, String(100 + at)) as StreamRecord);
    expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
    await lake.run();
    expect(await rowsOf(lake, TOTALS)).toEqual([{ id: "a", total: "3.00" }, { id: "e", total: "7.00" }]); // prettier-ignore
    expect(await rowsOf(lake, "select count(*) as n from bronze.orders")).toEqual([{ n: 7n }]);
    client.destroy();
  });
});

async function rowsOf(lake: Lake, sql: string): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for await (const batch of lake.query(sql)) rows.push(...batch);
  return rows;
}
