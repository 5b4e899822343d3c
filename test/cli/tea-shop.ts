import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeExport, type WindowEvent, type WrittenExport } from "../builders/dynamodb-export.ts";
import { item, number, type Item } from "../builders/dynamodb-item.ts";

/** A small shop: a folder with exports of `orders`, and a configuration beside it. */
export interface TeaShop {
  readonly folder: string;
  readonly full: WrittenExport;
}

const DAY_1 = "2026-01-01T00:00:00Z";
const DAY_2 = "2026-01-02T00:00:00Z";
const DAY_3 = "2026-01-03T00:00:00Z";

/** What a customer may call himself: it must steer no terminal, and start no spreadsheet's formula. */
export const HOSTILE_NAME = "=cmd|' /C calc'!A0\u001b[2J\u202e";
/** Beyond what a double holds. */
export const BIG = "9007199254740993";
export const ORDERS = 40;

/**
 * 40 orders in a full export, one of them without a positive amount. A window of changes that adds `o-40`, changes `o-1` and
 * deletes `o-2` can follow (`writeNextWindow`), and an export that has only begun (`beginLastWindow`).
 */
export function makeTeaShop(folder: string): TeaShop {
  const items = Array.from({ length: ORDERS }, (_, index) => order(index));
  const full = writeExport(join(folder, "raw"), { full: DAY_1, items }, { table: "orders", files: 2 });
  writeFileSync(join(folder, "sluice.config.ts"), CONFIG);
  return { folder, full };
}

/** Changes of the first of January. */
export function writeNextWindow(folder: string): WrittenExport {
  const events: readonly (WindowEvent | string)[] = [
    { at: "2026-01-01T08:00:00Z", keys: item({ order_id: "o-40" }), after: order(40) },
    {
      at: "2026-01-01T09:00:00Z",
      keys: item({ order_id: "o-1" }),
      before: order(1),
      after: { ...order(1), status: { S: "paid" } },
    },
    { at: "2026-01-01T10:00:00Z", keys: item({ order_id: "o-2" }), before: order(2) },
  ];
  return writeExport(join(folder, "raw"), { from: DAY_1, to: DAY_2, events }, { table: "orders" });
}

/** The export of the second of January has begun and not ended. */
export function beginLastWindow(folder: string): void {
  writeExport(join(folder, "raw"), { from: DAY_2, to: DAY_3, events: [] }, { table: "orders", state: "started" });
}

function order(index: number): Item {
  return item({
    order_id: `o-${index}`,
    name: index === 3 ? HOSTILE_NAME : `customer ${index}`,
    status: "open",
    amount: number(index === 4 ? "-1.50" : `${index + 1}.50`),
    points: number(index === 5 ? BIG : String(index)),
    placed_at: `2025-12-${String((index % 28) + 1).padStart(2, "0")}T10:00:00Z`,
    tags: new Set(["a", "b"]),
  });
}

const CONFIG = `import { bronze, defineLake, dynamodb, expect, gold, s, silver, sql } from "sluice";

const raw = bronze("orders", { source: dynamodb({ table: "orders", keys: ["order_id"], export: "./raw" }) });

const orders = silver("orders", {
  description: "Orders of the shop",
  from: raw,
  keys: ["order_id"],
  columns: {
    order_id: s.string(),
    name: s.string().pii(),
    status: s.string(),
    amount: s.decimal(18, 2).describe("GBP"),
    points: s.long(),
    placed_on: s.date().sql("placed_at::date"),
    placed_at: s.timestamp(),
  },
  deletes: "hard",
  expect: {
    positive_amount: expect(process.env.SHOP_RULE ?? "amount > 0").orQuarantine(),
    named: expect("name is not null").orWarn(),
  },
});

const daily = gold("daily_sales", {
  query: sql\`select placed_on as day, count(*) as orders, sum(amount) as revenue from \${orders} group by placed_on\`,
});

export default defineLake({ name: "shop", storage: "./lake", tables: [raw, orders, daily] });
`;
