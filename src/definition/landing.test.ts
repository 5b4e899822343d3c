import { describe, expect, test } from "vitest";
import { bronze, defineLake, dynamodb, resolveLake } from "./index.ts";

const resolved = (options: object): unknown => {
  const orders = bronze("orders", { source: dynamodb({ table: "t", keys: ["id"], ...options }) });
  const lake = defineLake({ name: "shop", storage: "./lake", tables: [orders] });
  const [table] = resolveLake(lake, { folder: "/p", machine: { memoryBytes: 6e9, cores: 2 } }).tables;
  return table?.layer === "bronze" ? table.source : undefined;
};

describe("a landing stands for its channels", () => {
  test.each([
    [{ landing: "stream" }, { scan: true, stream: true }],
    [
      { landing: "stream", scan: { readCapacity: 5 } },
      { scan: { readCapacity: 5 }, stream: true },
    ],
    [
      { landing: "stream", export: "s3://raw/" },
      { export: "s3://raw/", stream: true },
    ],
    [
      { landing: "stream", fetchItems: true },
      { scan: true, stream: true, fetchItems: true },
    ],
    [{ landing: "export", export: "s3://raw/" }, { export: "s3://raw/" }],
    [
      { landing: "firehose", firehose: "s3://changes/" },
      { firehose: "s3://changes/", scan: true },
    ],
    [
      { landing: "firehose", firehose: "s3://changes/", export: "s3://raw/" },
      { firehose: "s3://changes/", export: "s3://raw/" },
    ],
    [
      { landing: "kinesis", kinesis: "changes" },
      { kinesis: "changes", scan: true },
    ],
    [
      { landing: "kinesis", kinesis: { stream: "changes", region: "eu-west-1" }, export: "s3://raw/" },
      { kinesis: { stream: "changes", region: "eu-west-1" }, export: "s3://raw/" },
    ],
    [{ landing: "scan" }, { scan: { every: "24 hours" } }],
    [{ landing: "scan", scan: { every: "1 hour" } }, { scan: { every: "1 hour" } }],
  ])("%o", (short, long) => {
    expect(resolved(short)).toEqual(resolved(long));
  });

  test.each([
    [{ landing: "strem" }, /landing: expected "stream" or .*did you mean "stream"/],
    [{ landing: "stream", stream: false }, /stream: expected `true` beside `landing: "stream"`/],
    [{ landing: "export" }, /export: expected the place of the exports beside `landing: "export"`/],
    [{ landing: "export", export: "s3://raw/", stream: true }, /stream: expected nothing beside `landing: "export"`/],
    [{ landing: "scan", kinesis: "changes" }, /kinesis: expected nothing beside .*is `landing: "kinesis"`/],
    [{ landing: "kinesis" }, /kinesis: expected the stream beside `landing: "kinesis"`.*name or ARN/],
    [{ landing: "kinesis", kinesis: "changes", stream: true }, /stream: expected nothing beside `landing: "kinesis"`/],
    [{ landing: "export", export: "s3://raw/", kinesis: "changes" }, /kinesis: expected nothing beside/],
    [{ landing: "firehose" }, /firehose: expected the place of the files beside `landing: "firehose"`/],
    [{ landing: "firehose", firehose: "s3://changes/", stream: true }, /stream: expected nothing beside/],
    [{ landing: "export", export: "s3://raw/", firehose: "s3://changes/" }, /firehose: expected nothing beside/],
    [{ landing: "scan", stream: true }, /stream: expected nothing beside `landing: "scan"`.*a scan beside a stream is/],
    [{ landing: "scan", scan: false }, /scan: expected a scan beside/],
    [{ landing: "stream", scan: true, export: "s3://raw/" }, /scan: expected one snapshot/],
  ])("and refuses what contradicts it: %o", (options, message) => {
    expect(() => resolved(options)).toThrow(message);
  });

  test("says one thing of a mistake", () => {
    for (const options of [
      { landing: "export" },
      { landing: "kinesis" },
      { landing: "scan", scan: false },
      { landing: "scan", export: "s3://raw/" },
    ])
      expect(() => resolved(options)).toThrow(/\b1 (mistake|problem)/);
  });
});
