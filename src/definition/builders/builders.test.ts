import { describe, expect, expectTypeOf, test } from "vitest";
import {
  bronze,
  bucket,
  date,
  defineLake,
  dynamodb,
  expect as expectation,
  gold,
  month,
  s,
  silver,
  sql,
  withDeleted,
  type BronzeTable,
  type Column,
  type DefinedLake,
  type GoldTable,
  type Partition,
  type SilverTable,
} from "../index.ts";

const orders = bronze("orders", { source: dynamodb({ table: "orders", keys: ["order_id"], export: "./raw" }) });
const columns = { order_id: s.string(), cust_id: s.string(), placed_at: s.timestamp() };
const customers = silver("customers", {
  from: orders,
  keys: ["cust_id"],
  columns: { cust_id: s.string(), segment: s.string() },
});

describe("what the builders give", () => {
  test("a handle knows its layer, and a Silver handle its columns", () => {
    const clean = silver("orders", { from: orders, keys: ["order_id"], columns });
    expectTypeOf(orders).toEqualTypeOf<BronzeTable>();
    expectTypeOf(clean).toEqualTypeOf<SilverTable<"order_id" | "cust_id" | "placed_at">>();
    expectTypeOf(clean).toExtend<SilverTable>();
    expectTypeOf(gold("days", { query: sql`select 1 from ${clean}` })).toEqualTypeOf<GoldTable>();
    expectTypeOf(defineLake({ name: "shop", storage: ".", tables: [orders, clean] })).toEqualTypeOf<DefinedLake>();
  });

  test("every step of a column's chain is a column", () => {
    const chain = s.decimal(18, 2).describe("net").pii().tag("unit", "EUR").from("totals.net");
    expectTypeOf(chain).toEqualTypeOf<Column>();
    expectTypeOf(s.array(s.struct({ code: s.string() }))).toEqualTypeOf<Column>();
    expectTypeOf(s.map(s.string(), s.long())).toEqualTypeOf<Column>();
  });

  test("a partition knows its column", () => {
    expectTypeOf(month("placed_at")).toEqualTypeOf<Partition<"placed_at">>();
    expectTypeOf(bucket("cust_id", 16).as("slot")).toEqualTypeOf<Partition<"cust_id">>();
  });
});

describe("what an editor accepts", () => {
  test("everything that a table can say", () => {
    expect(() =>
      silver("orders", {
        from: orders,
        keys: ["order_id"],
        columns: { ...columns, segment: s.string().joined("customers.segment"), day: s.date().sql("placed_at::date") },
        deletes: "soft",
        ttlDeletes: "keep",
        join: { customers: { table: customers, on: { cust_id: "cust_id" } } },
        expect: { known: expectation("cust_id is not null").orQuarantine().atMost(0.02) },
        maxLateness: "2 days",
        partitionBy: ["day", date("placed_at"), bucket("cust_id", 16).as("slot")],
        merge: "copy-on-write",
        description: "One row an order",
        owner: "sales",
        domain: "shop",
        tags: { tier: "1" },
        properties: { "delta.logRetentionDuration": "interval 30 days" },
      }),
    ).not.toThrow();
    expect(
      () => sql`select * from ${withDeleted(customers)} join ${customers} using (cust_id) ${sql`where true`}`,
    ).not.toThrow();
    expect(() =>
      defineLake({ name: "shop", storage: ".", engine: { memory: "1.5 GiB", threads: 4 }, tables: [] }),
    ).not.toThrow();
    expect(() => dynamodb({ table: "orders", keys: ["pk", "sk"], export: "./raw", ttl: "expires_at" })).not.toThrow();
  });
});

/** The builders themselves take everything: what is wrong is told once, by `resolveLake`, all at once. */
describe("what an editor refuses", () => {
  test("names of columns that are not there", () => {
    // @ts-expect-error: order_di is no column
    expect(() => silver("orders", { from: orders, keys: ["order_di"], columns })).not.toThrow();
    // @ts-expect-error: day is no column
    expect(() => silver("orders", { from: orders, keys: ["order_id"], columns, partitionBy: ["day"] })).not.toThrow();
    expect(() =>
      // @ts-expect-error: placed is no column
      silver("orders", { from: orders, keys: ["order_id"], columns, partitionBy: [date("placed")] }),
    ).not.toThrow();
    const on = { cust_id: "customer_id" } as const;
    expect(() =>
      // @ts-expect-error: customer_id is no column of customers
      silver("o", { from: orders, keys: ["order_id"], columns, join: { customers: { table: customers, on } } }),
    ).not.toThrow();
  });

  test("values of another kind", () => {
    // @ts-expect-error: a column is made by s
    expect(() => silver("orders", { from: orders, keys: ["order_id"], columns: { order_id: "string" } })).not.toThrow();
    // @ts-expect-error: a policy has three values
    expect(() => silver("orders", { from: orders, keys: ["order_id"], columns, deletes: "softly" })).not.toThrow();
    // @ts-expect-error: a duration has a unit
    expect(() => silver("orders", { from: orders, keys: ["order_id"], columns, maxLateness: "2" })).not.toThrow();
    // @ts-expect-error: a size has a unit
    expect(() => defineLake({ name: "shop", storage: ".", engine: { memory: "2" }, tables: [] })).not.toThrow();
    // @ts-expect-error: Silver is made from Bronze
    expect(() => silver("orders", { from: customers, keys: ["order_id"], columns })).not.toThrow();
    // @ts-expect-error: Gold reads Silver and Gold
    expect(() => sql`select * from ${orders}`).not.toThrow();
    // @ts-expect-error: text is no table
    expect(() => sql`select * from ${"orders"}`).not.toThrow();
    // @ts-expect-error: only Silver keeps deleted rows
    expect(() => withDeleted(orders)).not.toThrow();
    // @ts-expect-error: a query is written with sql
    expect(() => gold("days", { query: "select 1" })).not.toThrow();
    // @ts-expect-error: a primary key has one or two attributes
    expect(() => dynamodb({ table: "orders", keys: ["a", "b", "c"], export: "./raw" })).not.toThrow();
    // @ts-expect-error: joined() takes <join>.<column>
    expect(() => s.string().joined("segment")).not.toThrow();
  });

  test("fields that do not exist", () => {
    expect(() =>
      // @ts-expect-error: colums is no field
      bronze("orders", { source: dynamodb({ table: "o", keys: ["id"], export: "." }), colums: {} }),
    ).not.toThrow();
    // @ts-expect-error: delete is no field
    expect(() => silver("orders", { from: orders, keys: ["order_id"], columns, delete: "soft" })).not.toThrow();
  });
});
