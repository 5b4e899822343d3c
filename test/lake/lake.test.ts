import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  bronze,
  defineLake,
  dynamodb,
  expect as rule,
  gold,
  openLake,
  resolveLake,
  s,
  silver,
  sql,
} from "../../src/lake/index.ts";
import type { Lake } from "../../src/lake/index.ts";
import type { Item } from "../builders/dynamodb-item.ts";
import { writeExport } from "../builders/dynamodb-export.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-lake-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Shape {
  readonly minimum?: string;
  readonly deletes?: "hard" | "soft";
}

/** Orders that know the segment of their customer, and revenue by segment. */
function shop({ minimum = "0", deletes = "hard" }: Shape = {}): Lake {
  const orders = bronze("orders", {
    source: dynamodb({ table: "orders", keys: ["order_id"], export: join(folder, "orders") }),
  });
  const customers = bronze("customers", {
    source: dynamodb({ table: "customers", keys: ["cust_id"], export: join(folder, "customers") }),
  });
  const cleanCustomers = silver("customers", {
    from: customers,
    keys: ["cust_id"],
    deletes,
    columns: { cust_id: s.string(), segment: s.string() },
  });
  const cleanOrders = silver("orders", {
    from: orders,
    keys: ["order_id"],
    deletes,
    columns: {
      order_id: s.string(),
      cust_id: s.string(),
      amount: s.decimal(18, 2),
      segment: s.string().joined("customers.segment"),
    },
    join: { customers: { table: cleanCustomers, on: { cust_id: "cust_id" } } },
    expect: { enough: rule(`amount >= ${minimum}`).orQuarantine() },
  });
  const revenue = gold("revenue", {
    query: sql`select segment, sum(amount) as revenue, count(*) as orders from ${cleanOrders} group by segment`,
  });
  const lake = defineLake({
    name: "shop",
    storage: join(folder, "lake"),
    engine: { memory: "512MB", threads: 2 },
    tables: [orders, customers, cleanCustomers, cleanOrders, revenue],
  });
  return openLake(resolveLake(lake, { folder }));
}

function order(id: string, buyer: string, amount: string): Item {
  return { order_id: { S: id }, cust_id: { S: buyer }, amount: { N: amount } };
}

function customer(id: string, segment: string): Item {
  return { cust_id: { S: id }, segment: { S: segment } };
}

async function run(lake: Lake): Promise<Record<string, string>> {
  const report = await lake.run();
  return Object.fromEntries(
    report.tables.map((table) => [table.table, table.error === undefined ? table.outcome : table.error.code]),
  );
}

async function rows(lake: Lake, text: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const batch of lake.query(text)) found.push(...batch);
  return found;
}

const FIRST = "2026-01-01T00:00:00Z";
const SECOND = "2026-01-02T00:00:00Z";

function firstDelivery(): void {
  writeExport(
    join(folder, "orders"),
    { full: FIRST, items: [order("o1", "c1", "10"), order("o2", "c2", "5.5")] },
    { table: "orders" },
  );
  writeExport(
    join(folder, "customers"),
    { full: FIRST, items: [customer("c1", "vip"), customer("c2", "new")] },
    { table: "customers" },
  );
}

test("a change of the joined table rewrites the rows it concerns and what reads them", async () => {
  firstDelivery();
  await using lake = shop();
  await run(lake);
  const ofOrders = "select order_id, segment from silver.orders order by 1";
  expect(await rows(lake, ofOrders)).toEqual([
    { order_id: "o1", segment: "vip" },
    { order_id: "o2", segment: "new" },
  ]);
  const at = "2026-01-01T10:00:00Z";
  writeExport(
    join(folder, "customers"),
    {
      from: FIRST,
      to: SECOND,
      events: [{ at, keys: { cust_id: { S: "c2" } }, before: customer("c2", "new"), after: customer("c2", "vip") }],
    },
    { table: "customers" },
  );
  const outcomes = await run(lake);
  expect(outcomes).toMatchObject({
    "bronze.orders": "unchanged",
    "silver.orders": "changed",
    "gold.revenue": "changed",
  });
  expect(await rows(lake, ofOrders)).toEqual([
    { order_id: "o1", segment: "vip" },
    { order_id: "o2", segment: "vip" },
  ]);
  expect(await rows(lake, "select * from gold.revenue")).toEqual([{ segment: "vip", revenue: "15.50", orders: 2n }]);
  expect(Object.values(await run(lake)).every((outcome) => outcome === "unchanged")).toBe(true);
});

test("a row joined to a deleted partner loses what it had from it", async () => {
  firstDelivery();
  await using lake = shop({ deletes: "soft" });
  await run(lake);
  writeExport(
    join(folder, "customers"),
    {
      from: FIRST,
      to: SECOND,
      events: [{ at: "2026-01-01T10:00:00Z", keys: { cust_id: { S: "c2" } }, before: customer("c2", "new") }],
    },
    { table: "customers" },
  );
  await run(lake);
  expect(await rows(lake, "select segment from silver.orders where order_id = 'o2'")).toEqual([{ segment: null }]);
});

test("a table whose definition changed is refused until it is rebuilt, then equals a lake made anew", async () => {
  firstDelivery();
  {
    await using before = shop();
    await run(before);
  }
  await using lake = shop({ minimum: "6" });
  writeExport(
    join(folder, "orders"),
    {
      from: FIRST,
      to: SECOND,
      events: [{ at: "2026-01-01T10:00:00Z", keys: { order_id: { S: "o3" } }, after: order("o3", "c1", "7") }],
    },
    { table: "orders" },
  );
  expect(await run(lake)).toMatchObject({
    "silver.orders": "plan.definition-changed",
    "gold.revenue": "table.missing",
  });
  await lake.rebuild("silver.orders");
  expect(await run(lake)).toMatchObject({ "silver.orders": "unchanged", "gold.revenue": "changed" });
  expect(await rows(lake, "select order_id from silver.orders order by 1")).toEqual([
    { order_id: "o1" },
    { order_id: "o3" },
  ]);
  expect(await rows(lake, "select _key, reasons from quarantine.silver_orders")).toEqual([
    { _key: "S:o2", reasons: ["rule:enough"] },
  ]);
  const left = await readdir(join(folder, "lake", "system"), { recursive: true });
  expect(left.filter((path) => path.startsWith("rebuild_") && /\.\w+$/.test(path))).toEqual([]);
});

test("a rebuild gives the content that folding step by step gave, and a later run goes on after it", async () => {
  firstDelivery();
  await using lake = shop({ deletes: "soft" });
  await run(lake);
  writeExport(
    join(folder, "orders"),
    {
      from: FIRST,
      to: SECOND,
      events: [
        { at: "2026-01-01T10:00:00Z", keys: { order_id: { S: "o2" } }, before: order("o2", "c2", "5.5") },
        {
          at: "2026-01-01T11:00:00Z",
          keys: { order_id: { S: "o1" } },
          before: order("o1", "c1", "10"),
          after: order("o1", "c1", "11"),
        },
      ],
    },
    { table: "orders" },
  );
  await run(lake);
  const content = `select * exclude (_processed_timestamp) from "silver.orders$with_deleted" order by _key`;
  const folded = await rows(lake, content);
  expect(folded).toHaveLength(2);
  await lake.rebuild("silver.orders");
  expect(await rows(lake, content)).toEqual(folded);
  writeExport(
    join(folder, "orders"),
    {
      from: SECOND,
      to: "2026-01-03T00:00:00Z",
      events: [{ at: "2026-01-02T10:00:00Z", keys: { order_id: { S: "o2" } }, after: order("o2", "c1", "1") }],
    },
    { table: "orders" },
  );
  await run(lake);
  expect(await rows(lake, "select order_id, amount from silver.orders order by 1")).toEqual([
    { order_id: "o1", amount: "11.00" },
    { order_id: "o2", amount: "1.00" },
  ]);
});

test("a later complete snapshot removes the keys that it does not have", async () => {
  firstDelivery();
  await using lake = shop();
  await run(lake);
  writeExport(
    join(folder, "orders"),
    { full: "2026-01-05T00:00:00Z", items: [order("o2", "c2", "6")] },
    { table: "orders" },
  );
  await run(lake);
  expect(await rows(lake, "select order_id, amount from silver.orders")).toEqual([{ order_id: "o2", amount: "6.00" }]);
});

test("a run with nothing new writes no file and starts no engine", async () => {
  firstDelivery();
  {
    await using lake = shop();
    await run(lake);
  }
  const files = await readdir(join(folder, "lake"), { recursive: true });
  await using lake = shop();
  const outcomes = await run(lake);
  expect(Object.values(outcomes).every((outcome) => outcome === "unchanged")).toBe(true);
  expect((await readdir(join(folder, "lake"), { recursive: true })).toSorted()).toEqual(files.toSorted());
});
