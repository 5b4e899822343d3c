import { join } from "node:path";
import type { World } from "../../src/base/index.ts";
import {
  bronze,
  defineLake,
  dynamodb,
  openLake,
  resolveLake,
  s,
  silver,
  type DynamoDbOptions,
  type Lake,
} from "../../src/lake/index.ts";

/** A lake below a folder with `bronze.orders` of a table keyed by `order_id`, and `silver.orders` with its amounts. */
export function ordersLake(folder: string, options: Omit<DynamoDbOptions, "keys">, world: World): Lake {
  const orders = bronze("orders", { source: dynamodb({ ...options, keys: ["order_id"] }) });
  const clean = silver("orders", {
    from: orders,
    keys: ["order_id"],
    columns: { order_id: s.string(), amount: s.decimal(38, 2) },
  });
  const lake = defineLake({
    name: "shop",
    storage: join(folder, "lake"),
    engine: { memory: "512MB", threads: 2 },
    tables: [orders, clean],
  });
  return openLake(resolveLake(lake, { folder, machine: { memoryBytes: 1e9, cores: 2 } }), { world });
}
