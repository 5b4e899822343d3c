import { isNode, type SyntaxNode } from "./syntax-tree.ts";

/** A predicate that all rows of a table have to satisfy which a query looks at. */
export interface TableFilter {
  readonly where: unknown;
  /** The name of the table in it, in lower case. */
  readonly alias: string;
}

/**
 * Predicates of a checked query, by table in lower case: of a SELECT whose whole FROM is that table, which stands nowhere else in the
 * query. A sample is taken of all rows, so there is none then.
 */
export function tableFilters(statement: unknown): ReadonlyMap<string, TableFilter> {
  const found = new Found();
  found.read(statement);
  return new Map([...found.filters].filter(([name]) => found.counts.get(name) === 1));
}

class Found {
  readonly filters = new Map<string, TableFilter>();
  readonly counts = new Map<string, number>();

  read(node: unknown): void {
    if (Array.isArray(node)) for (const item of node) this.read(item);
    if (!isNode(node)) return;
    if (node["class"] === undefined && node["type"] === "BASE_TABLE") this.#count(nameOf(node));
    if (node["type"] === "SELECT_NODE") this.#filter(node);
    for (const member of Object.values(node)) this.read(member);
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  #filter({ from_table: from, where_clause: where, sample }: SyntaxNode): void {
    const isPlain = isNode(from) && from["type"] === "BASE_TABLE" && isNothing(from["sample"]) && isNothing(sample);
    if (!isPlain || !isNode(where) || hasItems(from["column_name_alias"])) return;
    const name = nameOf(from);
    const alias = typeof from["alias"] === "string" && from["alias"] !== "" ? from["alias"].toLowerCase() : name;
    this.filters.set(name, { where, alias });
  }
}

function nameOf(table: SyntaxNode): string {
  return String(table["table_name"]).toLowerCase();
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
