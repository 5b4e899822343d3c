import { describe, expect, test } from "vitest";
import { customers, orderSource, problemsWith, untyped } from "../../test/untyped-lake.ts";
import { bronze, expect as rule, s } from "./index.ts";

describe("a Silver table", () => {
  const at = "tables.silver.orders";
  const carried = "a primary key attribute of bronze.orders (order_id), the only ones that deletes carry";
  test.each<[string, object, string[]]>([
    ["a Bronze table", { from: customers }, [`${at}.from: expected a Bronze table, got the table silver.customers`]],
    ["a handle", { from: "bronze.orders" }, [`${at}.from: expected a Bronze table, got "bronze.orders"`]],
    [
      "a listed table",
      { from: bronze("other", { source: orderSource }) },
      [`${at}.from: expected a table that is listed in \`tables\`, got bronze.other, which is not listed`],
    ],
    [
      "the listed table",
      { from: bronze("orders", { source: orderSource }) },
      [
        `${at}.from: expected a table that is listed in \`tables\`, got bronze.orders, another table of that name is listed`,
      ],
    ],
    [
      "columns",
      { columns: undefined, keys: [] },
      [
        `${at}.columns: expected columns by name, got nothing`,
        `${at}.keys: expected the columns that tell rows apart, such as ["order_id"], got an empty list`,
      ],
    ],
    [
      "keys",
      { keys: undefined },
      [`${at}.keys: expected the columns that tell rows apart, such as ["order_id"], got nothing`],
    ],
    [
      "keys that are columns",
      { keys: ["order_di", 7] },
      [
        `${at}.keys[0]: expected a column of the table, got "order_di"; did you mean "order_id"?`,
        `${at}.keys[1]: expected the name of a column, got 7`,
      ],
    ],
    [
      "each key once",
      { keys: ["order_id", "order_id"] },
      [`${at}.keys[1]: expected each key once, got "order_id" again`],
    ],
    [
      "keys that deletes carry",
      { keys: ["order_id", "cust_id"] },
      [`${at}.keys[1]: expected ${carried}, got "cust_id" from the attribute "cust_id"`],
    ],
    [
      "keys that are attributes",
      { columns: { order_id: s.string().sql("'x'") } },
      [`${at}.keys[0]: expected ${carried}, got "order_id", which is computed`],
    ],
    [
      "keys that are no part of one",
      { columns: { order_id: s.string().from("order_id.x") } },
      [`${at}.keys[0]: expected ${carried}, got "order_id" from the attribute "order_id.x"`],
    ],
    [
      "keys that stay apart",
      { columns: { order_id: s.double() } },
      [`${at}.keys[0]: expected a type that keeps keys apart, got the double column "order_id"`],
    ],
    [
      "policies",
      { deletes: "softly", ttlDeletes: 1 },
      [
        `${at}.deletes: expected "hard" or "soft" or "keep", got "softly"; did you mean "soft"?`,
        `${at}.ttlDeletes: expected "hard" or "soft" or "keep", got 1`,
      ],
    ],
    [
      "TTL deletes that can be told apart",
      { deletes: "soft", ttlDeletes: "keep" },
      [
        `${at}.ttlDeletes: expected "soft", as \`deletes\` says, got "keep"; to tell TTL deletes apart, name the TTL attribute: ttl in the source of bronze.orders`,
      ],
    ],
    [
      "a duration",
      { maxLateness: "2 dayz" },
      [`${at}.maxLateness: expected a duration such as "15 min" or "2 days", got "2 dayz"`],
    ],
    [
      "a duration with its unit",
      { maxLateness: 15 },
      [`${at}.maxLateness: expected a duration such as "15 min" or "2 days", got 15`],
    ],
    [
      "a way to merge",
      { merge: "deletion-vector" },
      [
        `${at}.merge: expected "deletion-vectors" or "copy-on-write", got "deletion-vector"; did you mean "deletion-vectors"?`,
      ],
    ],
    [
      "known fields",
      { partitionsBy: [] },
      [`${at}.partitionsBy: expected a known field, got "partitionsBy"; did you mean "partitionBy"?`],
    ],
  ])("has %s", (_title, fields, expected) => {
    expect(problemsWith.silver(fields)).toEqual(expected);
  });
});

describe("expectations", () => {
  test.each<[string, unknown, string[]]>([
    ["by name", [rule("a > 1")], ["tables.silver.orders.expect: expected expectations by name, got a list of 1"]],
    [
      "made by expect()",
      { a: "amount > 0" },
      ['a: expected an expectation such as expect("amount > 0").orQuarantine(), got "amount > 0"'],
    ],
    [
      "named",
      { "": rule("amount > 0") },
      ['tables.silver.orders.expect[""]: expected a name of at most 100 printable characters, got ""'],
    ],
    [
      "conditions",
      { a: untyped.expect(), b: rule(" ") },
      ["a: expected a condition in SQL, got nothing", "b: expected a condition in SQL, got an empty text"],
    ],
    [
      "more than a comment",
      { a: rule("-- later") },
      ["a: expected a condition in SQL, got SQL that is only a comment"],
    ],
    [
      "of whole texts",
      { a: rule("status = 'it''s") },
      ["a: expected a condition in SQL, got SQL with an unterminated string"],
    ],
    [
      "one condition",
      { a: rule("amount > 0; drop table x") },
      ["a: expected a condition in SQL, got SQL with a semicolon"],
    ],
    [
      "in balance",
      { a: rule("amount > 0) or (true"), b: rule("(amount > 0") },
      [
        "a: expected a condition in SQL, got SQL with an unmatched )",
        "b: expected a condition in SQL, got SQL with an unmatched (",
      ],
    ],
    ["without parameters", { a: rule("amount > ?") }, ["a: expected a condition in SQL, got SQL with a parameter"]],
    [
      "tolerant of a share",
      { a: rule("amount > 0").atMost(2), b: rule("amount > 0").atMost(Number.NaN) },
      [
        "a.atMost: expected a share from 0 to 1 such as 0.02, got 2",
        "b.atMost: expected a share from 0 to 1 such as 0.02, got NaN",
      ],
    ],
    [
      "the same at any time",
      { a: rule("placed_at < now()") },
      ["a: expected SQL that gives the same rows whenever it runs, got now(); its value depends on when it runs"],
    ],
    ["the same at any time, in a comment or a text", { a: rule("note <> 'now()' -- now()") }, []],
    [
      "the same every time",
      { a: rule("random() < 0.5 and placed_at < current_date") },
      [
        "a: expected SQL that gives the same rows whenever it runs, got random(); its value differs from run to run",
        "a: expected SQL that gives the same rows whenever it runs, got current_date; its value depends on when it runs",
      ],
    ],
  ])("are %s", (_title, expectations, expected) => {
    expect(problemsWith.rules(expectations)).toEqual(expected);
  });
});
