import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../../test/builders/any-text.ts";
import { nameTables } from "./query-lake.ts";

const KNOWN = new Map([
  ["silver.orders", 1],
  ["gold.daily_sales", 1],
  ["system.runs", 1],
]);

describe("nameTables", () => {
  test.each([
    ["select * from silver.orders", 'select * from "silver.orders"'],
    ["select * from SILVER.Orders o", 'select * from "silver.orders" o'],
    ["select * from silver . orders", 'select * from "silver.orders"'],
    ['select * from "silver"."orders"', 'select * from "silver.orders"'],
    ['select * from silver."orders"', 'select * from "silver.orders"'],
    ['select * from "silver.orders"', 'select * from "silver.orders"'],
    ["select silver.orders.id from silver.orders", 'select "silver.orders".id from "silver.orders"'],
    ['select * from "silver.orders$with_deleted"', 'select * from "silver.orders$with_deleted"'],
    ["select * from silver.orders$with_deleted", 'select * from "silver.orders$with_deleted"'],
    ["select 'silver.orders' as t", "select 'silver.orders' as t"],
    ["select 'it''s silver.orders'", "select 'it''s silver.orders'"],
    ["select e'it\\'s silver.orders'", "select e'it\\'s silver.orders'"],
    ["select $$silver.orders$$, $x$ silver.orders $x$", "select $$silver.orders$$, $x$ silver.orders $x$"],
    ["select 1 -- silver.orders", "select 1 -- silver.orders"],
    ["select /* silver.orders */ 1", "select /* silver.orders */ 1"],
    ["select s.orders from silver.other s", "select s.orders from silver.other s"],
    ["select 1 from gold.daily_sales;\n ; ", 'select 1 from "gold.daily_sales"'],
  ])("%s", (sql, text) => {
    expect(nameTables(sql, KNOWN).text).toBe(text);
  });

  test("says which tables are named, each once", () => {
    const { names } = nameTables('select 1 from silver.orders, "silver.orders$with_deleted", system.runs', KNOWN);
    expect([...names]).toEqual(["silver.orders", "system.runs"]);
  });

  test("changes nothing where no table is named, whatever the text", () => {
    fc.assert(
      fc.property(anyText(), (sql) => {
        expect(nameTables(sql, KNOWN).text).toBe(sql.replace(/[\s;]+$/, ""));
      }),
    );
  });

  test("takes time in proportion to the text", () => {
    for (const piece of ["/*", "$a$", "'", '"', "a.", "silver.", " ;"]) {
      const startedMs = performance.now();
      nameTables(piece.repeat(50_000), KNOWN);
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    }
  });
});
