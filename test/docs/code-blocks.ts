import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface CodeBlock {
  /** Relative to the repository. */
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a page. */
export function codeBlocksOf(page: string): readonly CodeBlock[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    code: match[2] ?? "",
  }));
}

/** Tables that fragments of the docs speak of without showing them. Each may use those before it. */
const KNOWN: Readonly<Record<string, string>> = {
  rawOrders: `bronze("orders", {
    source: dynamodb({ table: "orders", keys: ["order_id"], export: "./exports/orders", ttl: "expires_at" }),
  })`,
  rawCustomers: `bronze("customers", {
    source: dynamodb({ table: "customers", keys: ["cust_id"], export: "./exports/customers" }),
  })`,
  customers: `silver("customers", {
    from: rawCustomers,
    keys: ["cust_id"],
    columns: { cust_id: s.string(), segment: s.string() },
  })`,
  orders: `silver("orders", {
    from: rawOrders,
    keys: ["order_id"],
    columns: { order_id: s.string(), cust_id: s.string(), amount: s.decimal(18, 2), placed_at: s.timestamp() },
  })`,
};

const IMPORT = `import {
  bronze, bucket, date, defineLake, dms, dynamodb, dynamodbTarget, expect, gold, hour, month, s, silver, sql, withDeleted,
} from "sluice";`;

/** A configuration that contains the fragment; one that is whole stays as it is. */
export function wholeConfig(fragment: string): string {
  if (fragment.includes('from "sluice"')) return fragment;
  let code = fragment;
  for (const [name, definition] of Object.entries(KNOWN).toReversed()) {
    // Where a table can stand; elsewhere the word is a table's name or part of SQL.
    const isUsed = new RegExp(`(?:(?:from|table): |\\$\\{|withDeleted\\(|tables: \\[[^\\]]*\\b)${name}\\b`).test(code);
    if (isUsed && !code.includes(`const ${name} =`)) code = `const ${name} = ${definition};\n${code}`;
  }
  const tables = [...code.matchAll(/^const (\w+) = (?:bronze|silver|gold)\(/gm)].map((match) => match[1]);
  const end = `export default defineLake({ name: "docs", storage: "./lake", tables: [${tables.join(", ")}] });`;
  return `${IMPORT}\n${code}\n${code.includes("export default") ? "" : end}\n`;
}
