import { expect, test } from "vitest";
import { bronze, defineLake, dynamodb, gold, resolveLake, s, silver, sql } from "./index.ts";

test("a table that a comment alone names is not read", () => {
  const raw = bronze("orders", { source: dynamodb({ table: "orders", keys: ["order_id"], export: "./raw/orders" }) });
  const orders = silver("orders", { from: raw, keys: ["order_id"], columns: { order_id: s.string() } });
  const count = gold("count", { query: sql`select count(*) as n from ${orders}` });
  const all = gold("all", { query: sql`select * from ${orders} -- and ${count}` });
  const lake = defineLake({ name: "shop", storage: ".", tables: [raw, orders, count, all] });
  expect(resolveLake(lake, { folder: "/project" }).tables.at(-1)).toMatchObject({ reads: ["silver.orders"] });
});
