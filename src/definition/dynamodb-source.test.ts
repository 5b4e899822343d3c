import { expect, test } from "vitest";
import { bronze, defineLake, dynamodb, resolveLake } from "./index.ts";

test("a table's stream beside its snapshot, and a scan with a budget", () => {
  const place = { table: "orders", keys: ["order_id"], region: "eu-central-1" } as const;
  const scan = { readCapacity: 50, segments: 8, every: "6 hours" } as const;
  const streamed = bronze("orders", { source: dynamodb({ ...place, export: "s3://raw/", stream: true }) });
  const scanned = bronze("items", { source: dynamodb({ ...place, scan }) });
  const { tables } = resolveLake(defineLake({ name: "shop", storage: "./lake", tables: [streamed, scanned] }), {
    folder: "/project/shop",
    machine: { memoryBytes: 6e9, cores: 2 },
  });
  expect(tables).toMatchObject([
    { source: { exports: { folder: { url: "s3://raw/" } }, stream: true, region: "eu-central-1" } },
    { source: { scan: { readCapacity: 50, segments: 8, everyMs: 21_600_000 }, stream: false } },
  ]);
});
