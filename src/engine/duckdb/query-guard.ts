import { SluiceError } from "../../base/index.ts";
import { place } from "./fault-place.ts";
import { tableFilters, type TableFilter } from "./pruning/table-filters.ts";
import { isNode, syntaxTree, type SyntaxNode as Node } from "./pruning/syntax-tree.ts";
import type { Session } from "./session.ts";

/** What a query reads, by names in lower case. */
export interface CheckedQuery {
  readonly tables: ReadonlySet<string>;
  /** Tables that are read once, and through a predicate. */
  readonly filters: ReadonlyMap<string, TableFilter>;
}

/**
 * Fails with `query.invalid` unless the SQL is one SELECT that reads nothing but the named inputs: no file, no catalog, no
 * setting, no other table, and no function that has an effect. Judged on DuckDB's own syntax tree, never on the text.
 */
export async function assertReadOnlyQuery(
  session: Session,
  sql: string,
  inputs: Iterable<string>,
): Promise<CheckedQuery> {
  const text = { shown: sql, offset: 0 };
  const reader = new Reader(text);
  const statement = await parsed(session, sql, text);
  reader.read(statement, new Set([...inputs].map((name) => name.toLowerCase())));
  return { tables: reader.tables, filters: tableFilters(statement) };
}

/** The same for one expression over columns, such as a predicate; it cannot end the place that it is put in. Returns its tree. */
export async function assertReadOnlyExpression(session: Session, expression: string): Promise<unknown> {
  const before = "SELECT (\n";
  const statement = await parsed(session, `${before}${expression}\n)`, { shown: expression, offset: before.length });
  const node = isNode(statement) && isNode(statement["node"]) ? statement["node"] : {};
  const { select_list: list, from_table: from, modifiers, where_clause: where, type } = node;
  const isLone = Array.isArray(list) && list.length === 1 && isNode(from) && from["type"] === "EMPTY";
  const isBare = type === "SELECT_NODE" && where === null && Array.isArray(modifiers) && modifiers.length === 0;
  if (!isLone || !isBare) throw refuse("one expression is expected");
  new Reader({ shown: expression, offset: before.length }).read(statement, new Set());
  return list[0];
}

/** What the user wrote, and where in the parsed text it begins. */
interface UserText {
  readonly shown: string;
  readonly offset: number;
}

async function parsed(session: Session, sql: string, text: UserText): Promise<unknown> {
  const tree = await syntaxTree(session, sql);
  if (!isNode(tree)) throw refuse("it is no SQL");
  if (tree["error"] === true) throw parseFailure(tree, text);
  const statements = Array.isArray(tree["statements"]) ? tree["statements"] : [];
  if (statements.length !== 1) throw refuse(`one SELECT is expected, and these are ${statements.length} statements`);
  return statements[0];
}

/** Table functions that make rows out of their arguments alone. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(
  "range generate_series unnest generate_subscripts repeat repeat_row json_each json_tree regexp_split_to_table".split(
    " ",
  ),
);

/** Functions that look at or change what is outside of the query. */
const FUNCTIONS_REFUSED: ReadonlySet<string> = new Set(
  (
    "current_setting getvariable getenv nextval currval setseed write_log sleep_ms " +
    "read_text read_blob glob query query_table json_execute_serialized_sql json_serialize_plan"
  ).split(" "),
);

/** Deeper trees than any person writes; the walk must not exhaust the stack. */
const DEPTH_MAX = 2_000;

class Reader {
  /** Every table that is named, those of a WITH clause too. */
  readonly tables = new Set<string>();
  readonly #text: UserText;

  constructor(text: UserText) {
    this.#text = text;
  }

  /** `names`: the tables that can be named here, in lower case. */
  read(node: unknown, names: ReadonlySet<string>, depth = 0): void {
    if (depth > DEPTH_MAX) throw refuse("it is nested too deep");
    if (Array.isArray(node)) {
      for (const item of node) this.read(item, names, depth + 1);
      return;
    }
    if (!isNode(node)) return;
    this.#judge(node, names);
    const inside = this.#withTables(node, names, depth);
    for (const [name, member] of Object.entries(node)) if (name !== "cte_map") this.read(member, inside, depth + 1);
  }

  #judge(node: Node, names: ReadonlySet<string>): void {
    if (node["class"] !== undefined) {
      if (node["class"] === "FUNCTION") this.#judgeFunction(node);
      return;
    }
    if (node["type"] === "BASE_TABLE") this.#judgeTable(node, names);
    if (node["type"] === "TABLE_FUNCTION") this.#judgeTableFunction(node);
    const isShow = node["type"] === "SHOW_REF";
    if (isShow && !isNode(node["query"])) throw this.#refuse(node, "the catalog cannot be read");
  }

  #judgeTable(node: Node, names: ReadonlySet<string>): void {
    const { catalog_name: catalog, schema_name: schema, table_name: table } = node;
    const isPlain = catalog === "" && schema === "" && typeof table === "string";
    if (isPlain && names.has(table.toLowerCase())) {
      this.tables.add(table.toLowerCase());
      return;
    }
    const shown = [catalog, schema, table].filter((part) => part !== "").join(".");
    const known = [...names].toSorted().join(", ");
    throw this.#refuse(node, `there is no table ${shown}${known === "" ? "" : `; there are ${known.slice(0, 300)}`}`);
  }

  #judgeTableFunction(node: Node): void {
    const name = nameOf(node["function"]);
    if (!TABLE_FUNCTIONS.has(name)) throw this.#refuse(node, `the table function ${name} cannot be used`);
  }

  #judgeFunction(node: Node): void {
    const name = nameOf(node);
    if (FUNCTIONS_REFUSED.has(name)) throw this.#refuse(node, `the function ${name} cannot be used`);
  }

  /** Names of a WITH clause are known to what follows it, and of a recursive one to itself. */
  #withTables(node: Node, names: ReadonlySet<string>, depth: number): ReadonlySet<string> {
    const recursive = node["type"] === "RECURSIVE_CTE_NODE" ? [String(node["cte_name"]).toLowerCase()] : [];
    const map = node["cte_map"];
    const entries = isNode(map) && Array.isArray(map["map"]) ? map["map"] : [];
    if (entries.length === 0 && recursive.length === 0) return names;
    const inside = new Set([...names, ...recursive]);
    for (const entry of entries) {
      if (!isNode(entry)) continue;
      this.read(entry["value"], inside, depth + 1);
      inside.add(String(entry["key"]).toLowerCase());
    }
    return inside;
  }

  #refuse(node: Node, why: string): SluiceError {
    const location = typeof node["query_location"] === "number" ? node["query_location"] : undefined;
    return refuse(why, location === undefined ? "" : placeIn(this.#text, location));
  }
}

function parseFailure(tree: Node, text: UserText): SluiceError {
  if (tree["error_type"] === "not implemented") return refuse("only a SELECT can be run here");
  const position = Number(tree["position"]);
  return refuse(String(tree["error_message"]), Number.isSafeInteger(position) ? placeIn(text, position) : "");
}

function placeIn({ shown, offset }: UserText, location: number): string {
  return place(shown, location - offset);
}

function nameOf(node: unknown): string {
  return isNode(node) ? String(node["function_name"]).toLowerCase() : "";
}

function refuse(why: string, where = ""): SluiceError {
  return new SluiceError("query.invalid", `Cannot run the query: ${why}${where}`);
}
