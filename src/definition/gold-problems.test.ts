import { describe, expect, test } from "vitest";
import { customers, orderColumns, orders, problemsWith, untyped } from "../../test/untyped-lake.ts";
import { date, s, silver, sql, withDeleted } from "./index.ts";

describe("a Gold table", () => {
  const at = "tables.gold.days";
  const what = "a query such as sql`select … from ${orders}`";
  const unlisted = silver("elsewhere", { from: orders, keys: ["order_id"], columns: orderColumns });
  test.each<[string, object, string[]]>([
    ["a query", { query: undefined }, [`${at}.query: expected ${what}, got nothing`]],
    [
      "a tagged query",
      { query: "select 1" },
      [`${at}.query: expected ${what}, got "select 1"; write the word sql before the opening backtick`],
    ],
    [
      "tables to read",
      { query: sql`select 1 as a` },
      [`${at}.query: expected a query that reads at least one table, got one that reads none`],
    ],
    [
      "tables and no texts",
      { query: untyped.sql`select * from ${"orders"}` },
      [`${at}.query: expected a Silver or Gold table, got "orders"`],
    ],
    [
      "tables above Bronze",
      { query: untyped.sql`select * from ${orders}` },
      [`${at}.query: expected a Silver or Gold table, got the table bronze.orders`],
    ],
    [
      "listed tables",
      { query: sql`select * from ${unlisted}` },
      [`${at}.query: expected a table that is listed in \`tables\`, got silver.elsewhere, which is not listed`],
    ],
    [
      "deleted rows of Silver only",
      { query: untyped.sql`select * from ${withDeleted(orders as never)}` },
      [`${at}.query: expected a Silver table, got the table bronze.orders`],
    ],
    [
      "tables outside of texts",
      { query: sql`select '${customers}' from ${customers}` },
      [`${at}.query: expected tables outside of texts, got silver.customers inside of '"silver.customers"'`],
    ],
    [
      "tables by handle",
      { query: sql`select * from ${customers} join silver.orders using (cust_id)` },
      [`${at}.query: expected the handle in \${…}, got silver.orders`],
    ],
    [
      "no chance in it",
      { query: sql`select *, uuid() as id from ${customers} using sample 10%` },
      [
        `${at}.query: expected SQL that gives the same rows whenever it runs, got uuid(); its value differs from run to run`,
        `${at}.query: expected SQL that gives the same rows whenever it runs, got sample; its value differs from run to run`,
      ],
    ],
    [
      "no other inputs",
      { query: sql`select * from ${customers} join read_csv('x.csv') using (cust_id)` },
      [
        `${at}.query: expected SQL that gives the same rows whenever it runs, got read_csv(); it reads what is no table of the lake`,
      ],
    ],
    [
      "columns without an origin",
      { columns: { a: s.string().sql("b") } },
      [`${at}.columns.a: expected a column without an origin: the query computes it, got sql()`],
    ],
    [
      "a full refresh",
      { refresh: "incremental" },
      [`${at}.refresh: expected "full", got "incremental"; incremental refresh is not available yet`],
    ],
    [
      "partitions of declared types",
      { columns: { a: s.string() }, partitionBy: [date("a"), "b"] },
      [`${at}.partitionBy[0]: expected date() of a timestamp, got the string column "a"`],
    ],
    [
      "fields of its own",
      { keys: ["a"] },
      [
        `${at}.keys: expected a known field, got "keys"; known fields: description, owner, domain, tags, properties, autoCompact, query, columns, expect, partitionBy, clusterBy, refresh, publish`,
      ],
    ],
  ])("has %s", (_title, fields, expected) => {
    expect(problemsWith.gold(fields)).toEqual(expected);
  });
});
