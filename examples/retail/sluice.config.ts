/**
 * A year of sales of a shop, from three DynamoDB tables to two reports.
 *
 *     RETAIL_DATA=<folder with the exports> LAKE=<folder of the lake> sluice run -c examples/retail/sluice.config.ts
 *
 * DynamoDB removes sales lines when they expire (TTL attribute `expires_at`). For a sales history that is no reason to forget
 * them: `RETAIL_TTL=keep`, the default. `RETAIL_TTL=hard` removes them here too.
 */
import { bronze, defineLake, dynamodb, expect, gold, s, silver, sql } from "sluice";

const exports = folder("RETAIL_DATA", "the folder that holds customer_transactions/, customers/ and products/");
const lake = folder("LAKE", "the folder that the lake is kept in");
const ttlDeletes = process.env["RETAIL_TTL"] ?? "keep";
if (ttlDeletes !== "hard" && ttlDeletes !== "keep") throw new Error(`RETAIL_TTL is hard or keep, not "${ttlDeletes}"`);

// Bronze: every change, as it came.

const rawTransactions = bronze("customer_transactions", {
  description: "Every change of a sales line",
  owner: "data-platform",
  domain: "sales",
  source: dynamodb({
    table: "customer_transactions",
    keys: ["txn_id"],
    export: `${exports}/customer_transactions`,
    ttl: "expires_at",
  }),
});

const rawCustomers = bronze("customers", {
  description: "Every change of a customer",
  owner: "data-platform",
  domain: "sales",
  source: dynamodb({ table: "customers", keys: ["cust_id"], export: `${exports}/customers` }),
});

const rawProducts = bronze("products", {
  description: "Every change of a product",
  owner: "data-platform",
  domain: "sales",
  source: dynamodb({ table: "products", keys: ["stock_code"], export: `${exports}/products` }),
});

// Silver: the latest state of each key, typed and judged.

const transactions = silver("customer_transactions", {
  description: "Sales lines: one product of one invoice",
  owner: "sales-analytics",
  domain: "sales",
  from: rawTransactions,
  keys: ["txn_id"],
  columns: {
    txn_id: s.string().describe("invoice and line, such as 536365#0001"),
    invoice_no: s.string(),
    stock_code: s.string(),
    product_description: s.string().from("product.description").describe("as printed on the invoice"),
    quantity: s.integer().describe("negative where goods came back"),
    unit_price: s.decimal(18, 3).describe("GBP"),
    txn_amount: s.decimal(18, 2).describe("GBP: quantity × unit price, rounded to pence"),
    txn_ts: s.timestamp().describe("when it was invoiced (UTC)"),
    sales_date: s.date().sql("txn_ts::date").describe("day of the invoice (UTC)"),
    cust_id: s.string().pii().describe("missing where nobody was logged in"),
    country: s.string(),
    is_return: s.boolean(),
    status: s.string().describe("sold or returned"),
    returned_by: s.string().describe("the credit note, where the line was returned"),
    markers: s.array(s.string()).describe("a set, such as return"),
    expires_at: s.long().describe("seconds since 1970 at which DynamoDB removes the line"),
  },
  deletes: "hard",
  ttlDeletes,
  // These lines are real: the shop sold to people who had no account, and booked samples at no price. They stay in Silver,
  // are counted in every run, and the reports below leave them out.
  expect: {
    known_customer: expect("cust_id is not null").orWarn(),
    positive_price: expect("unit_price > 0").orWarn(),
    some_quantity: expect("quantity <> 0").orFail(),
    amount_adds_up: expect("txn_amount = round(quantity * unit_price, 2)").orFail(),
  },
});

const customers = silver("customers", {
  description: "Customers with an account",
  owner: "sales-analytics",
  domain: "sales",
  from: rawCustomers,
  keys: ["cust_id"],
  columns: {
    cust_id: s.string().pii(),
    email: s.string().pii(),
    segment: s.string().describe("vip, regular or occasional"),
    country: s.string().from("profile.country"),
    region: s.string().from("profile.region"),
    first_seen: s.date().from("profile.first_seen"),
  },
  expect: {
    has_segment: expect("segment is not null").orQuarantine(),
    plausible_email: expect("email like '%_@_%'").orWarn(),
  },
});

const products = silver("products", {
  description: "What the shop sells",
  owner: "sales-analytics",
  domain: "sales",
  from: rawProducts,
  keys: ["stock_code"],
  columns: {
    stock_code: s.string(),
    category: s.string(),
    description: s.string(),
  },
  expect: { has_category: expect("category is not null").orQuarantine() },
});

// Gold: the reports. One plain SELECT each, so that `sluice trace` can follow a row to the lines behind it.

const sales = sql`
  from ${transactions} as t
  join ${customers} as c on c.cust_id = t.cust_id
  join ${products} as p on p.stock_code = t.stock_code
  where t.unit_price > 0 and t.quantity <> 0`;

const dailySalesSummary = gold("daily_sales_summary", {
  description: "Sales of each day by category, segment and region",
  owner: "sales-analytics",
  domain: "sales",
  query: sql`
    select
      t.sales_date,
      p.category as product_category,
      c.segment as customer_segment,
      c.region,
      sum(t.txn_amount) as total_revenue,
      round(avg(t.txn_amount), 6) as avg_transaction_value,
      count(*) as transaction_count,
      count(distinct t.cust_id) as unique_customers,
      quantile_cont(t.txn_amount::double, 0.95) as p95_transaction_value,
      round(stddev_samp(t.txn_amount), 6) as revenue_std_dev
    ${sales}
    group by t.sales_date, p.category, c.segment, c.region`,
  columns: {
    total_revenue: s.decimal(18, 2).describe("GBP"),
    avg_transaction_value: s.double().describe("GBP, to six places"),
    transaction_count: s.long(),
    unique_customers: s.long(),
    p95_transaction_value: s.double().describe("GBP; exact, interpolated"),
    revenue_std_dev: s.double().describe("GBP; sample standard deviation to six places, null for a single line"),
  },
});

const customerMetrics = gold("customer_metrics", {
  description: "What each customer bought so far",
  owner: "sales-analytics",
  domain: "sales",
  query: sql`
    select
      t.cust_id,
      sum(t.txn_amount) as lifetime_value,
      round(avg(t.txn_amount), 6) as avg_transaction_value,
      count(*) as total_transactions,
      count(distinct t.sales_date) as transaction_days,
      max(t.sales_date) as last_purchase_date,
      min(t.sales_date) as first_purchase_date,
      round((max(t.sales_date) - min(t.sales_date)) / (count(distinct t.sales_date) + 1), 6) as avg_days_between_purchases,
      round((max(t.sales_date) - min(t.sales_date)) / nullif(count(distinct t.sales_date) - 1, 0), 6) as mean_days_between_purchases
    ${sales}
    group by t.cust_id`,
  columns: {
    cust_id: s.string().pii(),
    lifetime_value: s.decimal(18, 2).describe("GBP"),
    avg_transaction_value: s.double().describe("GBP, to six places"),
    total_transactions: s.long(),
    transaction_days: s.long().describe("days with at least one line"),
    avg_days_between_purchases: s.double().describe("span / (days + 1): the house's figure, too low by two intervals"),
    mean_days_between_purchases: s.double().describe("span / (days - 1): the mean gap; null with a single day"),
  },
});

export default defineLake({
  name: "retail",
  storage: lake,
  tables: [
    rawTransactions,
    rawCustomers,
    rawProducts,
    transactions,
    customers,
    products,
    dailySalesSummary,
    customerMetrics,
  ],
});

function folder(variable: string, what: string): string {
  const value = process.env[variable];
  if (value === undefined || value === "") throw new Error(`Set ${variable} to ${what}`);
  return value;
}
