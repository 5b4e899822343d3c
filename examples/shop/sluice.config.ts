import { bronze, defineLake, dynamodb, expect, gold, s, silver, sql } from "sluice";

// Bronze keeps every change of a DynamoDB table, as it came.
const rawOrders = bronze("orders", {
  source: dynamodb({
    table: "orders",
    keys: ["order_id"],
    export: "../../.demo/exports/orders",
    ttl: "expires_at",
  }),
});
const rawCustomers = bronze("customers", {
  source: dynamodb({ table: "customers", keys: ["cust_id"], export: "../../.demo/exports/customers" }),
});

// Silver is the latest state of each key: typed, judged, joined.
const customers = silver("customers", {
  from: rawCustomers,
  keys: ["cust_id"],
  columns: {
    cust_id: s.string(),
    name: s.string().pii(),
    email: s.string().pii(),
    segment: s.string().describe("home or trade"),
    country: s.string().from("address.country"),
  },
});

const orders = silver("orders", {
  description: "Orders of the tea shop",
  owner: "shop-team",
  from: rawOrders,
  keys: ["order_id"],
  columns: {
    order_id: s.string(),
    cust_id: s.string(),
    placed_at: s.timestamp(),
    placed_on: s.date().sql("placed_at::date"),
    status: s.string(),
    amount: s.decimal(18, 2).describe("GBP"),
    post_code: s.string(),
    segment: s.string().joined("customer.segment"),
  },
  join: { customer: { table: customers, on: { cust_id: "cust_id" } } },
  deletes: "soft", // a cancelled order stays, marked _is_deleted
  ttlDeletes: "hard", // a cart that expired is gone
  expect: {
    positive_amount: expect("amount > 0").orQuarantine().atMost(0.02),
    known_customer: expect("segment is not null").orWarn(),
  },
});

// Gold is SQL over Silver.
const dailySales = gold("daily_sales", {
  description: "Revenue of each day by segment",
  query: sql`
    select placed_on as day, segment, count(*) as orders, sum(amount) as revenue
    from ${orders}
    where status <> 'cart'
    group by placed_on, segment`,
});

export default defineLake({
  name: "shop",
  storage: "../../.demo/lake",
  tables: [rawOrders, rawCustomers, customers, orders, dailySales],
});
