import { describe, expect, test } from "vitest";
import {
  bronze,
  bucket,
  date,
  defineLake,
  dynamodb,
  expect as rule,
  gold,
  month,
  resolveLake,
  s,
  silver,
  sql,
  withDeleted,
  type SilverDefinition,
} from "./index.ts";

const MACHINE = { memoryBytes: 6_000_000_000, cores: 3 };
const resolve = (lake: unknown) => resolveLake(lake, { folder: "/project/shop", machine: MACHINE });

const orders = bronze("orders", { source: dynamodb({ table: "orders", keys: ["order_id"], export: "./raw/orders" }) });
const cleanOrders = silver("orders", {
  from: orders,
  keys: ["order_id"],
  columns: {
    order_id: s.string(),
    cust_id: s.string().pii(),
    amount: s.decimal(18, 2),
    placed_at: s.timestamp(),
  },
  deletes: "soft",
  expect: {
    known_customer: rule("cust_id is not null").orQuarantine(),
    positive_amount: rule("amount > 0").orWarn(),
  },
});
const dailySales = gold("daily_sales", {
  query: sql`select placed_at::date as day, sum(amount) as revenue from ${cleanOrders} group by all`,
  partitionBy: ["day"],
  clusterBy: ["day"],
});

function attribute(name: string) {
  return { kind: "attribute", path: [name] };
}

describe("a small shop", () => {
  test("resolves to one value with every default filled in", () => {
    const lake = defineLake({ name: "shop", storage: "./lake", tables: [orders, cleanOrders, dailySales] });
    const meaning = { pii: false, tags: {} };
    const common = { properties: {}, autoCompact: { minFiles: 20, maxBytes: 256 * 2 ** 20 } };
    expect(resolve(lake)).toEqual({
      name: "shop",
      roots: {
        bronze: "/project/shop/lake/bronze",
        silver: "/project/shop/lake/silver",
        gold: "/project/shop/lake/gold",
        quarantine: "/project/shop/lake/quarantine",
        system: "/project/shop/lake/system",
      },
      engine: { memoryBytes: 3_000_000_000, threads: 3, spill: "/project/shop/lake/system/spill" },
      tables: [
        {
          layer: "bronze",
          name: "bronze.orders",
          meaning: { tags: {} },
          source: {
            kind: "dynamodb",
            table: "orders",
            keys: ["order_id"],
            exports: { folder: "/project/shop/raw/orders", requireFull: true },
            stream: false,
          },
          hints: [],
          unreadableAtMost: 0.01,
          ...common,
        },
        {
          layer: "silver",
          name: "silver.orders",
          meaning: { tags: {} },
          from: "bronze.orders",
          keys: ["order_id"],
          columns: [
            { name: "order_id", type: "string", meaning, from: attribute("order_id") },
            { name: "cust_id", type: "string", meaning: { pii: true, tags: {} }, from: attribute("cust_id") },
            { name: "amount", type: "decimal(18,2)", meaning, from: attribute("amount") },
            { name: "placed_at", type: "timestamp", meaning, from: attribute("placed_at") },
          ],
          deletes: "soft",
          ttlDeletes: "soft",
          rules: [
            { name: "known_customer", condition: "cust_id is not null", action: "quarantine" },
            { name: "positive_amount", condition: "amount > 0", action: "warn" },
          ],
          joins: [],
          partitionBy: [],
          merge: "deletion-vectors",
          clusterBy: [],
          ...common,
        },
        {
          layer: "gold",
          name: "gold.daily_sales",
          meaning: { tags: {} },
          query: 'select placed_at::date as day, sum(amount) as revenue from "silver.orders" group by all',
          reads: ["silver.orders"],
          columns: [],
          rules: [],
          refresh: "full",
          partitionBy: [{ name: "day", transform: { kind: "identity" } }],
          clusterBy: ["day"],
          ...common,
        },
      ],
    });
  });

  test("cannot be changed afterwards", () => {
    const { tables, roots } = resolve(defineLake({ name: "shop", storage: "./lake", tables: [orders] }));
    expect(() => (tables as unknown[]).push(1)).toThrow(TypeError);
    expect(() => Object.assign(roots, { gold: "/elsewhere" })).toThrow(TypeError);
    expect(Object.isFrozen(tables[0])).toBe(true);
  });
});

function engineOf(engine: object, memoryBytes = 6e9) {
  const lake = defineLake({ name: "shop", storage: "./lake", engine, tables: [orders] });
  return resolveLake(lake, { folder: "/project/shop", machine: { memoryBytes, cores: 3 } }).engine;
}

describe("settings", () => {
  test.each([
    ["2GB", 2_000_000_000],
    ["1.5 GiB", 1_610_612_736],
    ["512MB", 512_000_000],
    [300_000_000, 300_000_000],
  ])("memory %s is %i bytes", (memory, bytes) => {
    expect(engineOf({ memory }).memoryBytes).toBe(bytes);
  });

  test("without settings the engine takes half of the machine's memory, and never more than 4 GB", () => {
    expect(engineOf({}, 2_000_000_001).memoryBytes).toBe(1_000_000_000);
    expect(engineOf({}, 64e9).memoryBytes).toBe(4_000_000_000);
  });

  test("the file of httpfs is relative to the configuration, and its other words are words", () => {
    expect(engineOf({ httpfs: "a/h.duckdb_extension" }).httpfs).toBe("/project/shop/a/h.duckdb_extension");
    expect(engineOf({ httpfs: "off" }).httpfs).toBe("off");
    expect(engineOf({})).not.toHaveProperty("httpfs");
  });

  test("a spill folder is relative to the configuration, like every other", () => {
    expect(engineOf({ spill: "../spill" }).spill).toBe("/project/spill");
    expect(engineOf({ spill: "/fast/spill" }).spill).toBe("/fast/spill");
  });

  test("layers may have roots of their own", () => {
    const storage = { bronze: "b", silver: "/s", gold: "../g", quarantine: "q", system: "y" };
    expect(resolve(defineLake({ name: "shop", storage, tables: [orders] })).roots).toEqual({
      bronze: "/project/shop/b",
      silver: "/s",
      gold: "/project/g",
      quarantine: "/project/shop/q",
      system: "/project/shop/y",
    });
  });
});

function source(table: string, key: string, ttl?: string) {
  return dynamodb({ table, keys: [key], export: `./data/${table}`, ...(ttl === undefined ? {} : { ttl }) });
}

/** The tables of a shop whose lines expire in the source: sales stay, customers and products follow it. */
function retail() {
  const lines = bronze("customer_transactions", { source: source("customer_transactions", "txn_id", "expires_at") });
  const people = bronze("customers", { source: source("customers", "cust_id") });
  const goods = bronze("products", { source: source("products", "stock_code") });
  const customers = silver("customers", {
    from: people,
    keys: ["cust_id"],
    columns: {
      cust_id: s.string().pii(),
      email: s.string().pii().describe("Where receipts go"),
      segment: s.string().tag("source", "crm"),
      region: s.string().from("profile.region"),
    },
  });
  const products = silver("products", {
    from: goods,
    keys: ["stock_code"],
    columns: { stock_code: s.string(), category: s.string(), description: s.string() },
  });
  const transactions = silver("customer_transactions", {
    from: lines,
    keys: ["txn_id"],
    columns: {
      txn_id: s.string(),
      cust_id: s.string(),
      stock_code: s.string().from("product.code"),
      product: s.struct({ code: s.string(), description: s.string().describe("As printed") }),
      quantity: s.integer(),
      unit_price: s.decimal(18, 2),
      txn_ts: s.timestamp(),
      sales_date: s.date().sql("txn_ts::date"),
      customer_segment: s.string().joined("customers.segment"),
      product_category: s.string().joined("products.category"),
    },
    ttlDeletes: "keep",
    join: {
      customers: { table: customers, on: { cust_id: "cust_id" } },
      products: { table: products, on: { stock_code: "stock_code" } },
    },
    maxLateness: "2 days",
    partitionBy: [month("txn_ts"), date("txn_ts").as("day"), bucket("cust_id", 16)],
    merge: "copy-on-write",
  });
  const daily = gold("daily_sales", {
    query: sql`select sales_date, customer_segment, sum(quantity * unit_price) as total_revenue from ${transactions} group by all`,
    columns: { total_revenue: s.decimal(38, 2).describe("Gross") },
    expect: { positive: rule("total_revenue > 0").orFail().atMost(0.1) },
  });
  const all = gold("everything", {
    query: sql`select count(*) as n from ${withDeleted(customers)} join ${daily} on true where ${sql`1 = 1`}`,
  });
  return { lines, people, goods, customers, products, transactions, daily, all };
}

describe("a shop with expiring lines", () => {
  const tables = retail();
  const definition = resolve(
    defineLake({ name: "retail", storage: "./lake", tables: Object.values(tables).toReversed() }),
  );
  const find = (name: string) => definition.tables.find((table) => table.name === name);

  test("has its tables in an order in which each comes after those it reads", () => {
    const names = definition.tables.map((table) => table.name);
    for (const table of definition.tables) {
      const reads =
        table.layer === "gold"
          ? table.reads
          : table.layer === "silver"
            ? [table.from, ...table.joins.map((join) => join.table)]
            : [];
      for (const name of reads) expect(names.indexOf(name)).toBeLessThan(names.indexOf(table.name));
    }
    expect(names).toHaveLength(8);
  });

  test("keeps what expired, and treats other deletes as deletes", () => {
    expect(find("silver.customer_transactions")).toMatchObject({ deletes: "hard", ttlDeletes: "keep" });
    expect(find("bronze.customer_transactions")).toMatchObject({ source: { ttlAttribute: "expires_at" } });
  });

  test("takes columns from attributes, expressions and other tables", () => {
    const { columns, joins } = find("silver.customer_transactions") as SilverDefinition;
    const origins = Object.fromEntries(columns.map((column) => [column.name, column.from]));
    expect(origins).toMatchObject({
      stock_code: { kind: "attribute", path: ["product", "code"] },
      sales_date: { kind: "sql", sql: "txn_ts::date" },
      customer_segment: { kind: "joined", join: "customers", column: "segment" },
    });
    expect(joins).toEqual([
      { alias: "customers", table: "silver.customers", on: { cust_id: "cust_id" } },
      { alias: "products", table: "silver.products", on: { stock_code: "stock_code" } },
    ]);
  });

  test("carries meaning, down to the fields of a struct", () => {
    const [transactions, customers] = ["silver.customer_transactions", "silver.customers"].map(
      (name) => find(name) as SilverDefinition,
    );
    expect(transactions?.columns.find((column) => column.name === "product")?.type).toEqual({
      type: "struct",
      fields: [
        { name: "code", type: "string", nullable: true, metadata: {} },
        { name: "description", type: "string", nullable: true, metadata: { comment: "As printed" } },
      ],
    });
    expect(customers?.columns.map((column) => column.meaning)).toEqual([
      { pii: true, tags: {} },
      { description: "Where receipts go", pii: true, tags: {} },
      { pii: false, tags: { source: "crm" } },
      { pii: false, tags: {} },
    ]);
  });

  test("cuts its lines by computed columns, with names of their own", () => {
    expect(find("silver.customer_transactions")).toMatchObject({
      maxLatenessMs: 172_800_000,
      partitionBy: [
        { name: "txn_ts_month", transform: { kind: "month", column: "txn_ts" } },
        { name: "day", transform: { kind: "date", column: "txn_ts" } },
        { name: "cust_id_bucket", transform: { kind: "bucket", column: "cust_id", count: 16 } },
      ],
    });
  });

  test("names the tables of its queries as quoted identifiers", () => {
    expect(find("gold.everything")).toMatchObject({
      query: 'select count(*) as n from "silver.customers$with_deleted" join "gold.daily_sales" on true where 1 = 1',
      reads: ["silver.customers", "gold.daily_sales"],
    });
    expect(find("gold.daily_sales")).toMatchObject({
      columns: [
        { name: "total_revenue", type: "decimal(38,2)", meaning: { description: "Gross", pii: false, tags: {} } },
      ],
      rules: [{ name: "positive", action: "fail", atMost: 0.1 }],
    });
  });
});
