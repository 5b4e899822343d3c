/**
 * The lake that is measured: BENCH_EXPORTS (a folder that holds `AWSDynamoDB/`) into BENCH_LAKE.
 * BENCH_LAYERS=bronze leaves the other layers out.
 */
import { bronze, defineLake, dynamodb, expect, gold, s, silver, sql } from "sluice";

const rawOrders = bronze("orders", {
  source: dynamodb({ table: "orders", keys: ["order_id"], export: folder("BENCH_EXPORTS") }),
});

const orders = silver("orders", {
  from: rawOrders,
  keys: ["order_id"],
  columns: {
    order_id: s.string(),
    customer_id: s.string().pii(),
    placed_at: s.timestamp(),
    placed_on: s.date().sql("placed_at::date"),
    status: s.string(),
    amount: s.decimal(18, 2),
    quantity: s.integer(),
    is_gift: s.boolean(),
    city: s.string().from("address.city"),
    country: s.string().from("address.country"),
    postcode: s.string().from("address.postcode"),
    tags: s.array(s.string()),
    payment_ref: s.string(),
    coupon: s.string(),
    updated_at: s.long(),
  },
  deletes: "hard",
  expect: {
    positive_amount: expect("amount > 0").orQuarantine(),
    known_country: expect("country is not null").orWarn(),
  },
});

const dailySales = gold("daily_sales", {
  query: sql`
    select
      placed_on,
      country,
      status,
      count(*) as orders,
      sum(amount) as revenue,
      avg(amount) as mean_amount,
      count(distinct customer_id) as customers,
      quantile_cont(amount::double, 0.95) as p95_amount,
      stddev_samp(amount) as amount_std_dev
    from ${orders}
    where not is_gift
    group by placed_on, country, status`,
});

export default defineLake({
  name: "bench",
  storage: folder("BENCH_LAKE"),
  tables: process.env["BENCH_LAYERS"] === "bronze" ? [rawOrders] : [rawOrders, orders, dailySales],
});

function folder(variable: string): string {
  const value = process.env[variable];
  if (value === undefined || value === "") throw new Error(`Set ${variable} to a folder; see bench/README.md`);
  return value;
}
