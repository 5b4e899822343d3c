import { describe, expect, test } from "vitest";
import { ConfigError, resolveLake } from "./index.ts";
import { bronze, defineLake, dynamodb, dynamodbTarget, gold, s, silver, sql } from "../definition/index.ts";

const raw = bronze("orders", { source: dynamodb({ table: "orders", keys: ["id"], export: "./exports" }) });

function lakeOf(publish: unknown) {
  const columns = { id: s.string(), day: s.date() };
  const orders = silver("orders", { from: raw, keys: ["id"], columns, publish: publish as never });
  const daily = gold("daily", {
    query: sql`select day, count(*) as n from ${orders} group by all`,
    publish: publish as never,
  });
  return defineLake({ name: "shop", storage: "./lake", tables: [raw, orders, daily] });
}

/** What is wrong with the target of the Silver table, whose columns are known, and of the Gold table. */
function problemsOf(publish: unknown): readonly string[] {
  try {
    resolveLake(lakeOf(publish), { folder: "/shop" });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const good = { table: "daily", keys: { pk: "{day}" } } as const;
const at = "tables.silver.orders.publish";

describe("where a table is published", () => {
  test("has defaults", () => {
    const { tables } = resolveLake(lakeOf(dynamodbTarget({ table: "daily", keys: { pk: "{{{day}}}#", sk: "{id}" } })), {
      folder: "/shop",
    });
    const published = tables.flatMap((table) => ("publish" in table ? [table.publish] : []));
    expect(published).toHaveLength(2);
    expect(published[0]).toEqual({
      kind: "dynamodb",
      table: "daily",
      keys: [
        { attribute: "pk", parts: [{ text: "{" }, { column: "day" }, { text: "}" }, { text: "#" }] },
        { attribute: "sk", parts: [{ column: "id" }] },
      ],
      existing: "refuse",
      tombstones: { keepMs: 7 * 86_400_000 },
    });
  });

  test.each<[string, unknown, string | RegExp]>([
    ["no target", { table: "x" }, `${at}: expected a target such as dynamodbTarget({ … }), got an object`],
    [
      "no table",
      dynamodbTarget({ keys: good.keys } as never),
      `${at}.table: expected the DynamoDB table's name, got nothing`,
    ],
    [
      "a name that no table has",
      dynamodbTarget({ ...good, table: "a b" }),
      /\.table: expected the DynamoDB table's name \(3 to 255/,
    ],
    ["no keys", dynamodbTarget({ ...good, keys: {} }), /\.keys: expected the table's key attributes .* got 0 of them/],
    ["three keys", dynamodbTarget({ ...good, keys: { a: "{id}", b: "{id}", c: "{id}" } }), /got 3 of them/],
    [
      "a key that is no template",
      dynamodbTarget({ ...good, keys: { pk: 1 } } as never),
      /\.keys\.pk: expected a template/,
    ],
    [
      "a template without a column",
      dynamodbTarget({ ...good, keys: { pk: "all" } }),
      /"all", which is the same for every row/,
    ],
    ["a lone brace", dynamodbTarget({ ...good, keys: { pk: "{day" } }), /a lone \{ in "\{day"; write it twice/],
    [
      "a column that is not there",
      dynamodbTarget({ ...good, keys: { pk: "{dya}" } }),
      /\.keys\.pk: .*got "dya"; did you mean "day"\?/,
    ],
    [
      "Sluice's own attribute",
      dynamodbTarget({ ...good, keys: { _sluice: "{day}" } }),
      /keys\._sluice: expected a name of the table's own/,
    ],
    [
      "columns that are not there",
      dynamodbTarget({ ...good, columns: ["id", "ip"] }),
      /\.columns\[1\]: expected a column of the table, got "ip"/,
    ],
    [
      "no capacity",
      dynamodbTarget({ ...good, writeCapacity: 0 }),
      /\.writeCapacity: expected units of write capacity from 1/,
    ],
    ["capacity that nobody has", dynamodbTarget({ ...good, raiseTo: 1e9 }), /\.raiseTo: expected units/],
    [
      "an endpoint in the clear",
      dynamodbTarget({ ...good, endpoint: "http://db.example.com" }),
      /\.endpoint: expected a URL/,
    ],
    [
      "tombstones for a minute",
      dynamodbTarget({ ...good, keepDeleted: "1 min" }),
      /\.keepDeleted: expected a duration of at least "1 day"/,
    ],
    [
      "a TTL that is a key",
      dynamodbTarget({ ...good, ttl: "pk" }),
      /\.ttl: expected an attribute that is no key, got "pk"/,
    ],
    [
      "another word",
      dynamodbTarget({ ...good, existing: "skip" } as never),
      /\.existing: expected "refuse" or "replace", got "skip"/,
    ],
    [
      "an unknown field",
      dynamodbTarget({ ...good, key: 1 } as never),
      /\.key: expected a known field, got "key"; did you mean "keys"\?/,
    ],
  ])("%s is told", (_what, publish, message) => {
    const [first = ""] = problemsOf(publish);
    if (typeof message === "string") expect(first).toBe(message);
    else expect(first).toMatch(message);
    expect(first.startsWith(at)).toBe(true);
  });
});
