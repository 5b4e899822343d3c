import { createHash } from "node:crypto";
import { assert, must } from "../base/index.ts";
import type { DataType, TableName } from "../contract/index.ts";
import { isArray, isMap } from "../contract/index.ts";
import type { ColumnHint, GoldDefinition, PartitionField, Rule, SilverColumn, SilverDefinition } from "./model.ts";
import { tokenize, type Token } from "./sql/tokens.ts";

/** Raised when the same definition means other rows than before. */
const MEANING = 1;

/**
 * sha256 (hex) over what determines the rows of a Silver or Gold table, and over nothing else: two definitions with the
 * same fingerprint give equal rows from equal inputs, so only a change of it asks for a rebuild.
 *
 * In it: the tables read, the query; columns with type and origin (in any order), a joined one with its table and `on`;
 * keys, deletes, TTL deletes, lateness; conditions of `drop` and `quarantine` rules with the action; partition columns,
 * since they are columns of the table.
 * Not in it: the table's name, descriptions, owners, domains, tags, pii, properties; names and thresholds of rules,
 * `warn` and `fail` rules (they count or stop, and change no row); names of joins; the way of merging; blanks and comments
 * in SQL, and the case of words but in a query, where it names columns. What a table reads has a fingerprint of its own.
 */
export function definitionFingerprint(table: SilverDefinition | GoldDefinition): string {
  const meaning = table.layer === "silver" ? silverMeaning(table) : goldMeaning(table);
  return createHash("sha256")
    .update(JSON.stringify([MEANING, meaning]))
    .digest("hex");
}

/** Written only of lists in a fixed order, so that equal meanings have equal JSON. */
type Canonical = string | number | null | readonly Canonical[];

function silverMeaning(table: SilverDefinition): Canonical {
  return [
    "silver",
    table.from,
    [...table.keys],
    sorted(table.columns.map((column) => [column.name, typeMeaning(column.type), ...originMeaning(table, column)])),
    table.deletes,
    table.ttlDeletes,
    rulesMeaning(table.rules),
    table.maxLatenessMs ?? null,
    table.partitionBy.map(partitionMeaning),
  ];
}

function goldMeaning(table: GoldDefinition): Canonical {
  const columns = table.columns.map((column: ColumnHint) => [column.name, typeMeaning(column.type)]);
  return [
    "gold",
    queryMeaning(table.query),
    [...table.reads].toSorted() satisfies readonly TableName[],
    sorted(columns),
    rulesMeaning(table.rules),
    table.partitionBy.map(partitionMeaning),
  ];
}

function originMeaning(table: SilverDefinition, { from }: SilverColumn): readonly Canonical[] {
  switch (from.kind) {
    case "attribute":
      return ["attribute", [...from.path]];
    case "sql":
      return ["sql", sqlMeaning(from.sql)];
    case "joined": {
      const join = must(
        table.joins.find((one) => one.alias === from.join),
        "a joined column names a join of its table",
      );
      return ["joined", join.table, sorted(Object.entries(join.on)), from.column];
    }
  }
}

/** Rules that keep rows out; their order does not matter. */
function rulesMeaning(rules: readonly Rule[]): Canonical {
  const deciding = rules.filter((rule) => rule.action === "drop" || rule.action === "quarantine");
  return sorted(deciding.map((rule) => [rule.action, sqlMeaning(rule.condition)]));
}

function partitionMeaning({ name, transform }: PartitionField): Canonical {
  if (transform.kind === "identity") return [name, "identity"];
  return [name, transform.kind, transform.column, transform.kind === "bucket" ? transform.count : null];
}

function typeMeaning(type: DataType): Canonical {
  if (typeof type === "string") return type;
  if (isArray(type)) return ["array", typeMeaning(type.elementType)];
  if (isMap(type)) return ["map", typeMeaning(type.keyType), typeMeaning(type.valueType)];
  return ["struct", ...type.fields.map((one) => [one.name, typeMeaning(one.type)])];
}

/** The tokens, words in lower case: quoted names and texts stay as written. */
function sqlMeaning(sql: string): Canonical {
  return tokensOf(sql).map((token) => (token.kind === "word" ? token.name : token.text));
}

/** The tokens as written: `as Total` names a column. */
function queryMeaning(sql: string): Canonical {
  return tokensOf(sql).map((token) => token.text);
}

function tokensOf(sql: string): readonly Token[] {
  const tokenized = tokenize(sql);
  assert(tokenized.kind === "tokens", "the SQL of a definition has been checked");
  return tokenized.tokens;
}

function sorted(parts: readonly (readonly Canonical[])[]): Canonical {
  return parts.map((part) => JSON.stringify(part)).toSorted();
}
