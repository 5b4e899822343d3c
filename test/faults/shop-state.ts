import type { Item } from "../builders/dynamodb-item.ts";
import type { ShopExport, ShopTable } from "./shop.ts";

/** What the lake must hold once some exports of the shop are in, said as plainly as possible. */
export interface ShopState {
  /** Rows of each Bronze table, with one `T` a full export. */
  readonly events: Readonly<Record<ShopTable, number>>;
  /** Lines that are no records. */
  readonly unreadable: Readonly<Record<ShopTable, number>>;
  /** Images of orders that break the rule. */
  readonly rejected: number;
  /** `order_id|cust_id|amount|city|segment` of each live order, sorted. */
  readonly orders: readonly string[];
  /** `cust_id|segment`, sorted. */
  readonly customers: readonly string[];
  /** `segment|orders|revenue`, sorted. */
  readonly revenue: readonly string[];
}

export function shopState(exports: readonly ShopExport[]): ShopState {
  const events = { orders: 0, customers: 0 };
  const unreadable = { orders: 0, customers: 0 };
  const tables = { orders: new Map<string, Item>(), customers: new Map<string, Item>() };
  let rejected = 0;
  for (const { table, contents } of exports) {
    const keyName = table === "orders" ? "order_id" : "cust_id";
    const lines = "full" in contents ? [...contents.items, "T"] : contents.events;
    for (const line of lines) {
      if (typeof line === "string" && line !== "T") unreadable[table] += 1;
      else events[table] += 1;
      if (typeof line === "string") continue;
      const { key, after } = changeOf(line, keyName);
      if (after === undefined) tables[table].delete(key);
      else if (table === "orders" && textOf(after["amount"]).startsWith("-")) rejected += 1;
      else tables[table].set(key, after);
    }
  }
  const customers = new Map([...tables.customers].map(([id, one]) => [id, textOf(one["segment"])]));
  const orders = [...tables.orders].map(([id, one]) => {
    const customer = textOf(one["cust_id"]);
    const segment = customers.get(customer) ?? "";
    return { line: [id, customer, textOf(one["amount"]), cityOf(one), segment].join("|"), segment, one };
  });
  return {
    events,
    unreadable,
    rejected,
    orders: orders.map(({ line }) => line).toSorted(),
    customers: [...customers].map((pair) => pair.join("|")).toSorted(),
    revenue: revenueOf(orders),
  };
}

type Line = Exclude<Extract<ShopExport["contents"], { items: unknown }>["items"][number], string> | Event;
type Event = Exclude<Extract<ShopExport["contents"], { events: unknown }>["events"][number], string>;

function changeOf(line: Line, keyName: string): { readonly key: string; readonly after: Item | undefined } {
  if (!isEvent(line)) return { key: textOf(line[keyName]), after: line };
  return { key: textOf(line.keys[keyName]), after: line.after };
}

function isEvent(line: Line): line is Event {
  return typeof line["at"] === "number";
}

function revenueOf(orders: readonly { readonly segment: string; readonly one: Item }[]): readonly string[] {
  const sums = new Map<string, { count: number; cents: bigint }>();
  for (const { segment, one } of orders) {
    const sum = sums.get(segment) ?? { count: 0, cents: 0n };
    const cents = BigInt(textOf(one["amount"]).replace(".", ""));
    sums.set(segment, { count: sum.count + 1, cents: sum.cents + cents });
  }
  return [...sums]
    .map(([segment, { count, cents }]) => {
      const digits = String(cents).padStart(3, "0");
      return `${segment}|${count}|${digits.slice(0, -2)}.${digits.slice(-2)}`;
    })
    .toSorted();
}

function cityOf(one: Item): string {
  const address = one["address"]?.["M"] as Item | undefined;
  return textOf(address?.["city"]);
}

/** The text of a string or a number. */
function textOf(value: Item[string] | undefined): string {
  return String(value?.["S"] ?? value?.["N"] ?? "");
}
