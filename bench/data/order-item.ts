/**
 * An order as DynamoDB JSON, one of `orders` many, in its `version`-th state: the same arguments always give the same text,
 * 350 to 490 bytes. Strings, numbers, a BOOL, a map, a list; a coupon that is there, missing, or (rarely) an explicit NULL.
 */
export function orderItem(order: number, version: number): string {
  const dice = scramble(order * 31 + 7);
  const again = scramble(dice + version * 977 + 13);
  const placedMs = FIRST_DAY_MS + (dice % PLACED_SECONDS) * 1000;
  const quantity = 1 + (again % 24);
  const pence = quantity * (95 + ((dice >>> 7) % 4900));
  const [city, country] = CITIES[(dice >>> 3) % CITIES.length] ?? ["", ""];
  return `{"order_id":{"S":"${orderKey(order)}"},"customer_id":{"S":"c-${padded((dice >>> 5) % 90_000, 6)}"},"placed_at":{"S":"${instant(placedMs)}"},"status":{"S":"${STATUSES[again % STATUSES.length] ?? ""}"},"amount":{"N":"${decimal(pence)}"},"quantity":{"N":"${quantity}"},"is_gift":{"BOOL":${(dice & 15) === 0}},"address":{"M":{"city":{"S":"${city}"},"country":{"S":"${country}"},"postcode":{"S":"${10_000 + (dice % 89_999)}"}}},"tags":{"L":[${tags(dice)}]},"payment_ref":{"S":"${hex(scramble(dice + 1))}${hex(again)}"},${coupon(dice)}"updated_at":{"N":"${placedMs + version * 86_400_000 + (again % 86_400_000)}"}}`;
}

export function orderKey(order: number): string {
  return `o-${padded(order, 10)}`;
}

const FIRST_DAY_MS = Date.UTC(2024, 0, 1);
const PLACED_SECONDS = 366 * 86_400;
const STATUSES = ["placed", "paid", "packed", "shipped", "delivered", "returned"];
const TAGS = ["express", "fragile", "gift-wrap", "loyalty", "oversize", "pre-order", "second-hand"];
const CITIES = [
  ["Berlin", "DE"],
  ["Köln", "DE"],
  ["London", "GB"],
  ["Leeds", "GB"],
  ["Paris", "FR"],
  ["Lyon", "FR"],
  ["Malmö", "SE"],
  ["Porto", "PT"],
  ["Kraków", "PL"],
  ["Utrecht", "NL"],
  ["Dublin", "IE"],
] as const;

function tags(dice: number): string {
  const first = `{"S":"${TAGS[dice % TAGS.length] ?? ""}"}`;
  return (dice & 3) === 0 ? `${first},{"S":"${TAGS[(dice >>> 4) % TAGS.length] ?? ""}"}` : first;
}

function coupon(dice: number): string {
  const kind = (dice >>> 9) % 50;
  if (kind === 0) return '"coupon":{"NULL":true},';
  return kind < 15 ? `"coupon":{"S":"SPRING-${padded((dice >>> 11) % 10_000, 4)}"},` : "";
}

/** Without trailing zeros, as DynamoDB writes numbers. */
function decimal(pence: number): string {
  return String(pence / 100);
}

/** `new Date(…).toISOString()` without milliseconds; the day is remembered, since that is most of its work. */
function instant(ms: number): string {
  const day = Math.floor(ms / 86_400_000);
  let date = DAYS.get(day);
  if (date === undefined) DAYS.set(day, (date = new Date(day * 86_400_000).toISOString().slice(0, 11)));
  const second = Math.floor(ms / 1000) % 86_400;
  return `${date}${padded(Math.floor(second / 3600), 2)}:${padded(Math.floor(second / 60) % 60, 2)}:${padded(second % 60, 2)}Z`;
}

const DAYS = new Map<number, string>();

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** Mixes the bits of an integer (the finisher of MurmurHash3): 32 bits, unsigned. */
function scramble(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
