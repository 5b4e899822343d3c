import { seededRandom } from "../../src/base/index.ts";
import {
  deliveredAgain,
  fullExport,
  incrementalExport,
  type Attribute,
  type Item,
  type TableExport,
  type Write,
} from "./dynamodb-export.ts";

/** What a week of a small tea shop leaves behind, the same for the same seed. */
export interface Shop {
  /** There when the lake runs first. */
  readonly delivered: readonly TableExport[];
  /** Still running then; the window behind it is there already. */
  readonly running: TableExport;
}

/** The shop of the demo and of the docs. */
export const DEMO_SEED = 20_260_105;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The shop opens; the full export is taken three days later, and a window follows every day. */
const OPENING = Date.UTC(2026, 0, 5);
const SNAPSHOT = OPENING + 3 * DAY;
const CLOSE = SNAPSHOT + 3 * DAY;

const ORDERS_A_DAY = 150;
const CUSTOMERS = 40;
const TEAS = [
  ["assam-250", 7.5],
  ["darjeeling-100", 9.9],
  ["sencha-100", 8.4],
  ["earl-grey-250", 6.95],
  ["teapot-glass", 24],
  ["strainer", 3.2],
] as const;
const CITIES = [
  ["Leeds", "GB"],
  ["York", "GB"],
  ["Dublin", "IE"],
  ["Utrecht", "NL"],
  ["Lyon", "FR"],
] as const;

export function makeShop(seed: number): Shop {
  const random = seededRandom(seed);
  const customers = customerWrites(random);
  const orders = orderWrites(random);
  const window = (day: number) => ({ from: SNAPSHOT + day * DAY, to: SNAPSHOT + (day + 1) * DAY });
  const ordersIn = (day: number): TableExport =>
    incrementalExport("orders", window(day), { keyName: "order_id", writes: orders });
  const firstDay = withLines(ordersIn(0), [
    // Without its key it is no record.
    JSON.stringify({
      Metadata: { WriteTimestampMicros: { N: `${SNAPSHOT + HOUR}000` } },
      Keys: {},
      NewImage: { cust_id: text("c-07"), amount: number(12) },
    }),
  ]);
  const customersLater = incrementalExport(
    "customers",
    { from: SNAPSHOT, to: SNAPSHOT + DAY },
    { keyName: "cust_id", writes: customers },
  );
  return {
    delivered: [
      fullExport("customers", SNAPSHOT, stateAt(customers, SNAPSHOT)),
      customersLater,
      withLines(fullExport("orders", SNAPSHOT, stateAt(orders, SNAPSHOT)), ['{"Item":{"order_id":{"S":"o-0']),
      firstDay,
      deliveredAgain(firstDay),
      ordersIn(2),
    ],
    running: ordersIn(1),
  };
}

function withLines(one: TableExport, lines: readonly string[]): TableExport {
  return { ...one, lines: [...one.lines, ...lines] };
}

/** Everybody is there from the start; some move up a segment after the snapshot. */
function customerWrites(random: () => number): readonly Write[] {
  const table = new Table();
  for (let n = 1; n <= CUSTOMERS; n += 1) {
    const id = `c-${String(n).padStart(2, "0")}`;
    const [city, country] = pick(random, CITIES);
    table.put(id, OPENING + n * 60_000, {
      cust_id: text(id),
      name: text(`Customer ${n}`),
      email: text(`${id}@example.com`),
      segment: text(random() < 0.2 ? "trade" : "home"),
      address: { M: { city: text(city), country: text(country) } },
      newsletter: { BOOL: random() < 0.5 },
    });
  }
  for (const id of ["c-04", "c-11", "c-23"]) {
    table.put(id, SNAPSHOT + 9 * HOUR, { ...table.get(id), segment: text("trade") });
  }
  return table.writes;
}

function orderWrites(random: () => number): readonly Write[] {
  const table = new Table();
  let count = 0;
  for (let day = OPENING; day < CLOSE; day += DAY) {
    for (let n = 0; n < ORDERS_A_DAY; n += 1) {
      count += 1;
      const id = `o-${String(count).padStart(4, "0")}`;
      const placed = day + Math.floor(random() * 16 * HOUR);
      liveThrough(table, id, { random, placed });
    }
  }
  return table.writes.toSorted((one, other) => one.atMs - other.atMs);
}

/** One order's life: most ship a day later, some are cancelled, a cart that nobody pays expires after a day. */
function liveThrough(
  table: Table,
  id: string,
  { random, placed }: { readonly random: () => number; readonly placed: number },
): void {
  const fate = random();
  const order = newOrder(id, random, placed);
  const dirt = DIRT[id];
  if (dirt !== undefined) {
    table.put(id, placed, order);
    table.put(id, SNAPSHOT + 10 * HOUR, { ...order, ...dirt });
  } else if (fate < 0.06) {
    const expires = placed + DAY;
    table.put(id, placed, { ...order, status: text("cart"), expires_at: number(Math.floor(expires / 1000)) });
    table.remove(id, expires + HOUR);
  } else if (fate < 0.09) {
    table.put(id, placed, order);
    table.remove(id, placed + 20 * HOUR);
  } else if (fate < 0.12) {
    // Taken down on paper at a market and typed in two days later.
    table.put(id, placed + 2 * DAY, { ...order, channel: text("market stall") });
  } else {
    table.put(id, placed, order);
    if (fate < 0.8) {
      const parcel: Item = { ...order, status: text("shipped"), carrier: text(pick(random, ["post", "bike"])) };
      table.put(id, placed + 20 * HOUR, parcel);
    }
  }
}

function newOrder(id: string, random: () => number, placed: number): Item {
  const lines = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const [sku, price] = pick(random, TEAS);
    return { sku, price, quantity: 1 + Math.floor(random() * 4) };
  });
  const pence = lines.reduce((sum, line) => sum + Math.round(line.price * 100) * line.quantity, 0);
  return {
    order_id: text(id),
    cust_id: text(`c-${String(1 + Math.floor(random() * CUSTOMERS)).padStart(2, "0")}`),
    placed_at: text(new Date(placed).toISOString()),
    status: text("placed"),
    amount: number(pence / 100),
    post_code: number(10_000 + Math.floor(random() * 80_000)),
    lines: {
      L: lines.map(({ sku, price, quantity }) => ({
        M: { sku: text(sku), price: number(price), quantity: number(quantity) },
      })),
    },
    ...(random() < 0.1 ? { labels: { SS: ["gift", "fragile"].slice(0, 1 + Math.floor(random() * 2)) } } : {}),
    ...(random() < 0.05 ? { note: { NULL: true } } : {}),
  };
}

/** What no shop means to write and every shop has: later changes of orders that were all right. */
const DIRT: Readonly<Record<string, Item>> = {
  "o-0401": { amount: text("nineteen pounds") }, // fits no declared type
  "o-0402": { amount: number(-5) }, // breaks a rule
  "o-0403": { amount: number(0) },
  "o-0404": { cust_id: text("c-99") }, // nobody has that number
  "o-0405": { post_code: text("LS1 4AP") }, // a number until today
  "o-0406": { amount: text("18.40") }, // a number in quotes, which still is one
};

/** The table while it is written to, with every write on record. */
class Table {
  readonly writes: Write[] = [];
  readonly #items = new Map<string, Item>();

  get(key: string): Item {
    return this.#items.get(key) ?? {};
  }

  put(key: string, atMs: number, after: Item): void {
    this.writes.push({ atMs, key, before: this.#items.get(key), after });
    this.#items.set(key, after);
  }

  remove(key: string, atMs: number): void {
    this.writes.push({ atMs, key, before: this.#items.get(key), after: undefined });
    this.#items.delete(key);
  }
}

function stateAt(writes: readonly Write[], atMs: number): Iterable<Item> {
  const state = new Map<string, Item>();
  for (const { key, after } of writes.filter((write) => write.atMs < atMs)) {
    if (after === undefined) state.delete(key);
    else state.set(key, after);
  }
  return state.values();
}

function text(value: string): Attribute {
  return { S: value };
}

function number(value: number): Attribute {
  return { N: String(value) };
}

function pick<T>(random: () => number, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError("There is nothing to pick from");
  return value;
}
