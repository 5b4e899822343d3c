import { describe, expect, test } from "vitest";
import {
  customers,
  lakeOf,
  orderColumns,
  orders,
  people,
  problemsOf,
  problemsWith,
  untyped,
} from "../../test/untyped-lake.ts";
import { bucket, date, expect as rule, hour, month, s } from "./index.ts";

describe("joins", () => {
  const at = "tables.silver.orders";
  const columns = { ...orderColumns, segment: s.string().joined("customers.segment") };
  const on = { cust_id: "cust_id" };
  const joinProblems = (join: unknown, more: object = {}): readonly string[] =>
    problemsWith.silver({ columns, join, ...more });

  test.each<[string, readonly string[], string[]]>([
    ["right", joinProblems({ customers: { table: customers, on } }), []],
    [
      "by name",
      joinProblems([customers]),
      [
        `${at}.join: expected joins by name, got a list of 1`,
        `${at}.columns.segment.joined: expected a name under \`join\`, got "customers"`,
      ],
    ],
    [
      "with Silver",
      joinProblems({ customers: { table: people, on } }),
      [`${at}.join.customers.table: expected a Silver table, got the table bronze.people`],
    ],
    [
      "on something",
      joinProblems({ customers: { table: customers } }),
      [`${at}.join.customers.on: expected own columns to the other table's keys, got nothing`],
    ],
    [
      "on every key",
      joinProblems({ customers: { table: customers, on: {} } }),
      [`${at}.join.customers.on: expected every key of silver.customers, got none for cust_id`],
    ],
    [
      "on keys only",
      joinProblems({ customers: { table: customers, on: { ...on, order_id: "segment" } } }),
      [`${at}.join.customers.on.order_id: expected a key of silver.customers (cust_id), got "segment"`],
    ],
    [
      "on each key once",
      joinProblems({ customers: { table: customers, on: { ...on, order_id: "cust_id" } } }),
      [`${at}.join.customers.on.order_id: expected each key once, got "cust_id" again`],
    ],
    [
      "on own columns",
      joinProblems({ customers: { table: customers, on: { cust: "cust_id" } } }),
      [`${at}.join.customers.on.cust: expected an own column, got "cust"`],
    ],
    [
      "on equal types",
      joinProblems({ customers: { table: customers, on: { amount: "cust_id" } } }),
      [`${at}.join.customers.on.amount: expected the same type on both sides, got decimal(18,2) and string`],
    ],
    [
      "on columns that are not joined",
      joinProblems({ customers: { table: customers, on: { segment: "cust_id" } } }),
      [`${at}.join.customers.on.segment: expected a column that is not joined itself, got "segment"`],
    ],
    [
      "for columns that there are",
      joinProblems(
        { customers: { table: customers, on } },
        { columns: { ...columns, segment: s.string().joined("customers.segmnet") } },
      ),
      [`${at}.columns.segment.joined: expected a column of silver.customers, got "segmnet"; did you mean "segment"?`],
    ],
    [
      "for columns of their type",
      joinProblems(
        { customers: { table: customers, on } },
        { columns: { ...columns, segment: s.long().joined("customers.segment") } },
      ),
      [`${at}.columns.segment.joined: expected string, the type that silver.customers gives it, got long`],
    ],
    [
      "not what a rule decides on",
      joinProblems(
        { customers: { table: customers, on } },
        {
          expect: {
            a: rule("Segment is not null").orDrop(),
            b: rule("amount > 0").orQuarantine(),
            c: rule("segment = 'x'"),
          },
        },
      ),
      [
        `${at}.expect.a: expected orWarn() on a joined column, got drop on "segment"; a joined value can change after the row was judged`,
      ],
    ],
  ])("are %s", (_title, problems, expected) => {
    expect(problems).toEqual(expected);
  });

  test("do not lead back to the table itself", () => {
    const shared: Record<string, unknown> = {};
    const left = untyped.silver("left", { from: orders, keys: ["order_id"], columns: orderColumns, join: shared });
    const right = untyped.silver("right", {
      from: orders,
      keys: ["order_id"],
      columns: orderColumns,
      join: { l: { table: left, on: { order_id: "order_id" } } },
    });
    shared["r"] = { table: right, on: { order_id: "order_id" } };
    expect(problemsOf(lakeOf(orders, left, right))).toEqual([
      "tables.silver.left: expected tables that do not read themselves, got silver.left → silver.right → silver.left",
    ]);
  });
});

describe("partitions", () => {
  const at = "tables.silver.orders.partitionBy";
  const columns = { ...orderColumns, day: s.date(), ratio: s.double(), lines: s.array(s.string()) };
  const partitionProblems = (...partitionBy: unknown[]): readonly string[] =>
    problemsWith.silver({ columns, partitionBy });

  test.each<[string, readonly string[], string[]]>([
    [
      "right",
      partitionProblems(
        "cust_id",
        "day",
        "amount",
        month("day"),
        date("placed_at"),
        hour("placed_at"),
        bucket("order_id", 16),
      ),
      [],
    ],
    [
      "in a list",
      problemsWith.silver({ partitionBy: "cust_id" }),
      [`${at}: expected a list such as ["country", month("placed_at")], got "cust_id"`],
    ],
    [
      "columns",
      partitionProblems("custid", 7),
      [
        `${at}[0]: expected a column of the table, got "custid"; did you mean "cust_id"?`,
        `${at}[1]: expected a column's name or one of date("…"), month, hour, bucket, got 7`,
      ],
    ],
    [
      "of a type that can name folders",
      partitionProblems("ratio", "lines"),
      [
        `${at}[0]: expected a column of a type that can name folders, got the double; see bucket()`,
        `${at}[1]: expected a column of a type that can name folders, got the array; see bucket()`,
      ],
    ],
    [
      "of moments",
      partitionProblems(date("cust_id"), hour("day"), month("amount")),
      [
        `${at}[0]: expected date() of a timestamp, got the string column "cust_id"`,
        `${at}[1]: expected hour() of a timestamp, got the date column "day"`,
        `${at}[2]: expected month() of a date or timestamp, got the decimal(18,2) column "amount"`,
      ],
    ],
    [
      "of some buckets",
      partitionProblems(bucket("cust_id", 1), bucket("ratio", 4)),
      [
        `${at}[0]: expected a number of buckets from 2 to 10000, got 1`,
        `${at}[1]: expected bucket() of a column of a plain, exact type, got the double column "ratio"`,
      ],
    ],
    [
      "named once",
      partitionProblems("cust_id", "cust_id", month("day").as("amount")),
      [
        `${at}[1]: expected a name of its own, got "cust_id" again; name it with .as("…")`,
        `${at}[2]: expected a name of its own, got "amount" again; name it with .as("…")`,
      ],
    ],
    [
      "named as columns are",
      partitionProblems(month("day").as("_key")),
      [`${at}[0]: expected another name for the column, got "_key", which is a name of Sluice's own`],
    ],
  ])("are %s", (_title, problems, expected) => {
    expect(problems).toEqual(expected);
  });
});
