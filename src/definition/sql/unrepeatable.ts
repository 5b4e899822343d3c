import type { Token } from "./tokens.ts";

const MOMENT = "its value depends on when it runs";
const CHANCE = "its value differs from run to run";
const SESSION = "its value depends on the session";
const OUTSIDE = "it reads what is no table of the lake";

/** Functions whose answer does not follow from their arguments, with the reason (DuckDB's `duckdb_functions().stability`). */
const FUNCTIONS: Readonly<Record<string, string>> = {
  ...named(MOMENT, "now today ago get_current_time get_current_timestamp transaction_timestamp"),
  ...named(MOMENT, "current_date current_time current_timestamp current_localtime current_localtimestamp"),
  ...named(MOMENT, "localtime localtimestamp sysdate getdate unix_timestamp"),
  ...named(MOMENT, "pg_conf_load_time pg_postmaster_start_time"),
  ...named(CHANCE, "random rand randn setseed uuid uuidv4 uuidv7 gen_random_uuid reservoir_quantile shuffle"),
  ...named(SESSION, "nextval currval txid_current current_transaction_id current_connection_id current_query"),
  ...named(SESSION, "current_query_id current_setting getvariable getenv stats sleep_ms write_log in_search_path"),
  ...named(SESSION, "current_schema current_schemas current_database version user_agent platform get_block_size"),
  ...named(
    OUTSIDE,
    "glob sniff_csv query query_table seq_scan import_database copy_database which_secret show summary",
  ),
  ...named(
    OUTSIDE,
    "arrow_scan arrow_scan_dumb histogram_values functions collations database_list database_size storage_info table_info",
  ),
  ...named(OUTSIDE, "metadata_info extension_versions all_profiling_output sql_auto_complete add_parquet_key"),
  ...named(OUTSIDE, "json_execute_serialized_sql checkpoint force_checkpoint check_peg_parser truncate_duckdb_logs"),
};
/** Written without parentheses, in quotes or not, and still a call where no column has the name. */
const BARE = new Set("current_date current_time current_timestamp localtime localtimestamp".split(" "));
const FROM_WITHIN = new Set(["extract", "trim", "substring", "overlay", "position"]);
const OUTSIDE_PREFIX = /^(?:read|parquet|duckdb|pragma|enable|disable|verify|show|test)_/;

export interface Unrepeatable {
  /** As written. */
  readonly what: string;
  readonly why: string;
}

/** What in this SQL would make a rebuild give other rows (DESIGN, law 3: Silver and Gold are functions of Bronze and the definition). */
export function findUnrepeatable(tokens: readonly Token[]): readonly Unrepeatable[] {
  return tokens.flatMap((token, index) => {
    if (token.kind === "string") return isFile(tokens, index) ? [{ what: token.text, why: OUTSIDE }] : [];
    if (token.kind !== "word" && token.kind !== "quoted") return [];
    const isCall = tokens[index + 1]?.text === "(";
    return (isCall ? unrepeatableCall(tokens, index) : unrepeatableWord(tokens, index)) ?? [];
  });
}

function unrepeatableCall(tokens: readonly Token[], index: number): Unrepeatable | undefined {
  const { name = "", text = "" } = tokens[index] ?? {};
  if (name === "age" && argumentCount(tokens, index + 1) === 1) {
    return { what: `${text}() with one argument`, why: MOMENT };
  }
  if (OUTSIDE_PREFIX.test(name)) return { what: `${text}()`, why: OUTSIDE };
  const why = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  return why === undefined ? undefined : { what: `${text}()`, why };
}

function unrepeatableWord(tokens: readonly Token[], index: number): Unrepeatable | undefined {
  const { name = "", text = "", kind } = tokens[index] ?? {};
  const last = tokens[index - 1];
  if (last?.text === "." || last?.name === "as") return undefined;
  if (BARE.has(name)) return { what: text, why: MOMENT };
  if (kind === "quoted") return undefined;
  const isSample = name === "tablesample" || (name === "sample" && last?.name === "using");
  return isSample ? { what: text, why: CHANCE } : undefined;
}

/** `from 'orders.csv'`: a text in place of a table is read as a file. In `trim(both from 'x')` and its like it is a text. */
function isFile(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  if (before?.kind !== "word" || (before.name !== "from" && before.name !== "join")) return false;
  let depth = 0;
  for (let at = index - 1; at >= 0; at -= 1) {
    const { kind, text } = tokens[at] ?? { kind: "word", text: "" };
    if (kind !== "symbol") continue;
    if (text === ")") depth += 1;
    else if (text === "(" && depth === 0) return !FROM_WITHIN.has(tokens[at - 1]?.name ?? "");
    else if (text === "(") depth -= 1;
  }
  return true;
}

/** Arguments of the call whose parenthesis opens at `open`. */
function argumentCount(tokens: readonly Token[], open: number): number {
  if (tokens[open + 1]?.text === ")") return 0;
  let depth = 0;
  let commas = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const { kind, text } = tokens[at] ?? { kind: "word", text: "" };
    if (kind !== "symbol") continue;
    if ("([{".includes(text)) depth += 1;
    else if (")]}".includes(text)) depth -= 1;
    else if (text === "," && depth === 1) commas += 1;
    if (depth === 0) break;
  }
  return commas + 1;
}

function named(why: string, names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(" ").map((name) => [name, why]));
}
