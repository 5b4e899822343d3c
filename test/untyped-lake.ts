import {
  ConfigError,
  bronze,
  defineLake,
  dynamodb,
  expect,
  gold,
  resolveLake,
  s,
  silver,
  sql,
  type Column,
  type Columns,
  type Expectation,
  type GoldOptions,
} from "../src/definition/index.ts";

/** The builders with their types taken off: what JavaScript may pass. */
type Untyped<Result> = (...values: readonly unknown[]) => Result;
export const untyped = {
  bronze: bronze as unknown as Untyped<unknown>,
  silver: silver as unknown as Untyped<unknown>,
  gold: gold as unknown as Untyped<unknown>,
  defineLake: defineLake as unknown as Untyped<unknown>,
  dynamodb: dynamodb as unknown as Untyped<unknown>,
  expect: expect as unknown as Untyped<Expectation>,
  sql: sql as unknown as Untyped<GoldOptions["query"]>,
  decimal: s.decimal as unknown as Untyped<Column>,
  array: s.array as unknown as Untyped<Column>,
  describe: (value: unknown) => (s.string().describe as unknown as Untyped<Column>)(value),
  tag: (...values: unknown[]) => (s.string().tag as unknown as Untyped<Column>)(...values),
};

export const orderSource = dynamodb({ table: "orders", keys: ["order_id"], export: "./raw" });
export const orders = bronze("orders", { source: orderSource });
export const orderColumns = {
  order_id: s.string(),
  cust_id: s.string(),
  amount: s.decimal(18, 2),
  placed_at: s.timestamp(),
} satisfies Columns;
const cleanOrders = silver("orders", { from: orders, keys: ["order_id"], columns: orderColumns });
export const people = bronze("people", { source: dynamodb({ table: "people", keys: ["id"], export: "./people" }) });
export const customers = silver("customers", {
  from: people,
  keys: ["cust_id"],
  columns: { cust_id: s.string().from("id"), segment: s.string(), age: s.integer() },
});

/** `<path>: <message>` of every problem; none where the lake is right. */
export function problemsOf(lake: unknown): readonly string[] {
  try {
    resolveLake(lake, { folder: "/lake", machine: { memoryBytes: 8e9, cores: 2 } });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((one) => `${one.path}: ${one.message}`);
    throw error;
  }
  return [];
}

export function lakeOf(...tables: readonly unknown[]): unknown {
  return untyped.defineLake({ name: "shop", storage: "./lake", tables });
}

/** Problems of a right lake in which these fields were changed. */
export const problemsWith = {
  lake: (fields: object) =>
    problemsOf(untyped.defineLake({ name: "shop", storage: "./lake", tables: [orders], ...fields })),
  bronze: (fields: object) => problemsOf(lakeOf(untyped.bronze("orders", { source: orderSource, ...fields }))),
  source: (fields: object) =>
    problemsWith.bronze({
      source: untyped.dynamodb({ table: "orders", keys: ["order_id"], export: "./raw", ...fields }),
    }),
  silver: (fields: object): readonly string[] => {
    const options = { from: orders, keys: ["order_id"], columns: orderColumns, ...fields };
    return problemsOf(lakeOf(orders, people, customers, untyped.silver("orders", options)));
  },
  columns: (columns: object): readonly string[] =>
    problemsWith
      .silver({ columns: { order_id: s.string(), ...columns } })
      .map((one) => one.replace("tables.silver.orders.columns.", "")),
  rules: (rules: unknown): readonly string[] =>
    problemsWith.silver({ expect: rules }).map((one) => one.replace("tables.silver.orders.expect.", "")),
  gold: (fields: object): readonly string[] => {
    const days = untyped.gold("days", { query: sql`select * from ${cleanOrders}`, ...fields });
    return problemsOf(lakeOf(orders, people, customers, cleanOrders, days));
  },
};
