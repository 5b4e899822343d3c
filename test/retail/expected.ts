import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sharedFolder } from "./shared-folder.ts";
import { query, type JsonRow, type RetailLake } from "./sluice.ts";

/** What an independent program computed from the same exports (`../shared/data/retail/expected`). */
export const EXPECTED = {
  /** Live transactions in Silver. */
  live: { keep: 431_818, hard: 318_659 },
  /** Events of the full export and of the hundred windows. */
  events: 545_992,
  customers: 4_372,
} as const;

interface Report {
  readonly table: string;
  readonly keys: readonly string[];
  /** Compared to the places that the file shows; all others to the letter. */
  readonly rounded: readonly string[];
}

export const REPORTS: readonly Report[] = [
  {
    table: "daily_sales_summary",
    keys: ["sales_date", "product_category", "customer_segment", "region"],
    rounded: ["avg_transaction_value", "p95_transaction_value", "revenue_std_dev"],
  },
  {
    table: "customer_metrics",
    keys: ["cust_id"],
    rounded: ["avg_transaction_value", "avg_days_between_purchases"],
  },
];

/** Every figure of a Gold table that is not the expected one, and every row that is missing or too much; empty when all is right. */
export async function differences(retail: RetailLake, { table, keys, rounded }: Report): Promise<readonly string[]> {
  const expected = readCsv(join(sharedFolder("data/retail/expected"), retail.ttl, `${table}.csv`));
  const actual = new Map<string, JsonRow>();
  for (const row of await query(retail, `select * from gold.${table}`)) actual.set(keyOf(row, keys), row);
  const found = [...actual.keys()].filter((key) => !expected.has(key)).map((key) => `too much: ${key}`);
  for (const [key, figures] of expected) {
    const row = actual.get(key);
    if (row === undefined) {
      found.push(`missing: ${key}`);
      continue;
    }
    for (const [column, text] of Object.entries(figures)) {
      const shown = rounded.includes(column) ? toPlaces(row[column], text) : plain(row[column]);
      if (shown !== text) found.push(`${key} ${column}: ${shown} instead of ${text}`);
    }
  }
  return found;
}

function keyOf(row: JsonRow, keys: readonly string[]): string {
  return keys.map((key) => plain(row[key])).join(" | ");
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A figure with as many places as the expected text has. */
function toPlaces(value: unknown, expected: string): string {
  if (typeof value !== "number") return plain(value);
  return value.toFixed(expected.split(".")[1]?.length ?? 0);
}

function readCsv(file: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const [header = "", ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const columns = header.split(",");
  const report = REPORTS.find(({ table }) => file.endsWith(`${table}.csv`));
  return new Map(
    lines.map((line) => {
      // No value of these files has a comma or a quote.
      const cells = line.split(",");
      const row = Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""]));
      return [keyOf(row, report?.keys ?? []), row] as const;
    }),
  );
}
