import { expect, test } from "vitest";
import { lakeOf, problemsOf, problemsWith, untyped } from "../../test/untyped-lake.ts";
import { bronze, defineLake, dms, dynamodb, resolveLake, type ReconcileOptions } from "./index.ts";

function resolved(reconcile: ReconcileOptions) {
  const source = dynamodb({ table: "orders", keys: ["id"], scan: true, stream: true });
  const lake = defineLake({ name: "shop", storage: "./lake", tables: [bronze("orders", { source, reconcile })] });
  const [table] = resolveLake(lake, { folder: "/here" }).tables;
  return table?.layer === "bronze" ? table.reconcile : undefined;
}

test("a table says how often it is compared with its source, and what that may use: a quarter of its capacity unless told", () => {
  expect(resolved({ every: "1 day" })).toEqual({ everyMs: 86_400_000, readCapacity: { share: 0.25 } });
  expect(resolved({ every: "12h", readCapacity: "5%" })).toEqual({
    everyMs: 43_200_000,
    readCapacity: { share: 0.05 },
  });
  expect(resolved({ every: "1 week", readCapacity: 50 })).toEqual({ everyMs: 604_800_000, readCapacity: 50 });
});

test("what cannot be followed is named", () => {
  expect(problemsWith.bronze({ reconcile: { every: "soon", readCapacity: 0, at: "night" } })).toEqual([
    'tables.bronze.orders.reconcile.at: expected a known field, got "at"; known fields: every, readCapacity',
    'tables.bronze.orders.reconcile.readCapacity: expected a share such as "25%", or read units a second from 1 to 1000000, got 0',
    'tables.bronze.orders.reconcile.every: expected a time such as "1 day", got "soon"',
  ]);
  expect(problemsWith.bronze({ reconcile: {} })).toEqual([
    'tables.bronze.orders.reconcile.every: expected a time such as "1 day", got nothing',
  ]);
  expect(problemsWith.bronze({ reconcile: true })).toEqual([
    'tables.bronze.orders.reconcile: expected { every: "1 day" }, got true',
  ]);
  const source = dms({ folder: "./raw", schema: "shop", table: "orders", keys: ["id"], columns: ["id"] });
  expect(problemsOf(lakeOf(untyped.bronze("orders", { source, reconcile: { every: "1 day" } })))).toEqual([
    "tables.bronze.orders.reconcile: expected nothing here, got a schedule; files of AWS DMS cannot be asked what the database has",
  ]);
});
