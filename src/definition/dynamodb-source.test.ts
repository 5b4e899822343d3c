import { expect, test } from "vitest";
import { ConfigError, bronze, defineLake, dynamodb, resolveLake, type DynamoDbOptions } from "./index.ts";

test("a table's stream beside its snapshot, and a scan with a budget", () => {
  const place = { table: "orders", keys: ["order_id"], region: "eu-central-1" } as const;
  const scan = { readCapacity: 50, raiseTo: 400, segments: 8, every: "6 hours" } as const;
  const streamed = bronze("orders", { source: dynamodb({ ...place, export: "s3://raw/", stream: true }) });
  const scanned = bronze("items", { source: dynamodb({ ...place, scan }) });
  const fetched = bronze("keys", {
    source: dynamodb({ ...place, scan: true, stream: true, fetchItems: { readCapacity: 5 } }),
  });
  const { tables } = resolveLake(
    defineLake({ name: "shop", storage: "./lake", tables: [streamed, scanned, fetched] }),
    {
      folder: "/project/shop",
      machine: { memoryBytes: 6e9, cores: 2 },
    },
  );
  expect(tables).toMatchObject([
    { source: { exports: { folder: { url: "s3://raw/" } }, stream: true, region: "eu-central-1" } },
    { source: { scan: { readCapacity: 50, raiseTo: 400, segments: 8, everyMs: 21_600_000 }, stream: false } },
    { source: { scan: {}, stream: true, fetchItems: { readCapacity: 5 } } },
  ]);
});

function scanOf(readCapacity: unknown): unknown {
  const scan = { readCapacity } as { readonly readCapacity: number };
  const scanned = bronze("items", { source: dynamodb({ table: "items", keys: ["id"], scan }) });
  const lake = defineLake({ name: "shop", storage: "./lake", tables: [scanned] });
  const [table] = resolveLake(lake, { folder: "/project/shop", machine: { memoryBytes: 6e9, cores: 2 } }).tables;
  return table?.layer === "bronze" && table.source.kind === "dynamodb" ? table.source.scan?.readCapacity : undefined;
}

test.each([
  ["25%", { share: 0.25 }],
  ["0.5 %", { share: 0.005 }],
  ["100%", { share: 1 }],
  [7, 7],
])("a scan may use %o", (given, expected) => {
  expect(scanOf(given)).toEqual(expected);
});

test.each(["0%", "101%", "25", "-5%", "a%", 0, 1.5, true])("a scan cannot use %o", (given) => {
  expect(() => scanOf(given)).toThrow(ConfigError);
  expect(() => scanOf(given)).toThrow(/scan\.readCapacity: expected a share such as "25%", or read units a second/);
});

test.each([
  [{ scan: true, fetchItems: true }, /fetchItems: expected `stream: true` beside it/],
  [{ scan: true, stream: true, fetchItems: { readCapacity: 0 } }, /fetchItems\.readCapacity: expected read units/],
  [{ scan: true, stream: true, fetchItems: "yes" }, /fetchItems: expected/],
])("items are fetched for a stream, with a budget: %o", (options, message) => {
  const orders = bronze("orders", { source: dynamodb({ table: "t", keys: ["id"], ...(options as { scan: true }) }) });
  const lake = defineLake({ name: "shop", storage: "./lake", tables: [orders] });
  expect(() => resolveLake(lake, { folder: "/p", machine: { memoryBytes: 6e9, cores: 2 } })).toThrow(message);
});

test("files of Firehose, with and without what else is to be said of them", () => {
  const place = { table: "orders", keys: ["order_id"] } as const;
  const files = { files: "./changes", errors: "errors/", lateness: "7 days", exactAttributes: true } as const;
  const plain = bronze("plain", { source: dynamodb({ ...place, firehose: "s3://raw/orders" }) });
  const told = bronze("told", { source: dynamodb({ ...place, scan: true, firehose: files }) });
  const { tables } = resolveLake(defineLake({ name: "shop", storage: "./lake", tables: [plain, told] }), {
    folder: "/f",
  });
  expect(tables).toMatchObject([
    { source: { firehose: { folder: { url: "s3://raw/orders" } } } },
    {
      source: {
        scan: {},
        firehose: { folder: "/f/changes", errors: "errors/", latenessMs: 7 * 86_400_000, exactAttributes: true },
      },
    },
  ]);
  const late = bronze("late", { source: dynamodb({ ...place, firehose: { ...files, lateness: "60 days" } }) });
  expect(() => resolveLake(defineLake({ name: "shop", storage: "./lake", tables: [late] }), { folder: "/f" })).toThrow(
    /firehose\.lateness.*at most 31 days/,
  );
});

test("items and attributes that are taken in, the key and the TTL attribute always", () => {
  const where = { status: "open" };
  const source = dynamodb({ table: "t", keys: ["id"], scan: true, ttl: "until", where, attributes: ["status"] });
  const lake = defineLake({ name: "shop", storage: "./lake", tables: [bronze("items", { source })] });
  const { tables } = resolveLake(lake, { folder: "/project/shop", machine: { memoryBytes: 6e9, cores: 2 } });
  const filter = {
    where: [{ attribute: "status", is: "eq", value: { S: "open" } }],
    attributes: ["id", "until", "status"],
  };
  expect(tables).toMatchObject([{ source: { filter } }]);
});

test.each([[{ export: "./exports" }, /source\.where: expected nothing beside `export`, got a filter/]])(
  "a filter has no place beside %o",
  (more, message) => {
    const source = dynamodb({ table: "t", keys: ["id"], where: { status: "open" }, ...more });
    const lake = defineLake({ name: "shop", storage: "./lake", tables: [bronze("items", { source })] });
    expect(() => resolveLake(lake, { folder: "/p", machine: { memoryBytes: 6e9, cores: 2 } })).toThrow(message);
  },
);

test("a Kinesis stream by name, by ARN, and with what else is to be said of it", () => {
  const place = { table: "orders", keys: ["order_id"], scan: true, region: "eu-west-1" } as const;
  const arn = "arn:aws:kinesis:us-east-1:123456789012:stream/changes";
  const named = bronze("named", { source: dynamodb({ ...place, kinesis: "changes" }) });
  const told = bronze("told", {
    source: dynamodb({ ...place, kinesis: { stream: arn, region: "us-east-1", since: "2026-03-01T00:00:00Z" } }),
  });
  const { tables } = resolveLake(defineLake({ name: "shop", storage: "./lake", tables: [named, told] }), {
    folder: "/f",
  });
  expect(tables).toMatchObject([
    { source: { kinesis: { stream: "changes", region: "eu-west-1" } } },
    { source: { kinesis: { stream: arn, region: "us-east-1", sinceMs: Date.UTC(2026, 2, 1) } } },
  ]);
  const wrong = bronze("wrong", { source: dynamodb({ ...place, kinesis: { stream: "a b", since: "yesterday" } }) });
  const alone = bronze("alone", { source: dynamodb({ table: "orders", keys: ["order_id"], kinesis: "changes" }) });
  const resolve = (): unknown => resolveLake(defineLake({ name: "shop", storage: "./lake", tables: [wrong, alone] }), { folder: "/f" }); // prettier-ignore
  expect(resolve).toThrow(/kinesis\.stream.*name or ARN/);
  expect(resolve).toThrow(/kinesis\.since.*moment in UTC/);
  expect(resolve).toThrow(/alone\.source\.export.*not what was there before/);
});

test("changes that are read from an index", () => {
  const incremental = {
    attribute: "changed",
    index: "by-change",
    partition: ["s0", 1],
    overlap: "10 min",
    every: "1 min",
  } as const;
  const source = dynamodb({ table: "t", keys: ["id"], scan: { every: "1 day" }, incremental });
  const alone = dynamodb({
    table: "t",
    keys: ["id"],
    incremental: { attribute: "a", index: "i", partition: "x", readCapacity: 9 },
  });
  const lake = defineLake({
    name: "shop",
    storage: "./lake",
    tables: [bronze("a", { source }), bronze("b", { source: alone })],
  });
  const { tables } = resolveLake(lake, { folder: "/project/shop", machine: { memoryBytes: 6e9, cores: 2 } });
  const both = {
    attribute: "changed",
    index: "by-change",
    partitions: ['{"S":"s0"}', '{"N":"1"}'],
    overlapMs: 600_000,
    everyMs: 60_000,
  };
  expect(tables).toMatchObject([
    { source: { incremental: both, scan: { everyMs: 86_400_000 } } },
    { source: { incremental: { partitions: ['{"S":"x"}'], overlapMs: 300_000, readCapacity: 9 } } },
  ]);
});

test.each([
  [{ stream: true }, /incremental: expected nothing beside `stream`, got an index/],
  [
    { incremental: { index: "i", partition: "x" } },
    /incremental\.attribute: expected the index's sort key, got nothing/,
  ],
  [{ incremental: { attribute: "a", partition: "x" } }, /incremental\.index: expected the index's name, got nothing/],
  [
    { incremental: { attribute: "a", index: "i" } },
    /incremental\.partition: expected values of the index's partition key/,
  ],
  [
    { incremental: { attribute: "a", index: "i", partition: ["x", "x"] } },
    /incremental\.partition: expected each value once/,
  ],
  [
    { incremental: { attribute: "a", index: "i", partition: [true] } },
    /incremental\.partition\[0\]: expected a value of type S, N, B/,
  ],
  [
    { incremental: { attribute: "a", index: "i", partition: "x", overlap: "2 days" } },
    /overlap: expected at most 12 hours/,
  ],
  [{ incremental: { attribute: "a", index: "i", partition: "x", every: "soon" } }, /every: expected a time such as/],
])("changes cannot be read from an index as %o says", (more, message) => {
  const incremental = { attribute: "a", index: "i", partition: "x" } as const;
  const options = { table: "t", keys: ["id"], scan: true, incremental, ...more } as unknown as DynamoDbOptions;
  const lake = defineLake({
    name: "shop",
    storage: "./lake",
    tables: [bronze("items", { source: dynamodb(options) })],
  });
  expect(() => resolveLake(lake, { folder: "/p", machine: { memoryBytes: 6e9, cores: 2 } })).toThrow(message);
});
