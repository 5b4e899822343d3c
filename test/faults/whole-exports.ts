import type { ShopExport, ShopTable } from "./shop.ts";
import { shopState, type ShopState } from "./shop-state.ts";

/**
 * Says what of a lake's state stands between two exports: every table must always hold the first so many of its own exports
 * as a whole, whatever died when. Of joined columns and of Gold nothing is asked; they may lie behind.
 */
export function wholeExports(shop: readonly ShopExport[]): (state: ShopState) => readonly string[] {
  const allowed = { orders: statesOf(shop, "orders"), customers: statesOf(shop, "customers") };
  return (state) => {
    const tables = ["orders", "customers"] as const;
    return tables.flatMap((table) => {
      const faults: string[] = [];
      if (!allowed[table].events.has(state.events[table])) faults.push(`bronze.${table}: ${state.events[table]} rows`);
      if (!allowed[table].rows.has(rowsOf(state, table))) faults.push(`silver.${table} is between two exports`);
      return faults;
    });
  };
}

function statesOf(shop: readonly ShopExport[], table: ShopTable): { events: Set<number>; rows: Set<string> } {
  const own = shop.filter((one) => one.table === table);
  const states = Array.from({ length: own.length + 1 }, (_, count) => shopState(own.slice(0, count)));
  return {
    events: new Set(states.map((state) => state.events[table])),
    rows: new Set(states.map((state) => rowsOf(state, table))),
  };
}

/** The rows without what they are joined with. */
function rowsOf(state: ShopState, table: ShopTable): string {
  const rows =
    table === "customers" ? state.customers : state.orders.map((line) => line.slice(0, line.lastIndexOf("|")));
  return rows.join("\n");
}
