import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bronze, defineLake, dms, dynamodb, dynamodbTarget, resolveLake, s, silver } from "../index.ts";
import { leastPolicy, type Policy } from "./least-policy.ts";
import { PURPOSES, actionsOf, type Purpose } from "./permissions.ts";

const SOURCE = join(import.meta.dirname, "../..");

/** The commands of AWS's SDK that the code below a folder makes. */
function commandsIn(folder: string): readonly string[] {
  const files = readdirSync(join(SOURCE, folder), { recursive: true, encoding: "utf8" });
  const texts = files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(SOURCE, folder, file), "utf8"));
  const found = texts.flatMap((text) =>
    [...text.matchAll(/new (?:\w+\.)*(\w+)Command\(/g)].map(([, name = ""]) => name),
  );
  return [...new Set(found)].toSorted();
}

function commandsOf(...purposes: readonly Purpose[]): readonly string[] {
  return [...new Set(purposes.flatMap((purpose): readonly string[] => PURPOSES[purpose]))].toSorted();
}

describe("every command of the SDK belongs to a purpose, and every purpose has only commands that are made", () => {
  test.each<[string, readonly Purpose[]]>([
    [
      "sources/dynamodb",
      [
        "describe",
        "scan",
        "limits",
        "raiseRead",
        "stream",
        "fetchItems",
        "kinesis",
        "destination",
        "queryIndex",
        "requestExports",
        "listExports",
        "describeExports",
        "doctor",
      ],
    ],
    ["edge", ["edge"]],
    ["targets/dynamodb", ["publish", "raiseWrite"]],
    ["storage/s3", ["readObjects", "listObjects", "writeObjects"]],
  ])("%s", (folder, purposes) => {
    expect(commandsIn(folder)).toEqual(commandsOf(...purposes));
  });

  test("and no other room asks AWS for anything", () => {
    expect(commandsIn(".")).toEqual(commandsOf(...(Object.keys(PURPOSES) as Purpose[])));
  });
});

test("a table that sends its changes to Kinesis: the stream alone, and whether it is fed", () => {
  const source = dynamodb({ table: "orders", keys: ["id"], region: "eu-central-1", scan: true, kinesis: "changes" });
  const lake = defineLake({ name: "shop", storage: "./lake", tables: [bronze("orders", { source })] });
  const { Statement } = leastPolicy(resolveLake(lake, { folder: "/f" }), { account: "123456789012" });
  const granted = new Map(Statement.map(({ Sid, Action, Resource }) => [Sid, [Action, Resource]]));
  expect(granted.get("BronzeOrdersKinesis")).toEqual([
    ["kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"],
    ["arn:aws:kinesis:eu-central-1:123456789012:stream/changes"],
  ]);
  expect(granted.get("BronzeOrdersDestination")).toEqual([
    ["dynamodb:DescribeKinesisStreamingDestination"],
    ["arn:aws:dynamodb:eu-central-1:123456789012:table/orders"],
  ]);
});

const ALL = { bucket: "raw", key: "arn:aws:kms:eu-central-1:123456789012:key/k-1" };

function policyOf(): Policy {
  const place = { keys: ["id"], region: "eu-central-1" } as const;
  const streamed = bronze("orders", {
    source: dynamodb({
      ...place,
      table: "orders",
      landing: "stream",
      scan: { readCapacity: "25%", raiseTo: 400 },
      fetchItems: true,
    }),
  });
  const indexed = bronze("prices", {
    source: dynamodb({
      ...place,
      table: "prices",
      incremental: { attribute: "changed", index: "by-change", partition: "shop" },
    }),
  });
  const sent = bronze("sent", { source: dynamodb({ ...place, table: "sent", scan: true, kinesis: "changes" }) });
  const exported = bronze("items", {
    source: dynamodb({
      ...place,
      table: "items",
      export: { url: `s3://${ALL.bucket}/exports`, kmsKey: ALL.key },
      requestExports: true,
    }),
  });
  const loaded = bronze("customers", {
    source: dms({ folder: "s3://dms-files/", schema: "shop", table: "customers", keys: ["id"], columns: ["id"] }),
  });
  const clean = silver("orders", {
    from: streamed,
    keys: ["id"],
    columns: { id: s.string() },
    publish: dynamodbTarget({ table: "daily", keys: { pk: "{id}" }, region: "eu-central-1", raiseTo: 100 }),
  });
  const lake = defineLake({
    name: "shop",
    storage: { url: "s3://lake/shop", kmsKey: "alias/lake", tags: { team: "shop" } },
    tables: [streamed, indexed, sent, exported, loaded, clean],
  });
  return leastPolicy(resolveLake(lake, { folder: "/p", machine: { memoryBytes: 6e9, cores: 2 } }), {
    account: "123456789012",
  });
}

test("a lake that uses everything may do everything that the code does, and nothing else", () => {
  const granted = new Set(policyOf().Statement.flatMap(({ Action }) => Action));
  // The function before Firehose has a role of its own.
  const own = (Object.keys(PURPOSES) as Purpose[]).filter((purpose) => purpose !== "edge");
  const needed = own.flatMap((purpose) => actionsOf(purpose));
  expect(granted).toEqual(
    new Set([...needed, "s3:PutObjectTagging", "s3:PutObjectAcl", "kms:Decrypt", "kms:GenerateDataKey"]),
  );
});

test("each statement names its table, stream, objects or key", () => {
  const { Statement } = policyOf();
  const table = "arn:aws:dynamodb:eu-central-1:123456789012:table";
  expect(Object.fromEntries(Statement.map(({ Sid, Resource }) => [Sid, Resource.join(" ")]))).toEqual({
    BronzeSentDescribe: `${table}/sent`,
    BronzeSentScan: `${table}/sent`,
    BronzeSentDestination: `${table}/sent`,
    BronzeSentKinesis: "arn:aws:kinesis:eu-central-1:123456789012:stream/changes",
    BronzeSentDoctor: `${table}/sent`,
    BronzeOrdersDescribe: `${table}/orders`,
    BronzeOrdersScan: `${table}/orders`,
    BronzeOrdersLimits: "*",
    BronzeOrdersRaiseRead: `${table}/orders`,
    BronzeOrdersStream: `${table}/orders/stream/*`,
    BronzeOrdersFetchItems: `${table}/orders`,
    BronzeOrdersDoctor: `${table}/orders`,
    BronzePricesDescribe: `${table}/prices`,
    BronzePricesQueryIndex: `${table}/prices/index/by-change`,
    BronzePricesFetchItems: `${table}/prices`,
    BronzePricesDoctor: `${table}/prices`,
    BronzeItemsRequestExports: `${table}/items`,
    BronzeItemsListExports: "*",
    BronzeItemsDescribeExports: `${table}/items/export/*`,
    BronzeItemsExportsWrite: "arn:aws:s3:::raw/exports/*",
    BronzeItemsExportsWriteKey: ALL.key,
    BronzeItemsDoctor: `${table}/items`,
    BronzeItemsExportsRead: "arn:aws:s3:::raw/exports/*",
    BronzeItemsExportsList: "arn:aws:s3:::raw",
    BronzeItemsExportsKey: ALL.key,
    BronzeCustomersRead: "arn:aws:s3:::dms-files/*",
    BronzeCustomersList: "arn:aws:s3:::dms-files",
    SilverOrdersPublish: `${table}/daily`,
    SilverOrdersRaiseWrite: `${table}/daily`,
    LakeWrite: "arn:aws:s3:::lake/shop/*",
    LakeList: "arn:aws:s3:::lake",
    LakeKey: "arn:aws:kms:*:123456789012:key/*",
  });
  expect(Statement.find(({ Sid }) => Sid === "LakeKey")?.Condition).toEqual({
    "ForAnyValue:StringEquals": { "kms:ResourceAliases": ["alias/lake"] },
  });
  for (const { Sid } of Statement) expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
});

const actions = (options: object): readonly string[] => {
  const orders = bronze("orders", { source: dynamodb({ table: "t", keys: ["id"], ...options }) });
  const lake = defineLake({ name: "shop", storage: "./lake", tables: [orders] });
  const resolved = resolveLake(lake, { folder: "/p", machine: { memoryBytes: 6e9, cores: 2 } });
  const running = leastPolicy(resolved).Statement.filter(({ Sid }) => !Sid.endsWith("Doctor"));
  return running.flatMap(({ Action }) => Action).toSorted();
};

test("a choice is granted what it needs, and nothing of the others", () => {
  expect(actions({ landing: "scan" })).toEqual(["dynamodb:DescribeTable", "dynamodb:Scan"]);
  expect(actions({ landing: "export", export: "s3://raw-files/" })).toEqual(["s3:GetObject", "s3:ListBucket"]);
  expect(actions({ landing: "kinesis", kinesis: "changes" })).toEqual([
    "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:DescribeTable",
    "dynamodb:Scan",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
  ]);
  expect(actions({ landing: "stream", export: "./exports" })).toEqual([
    "dynamodb:DescribeStream",
    "dynamodb:DescribeTable",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
  ]);
});
