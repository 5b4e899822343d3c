import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ObjectStore } from "../../src/storage/index.ts";
import type { LakeReader } from "./lake-reader.ts";
import type { LakeFolder } from "./product.ts";
import { deliver, writeShopConfig, type ShopExport } from "./shop.ts";
import { shopState, type ShopState } from "./shop-state.ts";

export interface ShopLake extends LakeFolder {
  /** Where exports are delivered. */
  readonly exports: string;
  /** Where the tables are. */
  readonly lake: string;
}

/** A lake of the shop, empty, in a new folder. */
export function shopLake(folder: string): ShopLake {
  mkdirSync(folder, { recursive: true });
  writeShopConfig(folder);
  return { folder, exports: join(folder, "exports"), lake: join(folder, "lake") };
}

export function deliverAll(folder: string, exports: readonly ShopExport[]): void {
  for (const one of exports) deliver(folder, one);
}

/** What the lake holds, in the words of the model; Bronze by its distinct events too. */
export async function lakeState(
  reader: LakeReader,
  lake: string | ObjectStore,
): Promise<ShopState & { readonly distinct: unknown }> {
  const lines = async (sql: string, tables: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    (await reader.rows(lake, sql, tables)).map((row) => String(row["line"])).toSorted();
  const count = async (sql: string, path: string): Promise<number> =>
    Number((await reader.rows(lake, sql, { t: path }))[0]?.["n"] ?? 0);
  const both = async (sql: string, path: string): Promise<ShopState["events"]> => ({
    orders: await count(sql, `${path}orders`),
    customers: await count(sql, `${path}customers`),
  });
  return {
    events: await both("SELECT count(*) AS n FROM t", "bronze/"),
    distinct: await both("SELECT count(DISTINCT (_event_id, _op)) AS n FROM t", "bronze/"),
    unreadable: await both("SELECT count(*) AS n FROM t", "quarantine/bronze_"),
    rejected: await count("SELECT count(*) AS n FROM t", "quarantine/silver_orders"),
    orders: await lines(
      `SELECT concat_ws('|', order_id, cust_id, amount::VARCHAR, city, coalesce(segment, '')) AS line FROM t`,
      { t: "silver/orders" },
    ),
    customers: await lines(`SELECT concat_ws('|', cust_id, segment) AS line FROM t`, { t: "silver/customers" }),
    revenue: await lines(
      `SELECT concat_ws('|', coalesce(segment, ''), orders::VARCHAR, revenue::VARCHAR) AS line FROM t`,
      {
        t: "gold/revenue",
      },
    ),
  };
}

/** What `lakeState` must give once these exports are in. */
export function expectedState(exports: readonly ShopExport[]): ShopState & { readonly distinct: unknown } {
  const state = shopState(exports);
  return { ...state, distinct: state.events };
}
