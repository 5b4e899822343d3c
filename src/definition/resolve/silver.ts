import type { TableName } from "../../contract/index.ts";
import { durationMs } from "../builders/amounts.ts";
import type { DeletePolicy, SilverColumn, SilverDefinition } from "../model.ts";
import { nearMiss } from "../reading/near-miss.ts";
import type { Place } from "../reading/place.ts";
import { readFields, readList } from "../reading/read-object.ts";
import { readChoice, readTexts } from "../reading/read-scalar.ts";
import { readAutoCompaction } from "./auto-compaction.ts";
import { readClusterBy } from "./cluster-by.ts";
import { readColumns, type ReadColumns } from "./columns.ts";
import { readJoins, type ReadJoin } from "./joins.ts";
import { MEANING_FIELDS, readMeaning } from "./meaning.ts";
import { readPartitions } from "./partitions.ts";
import { readPublish } from "./publish.ts";
import { readRules, type ReadRule } from "./rules.ts";
import { readOrigins } from "./silver-origins.ts";
import { readTableReference, type ListedTables } from "./table-reference.ts";

/** A Silver table as far as its own options tell, for the checks that look at other tables. */
export interface SilverDraft {
  readonly name: TableName;
  readonly place: Place;
  readonly reads: readonly TableName[];
  readonly from: TableName | undefined;
  readonly keys: readonly string[];
  readonly declared: ReadColumns;
  readonly columns: readonly SilverColumn[];
  readonly joins: readonly ReadJoin[];
  readonly rules: readonly ReadRule[];
  /** Undefined where something is wrong (and noted). */
  readonly definition: SilverDefinition | undefined;
}

const FIELDS = [
  ...MEANING_FIELDS,
  ...(["from", "keys", "columns", "deletes", "ttlDeletes", "expect", "join"] as const),
  ...(["maxLateness", "partitionBy", "clusterBy", "merge", "publish"] as const),
];
const POLICIES: readonly DeletePolicy[] = ["hard", "soft", "keep"];

export function readSilver(
  place: Place,
  name: string,
  { options, listed }: { readonly options: unknown; readonly listed: ListedTables },
): SilverDraft | undefined {
  const fields = readFields(place, options, { known: FIELDS });
  if (fields === undefined) return undefined;
  const from = readTableReference(place.at("from"), fields.from, { listed, layers: ["bronze"] });
  const declared = readColumns(place.at("columns"), fields.columns);
  if (fields.columns !== undefined && declared.declared.size === 0) place.at("columns").refuse("columns", "none");
  const joins = readJoins(place.at("join"), fields.join, listed);
  const columns = readOrigins(declared, new Set(joins.map((join) => join.alias)));
  const keys = readKeys(place.at("keys"), fields.keys, declared);
  const rules = readRules(place.at("expect"), fields.expect);
  const deletes = fields.deletes === undefined ? "hard" : readChoice(place.at("deletes"), fields.deletes, POLICIES);
  const ttlDeletes =
    fields.ttlDeletes === undefined ? deletes : readChoice(place.at("ttlDeletes"), fields.ttlDeletes, POLICIES);
  const lateness = readLateness(place.at("maxLateness"), fields.maxLateness);
  const partitionBy = readPartitions(place.at("partitionBy"), fields.partitionBy, declared);
  const merge = readMerge(place.at("merge"), fields.merge);
  const meaning = readMeaning(place, fields);
  const properties = readTexts(place.at("properties"), fields.properties);
  const autoCompact = readAutoCompaction(place.at("autoCompact"), fields.autoCompact);
  const own: Pick<SilverDraft, "name" | "keys" | "columns"> = { name: `silver.${name}`, keys, columns };
  const draft = { ...own, place, from, declared, joins, rules, reads: readsOf(from, joins) };
  if (from === undefined || deletes === undefined || ttlDeletes === undefined || merge === undefined) {
    return { ...draft, definition: undefined };
  }
  const clusterBy = readClusterBy(place.at("clusterBy"), fields.clusterBy, declared);
  const publish = readPublish(place.at("publish"), fields.publish, new Set(columns.map((column) => column.name)));
  const kept = {
    ...(publish === undefined ? {} : { publish }),
    merge,
    partitionBy,
    clusterBy,
    properties,
    autoCompact,
  };
  const written = { deletes, ttlDeletes, ...kept, meaning, rules: rules.map((one) => one.rule) };
  const definition: SilverDefinition = {
    layer: "silver",
    ...own,
    from,
    joins: joins.flatMap(({ alias, table, on }) =>
      table === undefined || on === undefined ? [] : { alias, table, on },
    ),
    ...lateness,
    ...written,
  };
  return { ...draft, definition };
}

function readsOf(from: TableName | undefined, joins: readonly ReadJoin[]): readonly TableName[] {
  return [from, ...joins.map((join) => join.table)].filter((name) => name !== undefined);
}

function readKeys(place: Place, value: unknown, declared: ReadColumns): readonly string[] {
  const what = 'the columns that tell rows apart, such as ["order_id"]';
  const list = readList(place, value, what);
  if (list === undefined) return [];
  if (list.length === 0) place.refuse(what, "an empty list");
  const keys: string[] = [];
  for (const [index, one] of list.entries()) {
    const at = place.item(index);
    if (typeof one !== "string") at.expected("the name of a column", one);
    else if (keys.includes(one)) at.refuse("each key once", `${JSON.stringify(one)} again`);
    else if (declared.declared.has(one)) keys.push(one);
    else at.expected("a column of the table", one, nearMiss(one, declared.declared));
  }
  return keys;
}

function readLateness(place: Place, value: unknown): Pick<SilverDefinition, "maxLatenessMs"> {
  if (value === undefined) return {};
  const ms = typeof value === "string" ? durationMs(value) : undefined;
  if (ms !== undefined) return { maxLatenessMs: ms };
  return place.expected('a duration such as "15 min" or "2 days"', value) ?? {};
}

function readMerge(place: Place, value: unknown): SilverDefinition["merge"] | undefined {
  if (value === undefined) return "deletion-vectors";
  return readChoice(place, value, ["deletion-vectors", "copy-on-write"]);
}
