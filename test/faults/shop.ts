import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../src/base/index.ts";
import { writeExport, type ExportContents, type WindowEvent, type WrittenExport } from "../builders/dynamodb-export.ts";
import { item, number, type Item } from "../builders/dynamodb-item.ts";

export type ShopTable = "orders" | "customers";

/** One export of one table, with the lines that are no records among its items or events. */
export interface ShopExport {
  readonly table: ShopTable;
  readonly contents: ExportContents;
}

export interface ShopSize {
  readonly orders: number;
  readonly customers: number;
  /** Hourly incremental exports of each table, behind its full export. */
  readonly windows: number;
  /** Of each table in a window. */
  readonly changes: number;
}

export const SHOP_START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;
const SEGMENTS = ["home", "trade", "school"];
/** One of so many changes of an order gives it a price that no rule lets pass. */
const WRONG_PRICE_EVERY = 40;
/** One line of so many is none: well below the share that a batch may have. */
const TORN_LINE_EVERY = 250;

/** A shop's exports in the order of their delivery, the same for the same seed. */
export function makeShop(seed: number, size: ShopSize): readonly ShopExport[] {
  const random = seededRandom(seed);
  const tables = { orders: new Map<string, Item>(), customers: new Map<string, Item>() };
  for (let n = 0; n < size.customers; n += 1) tables.customers.set(`c${n}`, customer(`c${n}`, random));
  for (let n = 0; n < size.orders; n += 1) tables.orders.set(`o${n}`, order(`o${n}`, random, size));
  const exports = (["customers", "orders"] as const).map((table): ShopExport => ({
    table,
    contents: { full: SHOP_START, items: withTornLines([...tables[table].values()], table) },
  }));
  for (let hour = 0; hour < size.windows; hour += 1) {
    const from = SHOP_START + hour * HOUR;
    for (const table of ["customers", "orders"] as const) {
      const events = changesOf(tables[table], { table, from, random, size });
      exports.push({ table, contents: { from, to: from + HOUR, events: withTornLines(events, table) } });
    }
  }
  return exports;
}

/** Writes an export below `folder`, as DynamoDB delivers it. */
export function deliver(folder: string, { table, contents }: ShopExport): WrittenExport {
  return writeExport(join(folder, table), contents, { table, files: 2 });
}

/** A configuration over `./exports` and `./lake`, in a language that needs no compiler. `SPILL` moves what is spilled. */
export function writeShopConfig(folder: string): void {
  writeFileSync(join(folder, "sluice.config.mjs"), SHOP_CONFIG);
}

const SHOP_CONFIG = `
import { bronze, defineLake, dynamodb, expect, gold, s, silver, sql } from "sluice";

// Every run puts files together: whatever strikes a run strikes that, too.
const autoCompact = { minFiles: 2 };

const rawCustomers = bronze("customers", {
  autoCompact,
  source: dynamodb({ table: "customers", keys: ["cust_id"], export: "./exports/customers" }),
});
const rawOrders = bronze("orders", {
  autoCompact,
  source: dynamodb({ table: "orders", keys: ["order_id"], export: "./exports/orders" }),
});
const customers = silver("customers", {
  autoCompact,
  from: rawCustomers,
  keys: ["cust_id"],
  columns: { cust_id: s.string(), segment: s.string() },
});
const orders = silver("orders", {
  autoCompact,
  from: rawOrders,
  keys: ["order_id"],
  columns: {
    order_id: s.string(),
    cust_id: s.string(),
    amount: s.decimal(18, 2),
    city: s.string().from("address.city"),
    segment: s.string().joined("customer.segment"),
  },
  join: { customer: { table: customers, on: { cust_id: "cust_id" } } },
  deletes: "hard",
  expect: { positive_amount: expect("amount > 0").orQuarantine() },
});
const revenue = gold("revenue", {
  autoCompact,
  query: sql\`select segment, count(*) as orders, sum(amount) as revenue from \${orders} group by segment\`,
});

export default defineLake({
  name: "shop",
  storage: "./lake",
  engine: { memory: "512MB", threads: 2, ...(process.env.SPILL ? { spill: process.env.SPILL } : {}) },
  tables: [rawCustomers, rawOrders, customers, orders, revenue],
});
`;

interface Changes {
  readonly table: ShopTable;
  readonly from: number;
  readonly random: () => number;
  readonly size: ShopSize;
}

/** Changes of some keys in one hour; the table is as it is at its end. */
function changesOf(items: Map<string, Item>, { table, from, random, size }: Changes): WindowEvent[] {
  const keyName = table === "orders" ? "order_id" : "cust_id";
  const prefix = table === "orders" ? "o" : "c";
  const limit = 2 * size[table];
  const ids = new Set<string>();
  for (let n = 0; n < size.changes; n += 1) ids.add(`${prefix}${Math.floor(random() * limit)}`);
  return [...ids].map((id, index): WindowEvent => {
    const before = items.get(id);
    const isRemoved = before !== undefined && random() < 0.2;
    const after = table === "orders" ? order(id, random, size) : customer(id, random);
    if (isRemoved) items.delete(id);
    else items.set(id, after);
    return {
      at: from + 1 + index,
      keys: item({ [keyName]: id }),
      ...(before === undefined ? {} : { before }),
      ...(isRemoved ? {} : { after }),
    };
  });
}

function customer(id: string, random: () => number): Item {
  return item({ cust_id: id, segment: SEGMENTS[Math.floor(random() * SEGMENTS.length)] ?? "", since: 2020 });
}

function order(id: string, random: () => number, { customers }: ShopSize): Item {
  const cents = 1 + Math.floor(random() * 99_999);
  const isWrong = random() * WRONG_PRICE_EVERY < 1;
  return item({
    order_id: id,
    cust_id: `c${Math.floor(random() * customers * 1.2)}`,
    amount: number(`${isWrong ? "-" : ""}${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`),
    address: { city: random() < 0.5 ? "Leeds" : "Łódź", lines: ["a", 1, null] },
    labels: new Set(["x", "y"]),
    note: "n".repeat(Math.floor(random() * 200)),
  });
}

function withTornLines<One>(lines: readonly One[], table: ShopTable): (One | string)[] {
  return lines.flatMap((line, index) =>
    index % TORN_LINE_EVERY === TORN_LINE_EVERY - 1 ? [line, `{"torn in ${table} ${index}`] : [line],
  );
}
