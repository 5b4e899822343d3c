import { SluiceError, parseJson, stringifyJson, type JsonObject, type JsonValue } from "../base/index.ts";
import { quoteIdentifier, quoteLiteral, type Engine, textOf } from "../engine/index.ts";
import { AGGREGATE_FUNCTIONS } from "./aggregate-functions.ts";

/** How the rows behind one row of a Gold table are found. */
export interface GoldLineage {
  /** Output columns that say which group a row is, in order: the key of a Gold row. */
  readonly groupColumns: readonly string[];
  /** The tables that are read, by the column of `sql` that holds the `_key` of their row. */
  readonly sources: readonly { readonly table: string; readonly keyColumn: string }[];
  /** The query before it aggregates: one row a combination of source rows, with the group columns and the key columns. */
  readonly sql: string;
}

/**
 * Derives from a Gold query the query of its source rows. It must be one SELECT over tables and joins of them (no set operation,
 * no CTE, no subquery in FROM); undefined for any other form, whose rows cannot be followed one by one.
 */
export async function goldLineage(engine: Engine, query: string): Promise<GoldLineage | undefined> {
  const select = await parseSelect(engine, query);
  if (select === undefined) return undefined;
  const tables: SourceTable[] = [];
  if (!collectTables(objectOf(select["from_table"]), tables)) return undefined;
  const items = listOf(select["select_list"]).map((item) => objectOf(item));
  const groups = items.filter((item) => !mentionsFunction(item, AGGREGATE_FUNCTIONS));
  if (groups.some((item) => item["class"] === "STAR")) return undefined;
  const groupColumns = groups.map((item, index) => outputName(item, index));
  const keyed = tables.map((table, index) => ({ table: table.table, alias: table.alias, keyColumn: `__key_${index}` }));
  const rows: JsonObject = {
    ...select,
    select_list: [
      ...groups.map((item, index): JsonObject => ({ ...item, alias: groupColumns[index] ?? "" })),
      ...keyed.map(({ alias, keyColumn }) => columnReference([alias, "_key"], keyColumn)),
    ],
    group_expressions: [],
    group_sets: [],
    aggregate_handling: "STANDARD_HANDLING",
    having: null,
    qualify: null,
    modifiers: [],
  };
  return {
    groupColumns,
    sources: keyed.map(({ table, keyColumn }) => ({ table, keyColumn })),
    sql: await writeSelect(engine, rows),
  };
}

/** SQL that is true for the group with these values, given as text in the order of the group columns; an empty text is NULL. */
export function groupCondition(lineage: GoldLineage, key: readonly string[]): string {
  if (key.length !== lineage.groupColumns.length) {
    throw new SluiceError(
      "trace.not-found",
      "Cannot find the row: the key has another number of parts than the table",
      {
        facts: { parts: key.length, expected: lineage.groupColumns.join(" | ") },
        advice: `Give the values of ${lineage.groupColumns.join(", ")}, separated by |.`,
      },
    );
  }
  return lineage.groupColumns
    .map((column, index) => {
      const value = key[index] ?? "";
      const name = quoteIdentifier(column);
      return value === ""
        ? `coalesce(CAST(${name} AS VARCHAR), '') = ''`
        : `CAST(${name} AS VARCHAR) = ${quoteLiteral(value)}`;
    })
    .join(" AND ");
}

interface SourceTable {
  readonly table: string;
  readonly alias: string;
}

async function parseSelect(engine: Engine, query: string): Promise<JsonObject | undefined> {
  const [row] = await engine.rows({
    sql: `SELECT CAST(json_serialize_sql(${quoteLiteral(query)}) AS VARCHAR) AS tree`,
    inputs: {},
  });
  const tree = objectOf(parseJson(textOf(row, "tree")));
  const node = objectOf(objectOf(listOf(tree["statements"])[0])["node"]);
  const hasCte = listOf(objectOf(node["cte_map"])["map"]).length > 0;
  const isDistinct = listOf(node["modifiers"]).some((modifier) => objectOf(modifier)["type"] === "DISTINCT_MODIFIER");
  return node["type"] === "SELECT_NODE" && !hasCte && !isDistinct ? node : undefined;
}

async function writeSelect(engine: Engine, select: JsonObject): Promise<string> {
  const tree: JsonObject = { error: false, statements: [{ node: select, named_param_map: [] }] };
  const [row] = await engine.rows({
    sql: `SELECT json_deserialize_sql(CAST(${quoteLiteral(stringifyJson(tree))} AS JSON)) AS sql`,
    inputs: {},
  });
  return textOf(row, "sql");
}

/** Tables of a FROM clause, left to right; false where something else than a table is read. */
function collectTables(from: JsonObject, found: SourceTable[]): boolean {
  if (from["type"] === "BASE_TABLE") {
    const table = nameOf(from["table_name"]);
    found.push({ table, alias: typeof from["alias"] === "string" && from["alias"] !== "" ? from["alias"] : table });
    return true;
  }
  if (from["type"] !== "JOIN") return false;
  return collectTables(objectOf(from["left"]), found) && collectTables(objectOf(from["right"]), found);
}

function mentionsFunction(value: JsonValue, names: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.some((item) => mentionsFunction(item, names));
  if (value === null || typeof value !== "object" || !("class" in value || "type" in value)) {
    return (
      value !== null && typeof value === "object" && Object.values(value).some((item) => mentionsFunction(item, names))
    );
  }
  const members = objectOf(value);
  if (members["class"] === "FUNCTION" && names.has(nameOf(members["function_name"]).toLowerCase())) return true;
  return Object.values(members).some((item) => item !== undefined && mentionsFunction(item, names));
}

function outputName(item: JsonObject, index: number): string {
  if (typeof item["alias"] === "string" && item["alias"] !== "") return item["alias"];
  const names = listOf(item["column_names"] ?? null);
  const last = names.at(-1);
  return typeof last === "string" ? last : `__group_${index}`;
}

function columnReference(names: readonly string[], alias: string): JsonObject {
  return { class: "COLUMN_REF", type: "COLUMN_REF", alias, column_names: [...names] };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : {};
}

function nameOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
