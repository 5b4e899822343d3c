import type { StructField } from "../../contract/index.ts";
import { quoteIdentifier } from "../sql-text.ts";
import type { Doing } from "./engine-failure.ts";
import { encodePartitionKey, keyName } from "./partition-key.ts";
import type { Session } from "./session.ts";

/** Operators that give their first row without having seen the last. */
const STREAMING = new Set([
  "PROJECTION",
  "FILTER",
  "UNION",
  "READ_PARQUET",
  "READ_JSON",
  "RANGE",
  "SEQ_SCAN",
  "COLUMN_DATA_SCAN",
]);

/** Types whose statistics DuckDB keeps in full. */
const EXACT = /^(?:date|timestamp|timestamp_ntz|boolean|byte|short|integer|long|decimal\(.*)$/;

/**
 * The keys of the one partition that all rows belong to, where DuckDB knows before it runs that they do, as for a batch that arrives
 * on one day. Such rows need not be gathered by partition. undefined where it does not know, or asking would be work.
 */
export async function constantKeys(
  session: Session,
  sql: string,
  { partitions, table, doing }: { partitions: readonly StructField[]; table: { readonly name: string }; doing: Doing },
): Promise<ReadonlyMap<string, string> | undefined> {
  if (!partitions.every((field) => typeof field.type === "string" && EXACT.test(field.type))) return undefined;
  if (!(await isStreaming(session, sql, doing))) return undefined;
  const facts = partitions.flatMap((field) => [
    `stats(${quoteIdentifier(field.name)})`,
    encodePartitionKey(field, table.name),
  ]);
  const [row] = await session.rows(`SELECT ${facts.join(", ")} FROM (${sql}) LIMIT 1`, doing);
  if (row === undefined) return undefined;
  const keys = new Map<string, string>();
  for (const [index] of partitions.entries()) {
    if (!isConstant(String(row[2 * index]))) return undefined;
    keys.set(keyName(index), String(row[2 * index + 1]));
  }
  return keys;
}

/** Bounds may be wider than the values, never narrower: where they meet there is one value. */
function isConstant(stats: string): boolean {
  const bounds = /^\[Min: (.+), Max: (.+?)\]\[Has Null: (true|false), Has No Null: (true|false)\]/.exec(stats);
  if (bounds === null) return false;
  const [, min, max, hasNull, hasValue] = bounds;
  if (hasNull === "true") return hasValue === "false";
  return min === max && min !== "NULL";
}

async function isStreaming(session: Session, sql: string, doing: Doing): Promise<boolean> {
  const [row] = await session.rows(`EXPLAIN (FORMAT json) ${sql}`, doing);
  return [...operators(JSON.parse(String(row?.[1])))].every((name) => STREAMING.has(name.trim()));
}

function* operators(node: unknown): Generator<string> {
  if (Array.isArray(node)) for (const item of node) yield* operators(item);
  else if (typeof node === "object" && node !== null) {
    if ("name" in node && typeof node.name === "string") yield node.name;
    if ("children" in node) yield* operators(node.children);
  }
}
