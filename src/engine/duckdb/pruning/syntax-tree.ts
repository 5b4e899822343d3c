import type { Session } from "../session.ts";
import { quoteLiteral } from "../../sql-text.ts";

/** A node of DuckDB's own syntax tree, as `json_serialize_sql` gives it. */
export type SyntaxNode = Readonly<Record<string, unknown>>;

/**
 * Numbers that a double cannot hold become text. The name and its colon stand like this nowhere else: within a text of JSON a quotation mark
 * is escaped.
 */
const LARGE_VALUE = /"value":(-?\d{16,})(?=[,}])/g;

/** The tree of one or more statements, or what is wrong with them. */
export async function syntaxTree(session: Session, sql: string): Promise<unknown> {
  const [row] = await session.rows(`SELECT json_serialize_sql(${quoteLiteral(sql)})`, { what: "parse the query" });
  return JSON.parse(String(row?.[0]).replaceAll(LARGE_VALUE, '"value":"$1"'));
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function nodesOf(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
