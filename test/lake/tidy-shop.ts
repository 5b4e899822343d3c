import { join } from "node:path";
import { bronze, defineLake, dynamodb, gold, openLake, resolveLake, s, silver, sql } from "../../src/lake/index.ts";
import type { AutoCompactOptions, Lake } from "../../src/lake/index.ts";
import { writeExport } from "../builders/dynamodb-export.ts";
import type { Item } from "../builders/dynamodb-item.ts";

export const TABLES = [
  ["bronze", "orders"],
  ["bronze", "customers"],
  ["silver", "customers"],
  ["silver", "orders"],
  ["gold", "revenue"],
] as const;

export interface TidyShopOptions {
  /** Folder of the lake; the exports lie beside it. */
  readonly lake?: string;
  readonly autoCompact?: false | AutoCompactOptions;
}

/** Orders that know the segment of their customer, and revenue by segment. */
export function tidyShop(folder: string, { lake = "lake", autoCompact }: TidyShopOptions = {}): Lake {
  const tidy = autoCompact === undefined ? {} : { autoCompact };
  const sourceOf = (table: string, key: string) =>
    bronze(table, {
      source: dynamodb({ table, keys: [key], export: join(folder, table) }),
      properties: { "delta.checkpointInterval": "2" },
      ...tidy,
    });
  const orders = sourceOf("orders", "order_id");
  const customers = sourceOf("customers", "cust_id");
  const cleanCustomers = silver("customers", {
    ...tidy,
    from: customers,
    keys: ["cust_id"],
    columns: { cust_id: s.string(), segment: s.string() },
  });
  const cleanOrders = silver("orders", {
    ...tidy,
    from: orders,
    keys: ["order_id"],
    columns: {
      order_id: s.string(),
      cust_id: s.string(),
      amount: s.decimal(18, 2),
      segment: s.string().joined("customers.segment"),
    },
    join: { customers: { table: cleanCustomers, on: { cust_id: "cust_id" } } },
  });
  const revenue = gold("revenue", {
    ...tidy,
    query: sql`select segment, sum(amount) as revenue, count(*) as orders from ${cleanOrders} group by segment`,
  });
  const tables = [orders, customers, cleanCustomers, cleanOrders, revenue];
  const engine = { memory: "512MB", threads: 2 } as const;
  return openLake(resolveLake(defineLake({ name: "shop", storage: join(folder, lake), engine, tables }), { folder }));
}

function order(id: string, amount: string): Item {
  return { order_id: { S: id }, cust_id: { S: id.endsWith("1") ? "c-1" : "c-2" }, amount: { N: amount } };
}

export function deliverStart(folder: string): void {
  const items = [order("o-1", "1"), order("o-2", "2"), order("o-3", "3")];
  writeExport(join(folder, "orders"), { full: day(1), items }, { table: "orders" });
  const customers = ["c-1", "c-2"].map((id): Item => ({ cust_id: { S: id }, segment: { S: `s-${id}` } }));
  writeExport(join(folder, "customers"), { full: day(1), items: customers }, { table: "customers" });
}

/** The changes of one day: an order changes, two are new, one of them goes the day after. */
export function deliverDay(folder: string, number: number): void {
  const at = day(number).replace("T00", "T08");
  const events = [
    { at, keys: { order_id: { S: "o-1" } }, after: order("o-1", String(number * 10)) },
    { at, keys: { order_id: { S: `n-${number}` } }, after: order(`n-${number}`, "5") },
    { at, keys: { order_id: { S: `k-${number}` } }, after: order(`k-${number}`, "6") },
    { at, keys: { order_id: { S: `n-${number - 1}` } }, before: order(`n-${number - 1}`, "5") },
  ];
  writeExport(join(folder, "orders"), { from: day(number), to: day(number + 1), events }, { table: "orders" });
}

function day(number: number): string {
  return `2026-01-${String(number).padStart(2, "0")}T00:00:00Z`;
}
