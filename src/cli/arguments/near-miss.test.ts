import fc from "fast-check";
import { expect, test } from "vitest";
import { nearest } from "./near-miss.ts";

const COMMANDS = ["run", "plan", "status", "query", "history", "quarantine", "trace"];

test.each([
  ["stats", "status"],
  ["rnu", "run"],
  ["Plan", "plan"],
  ["quarantin", "quarantine"],
  ["deploy", undefined],
  ["", undefined],
])("%j probably means %s", (typed, meant) => {
  expect(nearest(typed, COMMANDS)).toBe(meant);
});

test("a table's own name is enough to be recognised", () => {
  expect(nearest("ordres", ["silver.orders", "gold.daily_sales"])).toBe("silver.orders");
});

test("every name is nearest to itself", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1 }), (names) => {
      const distinct = [...new Set(names.map((name) => name.toLowerCase()))];
      for (const name of distinct)
        expect(nearest(name, distinct.filter((one) => !one.includes(".")).concat(name))).toBeDefined();
    }),
  );
});
