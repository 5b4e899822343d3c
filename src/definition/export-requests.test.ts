import { expect, test } from "vitest";
import { ConfigError, bronze, defineLake, dynamodb, resolveLake, type Problem } from "./index.ts";
import type { DynamoDbOptions } from "./index.ts";

const place = { table: "orders", keys: ["order_id"] } as const;
const target = { folder: "/project/shop", machine: { memoryBytes: 6e9, cores: 2 } };

function resolve(options: Partial<DynamoDbOptions>): ReturnType<typeof resolveLake> {
  const orders = bronze("orders", { source: dynamodb({ ...place, ...options }) });
  return resolveLake(defineLake({ name: "shop", storage: "./lake", tables: [orders] }), target);
}

function problems(options: Partial<DynamoDbOptions>): readonly string[] {
  try {
    resolve(options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }: Problem) => `${path}: ${message}`);
  }
}

test.each<[string, Partial<DynamoDbOptions>, object]>([
  ["every hour, in one word", { export: "s3://raw/orders", requestExports: true }, { everyMs: 3_600_000 }],
  ["as often as is said", { export: "s3://raw/", requestExports: { every: "15 min" } }, { everyMs: 900_000 }],
  ["once a day", { export: { url: "s3://raw" }, requestExports: { every: "1 day" } }, { everyMs: 86_400_000 }],
  ["beside a stream", { export: "s3://raw/", requestExports: true, stream: true }, { everyMs: 3_600_000 }],
])("exports are asked for: %s", (_title, options, requests) => {
  expect(resolve(options).tables).toMatchObject([{ source: { exports: { requests } } }]);
});

test("are not where nobody says so", () => {
  const { tables } = resolve({ export: "s3://raw/", requestExports: false });
  expect(tables).not.toMatchObject([{ source: { exports: { requests: {} } } }]);
});

const at = "tables.bronze.orders.source";
test.each<[string, Partial<DynamoDbOptions>, string]>([
  [
    "a folder of this machine",
    { export: "./exports", requestExports: true },
    `${at}.export: expected s3://bucket/prefix, got a folder; \`requestExports\` writes to S3 alone`,
  ],
  [
    "no place",
    { scan: true, requestExports: true },
    `${at}.requestExports: expected \`export: "s3://bucket/prefix"\` beside it, got no \`export\`; DynamoDB writes exports there`,
  ],
  [
    "windows that are too short",
    { export: "s3://raw/", requestExports: { every: "10 min" } },
    `${at}.requestExports.every: expected 15 minutes to 24 hours, in whole seconds, got "10 min"; DynamoDB makes no other windows`,
  ],
  [
    "windows that are too long",
    { export: "s3://raw/", requestExports: { every: "2 days" } },
    `${at}.requestExports.every: expected 15 minutes to 24 hours, in whole seconds, got "2 days"; DynamoDB makes no other windows`,
  ],
  [
    "windows beside a stream",
    { export: "s3://raw/", stream: true, requestExports: { every: "1 hour" } },
    `${at}.requestExports.every: expected nothing here, got a time; what changes comes by the stream`,
  ],
  [
    "no full export",
    { export: "s3://raw/", requestExports: true, requireFullExport: false },
    `${at}.requireFullExport: expected nothing here, got false; what is asked for begins with a full export`,
  ],
  [
    "another thing",
    { export: "s3://raw/", requestExports: "hourly" as never },
    `${at}.requestExports: expected true, or { every: "1 hour" }, got "hourly"`,
  ],
])("refuses %s", (_title, options, problem) => {
  expect(problems(options)).toEqual([problem]);
});
