import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { awsTableClient } from "./aws-client.ts";
import type { TableClient } from "./table-client.ts";

const ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders";
const TAG = "sluice:read-capacity-before";

/** DynamoDB's protocol with answers of our own, for what its emulator has not: tags, limits, refusals. */
let server: Server;
let client: TableClient;
let answers: Record<string, unknown>;
const asked: [string, unknown][] = [];

beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "sluicetest", AWS_SECRET_ACCESS_KEY: "sluicetestsecret" });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const name = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      const given = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { readonly NextToken?: string };
      asked.push([name, given]);
      const answer = answers[given.NextToken === undefined ? name : `${name} ${given.NextToken}`] ?? {};
      const isFault = typeof answer === "string";
      response.writeHead(isFault ? 400 : 200, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify(isFault ? { __type: `com.amazonaws.dynamodb.v20120810#${answer}` } : answer));
    });
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  const { port } = server.address() as AddressInfo;
  client = awsTableClient({ table: "orders", endpoint: `http://127.0.0.1:${port}` });
});

afterAll(() => {
  client.close();
  server.close();
});

beforeEach(() => {
  asked.length = 0;
  answers = {};
});

test.each([
  [
    { ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 7, NumberOfDecreasesToday: 4, LastDecreaseDateTime: 60 } }, // prettier-ignore
    { kind: "provisioned", read: 5, write: 7, isActive: false, decreases: 4, decreasedMs: 60_000 },
  ],
  [
    { ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 7 }, TableStatus: "ACTIVE" },
    { kind: "provisioned", read: 5, write: 7, isActive: true, decreases: 0, decreasedMs: undefined },
  ],
  [
    { BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" }, OnDemandThroughput: { MaxReadRequestUnits: 900 } },
    { kind: "on-demand", readMost: 900 },
  ],
  [
    { BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" }, OnDemandThroughput: { MaxReadRequestUnits: -1 } },
    { kind: "on-demand", readMost: undefined },
  ],
])("of a table that is %o", async (Table, expected) => {
  answers = { DescribeTable: { Table } };
  expect((await client.describeTable()).capacity).toEqual(expected);
});

test("what was before is kept as a tag, found among others, and taken away", async () => {
  await client.capacity.keep(ARN, 5);
  answers = {
    ListTagsOfResource: { Tags: [{ Key: "team", Value: "5" }], NextToken: "more" },
    "ListTagsOfResource more": { Tags: [{ Key: TAG, Value: "5" }] },
  };
  expect(await client.capacity.raisedFrom(ARN)).toBe(5);
  await client.capacity.keep(ARN, undefined);
  answers = { ListTagsOfResource: { Tags: [{ Key: TAG, Value: "many" }] } };
  expect(await client.capacity.raisedFrom(ARN)).toBeUndefined();
  expect(asked).toEqual([
    ["TagResource", { ResourceArn: ARN, Tags: [{ Key: TAG, Value: "5" }] }],
    ["ListTagsOfResource", { ResourceArn: ARN }],
    ["ListTagsOfResource", { ResourceArn: ARN, NextToken: "more" }],
    ["UntagResource", { ResourceArn: ARN, TagKeys: [TAG] }],
    ["ListTagsOfResource", { ResourceArn: ARN }],
  ]);
});

test("a change names both capacities, and one too many a day comes later", async () => {
  expect(await client.capacity.change({ read: 5, write: 7 })).toBe("asked");
  const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 7 };
  expect(asked).toEqual([["UpdateTable", { TableName: "orders", ProvisionedThroughput }]]);
  answers = { UpdateTable: "LimitExceededException" };
  expect(await client.capacity.change({ read: 5, write: 7 })).toBe("later");
  answers = { UpdateTable: "AccessDeniedException" };
  await expect(client.capacity.change({ read: 5, write: 7 })).rejects.toMatchObject({ code: "source.denied" });
});

test("the account's limit is told where one may ask for it", async () => {
  answers = { DescribeLimits: { TableMaxReadCapacityUnits: 80_000 } };
  expect(await client.capacity.tableReadMost()).toBe(80_000);
  answers = { DescribeLimits: "AccessDeniedException" };
  expect(await client.capacity.tableReadMost()).toBeUndefined();
});
