import type { TableName } from "../../contract/index.ts";
import { contentsOf } from "../builders/mark.ts";
import type { SqlContents } from "../builders/sql-query.ts";
import type { GoldDefinition } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readChoice, readTexts } from "../reading/read-scalar.ts";
import { checkSql } from "../sql/check-sql.ts";
import type { Token } from "../sql/tokens.ts";
import { readAutoCompaction } from "./auto-compaction.ts";
import { columnHints } from "./bronze.ts";
import { readClusterBy } from "./cluster-by.ts";
import { readColumns } from "./columns.ts";
import { MEANING_FIELDS, readMeaning } from "./meaning.ts";
import { readPartitions } from "./partitions.ts";
import { readPublish } from "./publish.ts";
import { readRules } from "./rules.ts";
import { readTableReference, type ListedTables } from "./table-reference.ts";

const FIELDS = [
  ...MEANING_FIELDS,
  ...(["query", "columns", "expect", "partitionBy", "clusterBy", "refresh", "publish"] as const),
];
const NO_ORIGIN = "a column without an origin: the query computes it";
const WITH_DELETED = "$with_deleted";
const QUERY = "a query such as sql`select … from ${orders}`";

/** The Gold table that these options describe; undefined (and noted) where they do not. */
export function readGold(
  place: Place,
  name: string,
  { options, listed }: { readonly options: unknown; readonly listed: ListedTables },
): GoldDefinition | undefined {
  const fields = readFields(place, options, { known: FIELDS });
  if (fields === undefined) return undefined;
  const query = readQuery(place.at("query"), fields.query, listed);
  const declared = readColumns(place.at("columns"), fields.columns ?? {}, NO_ORIGIN);
  const rules = readRules(place.at("expect"), fields.expect).map((one) => one.rule);
  const columns = { ...declared, isPartial: true };
  const partitionBy = readPartitions(place.at("partitionBy"), fields.partitionBy, columns);
  const clusterBy = readClusterBy(place.at("clusterBy"), fields.clusterBy, columns);
  const refresh = fields.refresh === undefined ? "full" : readRefresh(place.at("refresh"), fields.refresh);
  const meaning = readMeaning(place, fields);
  const properties = readTexts(place.at("properties"), fields.properties);
  const autoCompact = readAutoCompaction(place.at("autoCompact"), fields.autoCompact);
  // What the query gives is known to the engine alone: names of columns are checked with the query.
  const publish = readPublish(place.at("publish"), fields.publish, undefined);
  if (query === undefined || refresh === undefined) return undefined;
  const written = {
    meaning,
    columns: columnHints(declared),
    rules,
    refresh,
    partitionBy,
    clusterBy,
    properties,
    autoCompact,
    ...(publish === undefined ? {} : { publish }),
  };
  return { layer: "gold", name: `gold.${name}`, query: query.text, reads: query.reads, ...written };
}

function readRefresh(place: Place, value: unknown): "full" | undefined {
  if (value === "incremental") return place.expected('"full"', value, "incremental refresh is not available yet");
  return readChoice(place, value, ["full"]);
}

function readQuery(
  place: Place,
  value: unknown,
  listed: ListedTables,
): { readonly text: string; readonly reads: readonly TableName[] } | undefined {
  const contents = contentsOf(value, "sql");
  if (contents === undefined) {
    const hint = typeof value === "string" ? "write the word sql before the opening backtick" : "";
    return place.expected(QUERY, value, hint);
  }
  const text = queryText(place, contents, listed);
  if (text === undefined) return undefined;
  const checked = checkSql(place, text, QUERY);
  if (checked === undefined) return undefined;
  const reads = tablesOf(checked.tokens, listed);
  refuseMisplacedTables(place, checked.tokens, listed);
  if (reads.length === 0) return place.refuse("a query that reads at least one table", "one that reads none");
  const bronze = reads.find((name) => name.startsWith("bronze."));
  if (bronze !== undefined) return place.refuse("Silver and Gold tables", bronze, "make a Silver table of it");
  return { text, reads };
}

/** The query with each handle as one quoted identifier. Names hold nothing that would need escaping (NAME_PATTERN). */
function queryText(place: Place, { texts, values }: SqlContents, listed: ListedTables): string | undefined {
  const names = values.map((value) => interpolated(place, value, listed));
  if (names.some((name) => name === undefined)) return undefined;
  return texts.map((text, index) => text + (names[index] ?? "")).join("");
}

function interpolated(place: Place, value: unknown, listed: ListedTables): string | undefined {
  const inner = contentsOf(value, "sql");
  if (inner !== undefined) return queryText(place, inner, listed);
  const whole = contentsOf(value, "with-deleted");
  if (whole !== undefined) {
    const name = readTableReference(place, whole, { listed, layers: ["silver"] });
    return name === undefined ? undefined : `"${name}${WITH_DELETED}"`;
  }
  const name = readTableReference(place, value, { listed, layers: ["silver", "gold"] });
  return name === undefined ? undefined : `"${name}"`;
}

function tablesOf(tokens: readonly Token[], listed: ListedTables): readonly TableName[] {
  const names = new Map([...listed.byHandle.values()].map((name) => [name as string, name]));
  const found = tokens
    .filter((token) => token.kind === "quoted")
    .flatMap((token) => names.get(token.name.replace(/\$with_deleted$/, "")) ?? []);
  return [...new Set(found)];
}

/** A handle inside of a text is no table any more, and `from silver.orders` names a schema that is not there. */
function refuseMisplacedTables(place: Place, tokens: readonly Token[], listed: ListedTables): void {
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "string") {
      const name = [...listed.names].find((one) => token.text.includes(`"${one}`));
      if (name !== undefined) place.refuse("tables outside of texts", `${name} inside of ${token.text.slice(0, 60)}`);
    }
    const [layer, dot, table] = [tokens[index + 1], tokens[index + 2], tokens[index + 3]];
    const name = `${layer?.name}.${table?.name}`;
    const isFrom = token.kind === "word" && (token.name === "from" || token.name === "join");
    if (isFrom && dot?.text === "." && listed.names.has(name)) place.refuse("the handle in ${…}", name);
  }
}
