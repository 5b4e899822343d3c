import fc from "fast-check";
import { expect, test } from "vitest";
import { customers, orderColumns, orders, people, untyped } from "../../test/untyped-lake.ts";
import { ConfigError, bucket, dynamodb, expect as rule, resolveLake, s, sql, type Problem } from "./index.ts";

/** Anything that JavaScript can hold where a configuration expects something: also what breaks a careless reader. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
  fc.constantFrom<unknown>(
    () => 1,
    Symbol("x"),
    new Proxy({}, {}),
    { __proto__: { name: "inherited" } },
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": 2}'),
    Object.defineProperty({}, "name", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    }),
    Promise.resolve(1),
    class Table {
      readonly name = "orders";
    },
    orders,
    people,
    customers,
    s.string(),
    s.struct({}),
    rule("x"),
    sql`x`,
    bucket("a", 2),
    dynamodb,
    "__proto__",
    "constructor",
    "tables",
    "\0",
    "'",
    "/*",
    "$$",
    "a".repeat(10_000),
  ),
);

const silverFields = [
  "from",
  "keys",
  "columns",
  "deletes",
  "ttlDeletes",
  "expect",
  "join",
  "maxLateness",
  "partitionBy",
  "merge",
  "properties",
  "tags",
];
const silverOptions = {
  from: orders,
  keys: ["order_id"],
  columns: orderColumns,
  expect: { a: rule("amount > 0") },
  join: { c: { table: customers, on: { cust_id: "cust_id" } } },
};

/** The problems of a lake; anything else that goes wrong is thrown. */
function problemsOf(lake: unknown): readonly Problem[] {
  try {
    resolveLake(lake, { folder: "/lake" });
    return [];
  } catch (error) {
    if (error instanceof ConfigError && error.problems.length > 0) return error.problems;
    throw error;
  }
}

function isReadable({ path, message, expected, got }: Problem): boolean {
  return typeof path === "string" && message.startsWith(`expected ${expected}, got ${got}`) && message.length < 1_000;
}

const lakeOf = (...tables: readonly unknown[]) => untyped.defineLake({ name: "shop", storage: "./lake", tables });

test("whatever stands in a field of a table, a configuration resolves or tells its problems", () => {
  fc.assert(
    fc.property(fc.constantFrom(...silverFields), anything, (field, value) => {
      expect(
        problemsOf(
          lakeOf(orders, people, customers, untyped.silver("orders", { ...silverOptions, [field]: value })),
        ).every(isReadable),
      ).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("whatever the builders are given, a configuration resolves or tells its problems", () => {
  const built = fc.oneof(
    fc.tuple(anything, anything).map(([a, b]) => lakeOf(untyped.bronze(a, b))),
    fc.tuple(anything, anything).map(([a, b]) => lakeOf(orders, untyped.silver(a, b))),
    fc.tuple(anything, anything).map(([a, b]) => lakeOf(untyped.gold(a, b))),
    fc
      .record({ name: anything, storage: anything, engine: anything, tables: anything })
      .map((one) => untyped.defineLake(one)),
    anything.map((one) => untyped.defineLake(one)),
    anything,
    anything.map((one) => lakeOf(untyped.bronze("a", { source: untyped.dynamodb(one) }))),
    fc.tuple(anything, anything).map(([a, b]) =>
      lakeOf(
        orders,
        untyped.silver("a", {
          ...silverOptions,
          columns: { a: untyped.decimal(a, b), b: untyped.array(a), c: untyped.tag(a, b), d: untyped.describe(b) },
        }),
      ),
    ),
    fc
      .tuple(anything, anything)
      .map(([a, b]) => lakeOf(orders, untyped.gold("a", { query: untyped.sql`select ${a} from ${b}` }))),
    anything.map((one) =>
      lakeOf(orders, untyped.silver("a", { ...silverOptions, expect: { a: untyped.expect(one) } })),
    ),
  );
  fc.assert(
    fc.property(built, (lake) => {
      expect(problemsOf(lake).every(isReadable)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
