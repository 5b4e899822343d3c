import type { DataType, StructType } from "../../contract/index.ts";
import type { DeletePolicy, SilverColumn, SilverDefinition } from "../../definition/index.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../../engine/index.ts";
import { partitionValue } from "../partition-value.ts";
import { columnValue, rescuedValue, type ColumnValue, type Steps } from "./column-value.ts";
import { kindSql } from "./event-images.ts";
import { readableRescued } from "./rescued-text.ts";
import { keepsExpiry } from "./silver-schema.ts";

export interface ShapeOptions {
  /** The Bronze table's schema at the version that is read. */
  readonly bronze: StructType;
  /** The source's primary key attributes in the order of `_key`'s parts. */
  readonly sourceKeys: readonly string[];
  /** The attribute that holds a row's expiry, where the source names one. */
  readonly ttlAttribute: string | undefined;
}

/**
 * SQL over the input `events` (rows of Bronze files with their positions) and one input `join.<alias>` a join: one row
 * an event, with its place `__at`, the declared columns typed, `_key`, `_sequence`, what kind of event it is (`image`, `delete`, `truncate`, `bare`, `imageless`),
 * the delete's sequence under the policy that applies to it, and the names of the columns whose value fits no type.
 */
export function shapeSql(definition: SilverDefinition, options: ShapeOptions): string {
  const readable = `SELECT *, ${EVENT_PLACE} AS __at, ${readableRescued(quoteIdentifier("_rescued"))} AS __rescued FROM events`;
  const parts: Parts = {
    rescues: new NamedParts((index) => `__r${index}`),
    texts: new NamedParts((index) => `__t${index}`),
    values: new NamedParts((index) => `__v${index}`),
  };
  const attributes = attributesSql(definition, options, parts);
  return (
    `WITH __readable AS (${readable}), __rescues AS (SELECT *${parts.rescues.columns()} FROM __readable), ` +
    `__texts AS (SELECT *${parts.texts.columns()} FROM __rescues), __events AS (SELECT *${parts.values.columns()} FROM __texts), ` +
    `__attributes AS (${attributes}), ` +
    `__computed AS (${computedSql(definition)}), __joined AS (${joinedSql(definition)}) ` +
    `SELECT *${partitionColumns(definition)} FROM __joined`
  );
}

/** Expressions that later ones read by a name; the same one has one name. */
class NamedParts {
  readonly #nameOf: (index: number) => string;
  readonly #names = new Map<string, string>();

  constructor(nameOf: (index: number) => string) {
    this.#nameOf = nameOf;
  }

  name(sql: string): string {
    const name = this.#names.get(sql) ?? this.#nameOf(this.#names.size);
    this.#names.set(sql, name);
    return name;
  }

  /** To be added to a list of columns. */
  columns(): string {
    return [...this.#names].map(([sql, name]) => `, ${sql} AS ${name}`).join("");
  }
}

/** The parts that the columns share, in the order in which they are computed. */
interface Parts {
  readonly rescues: NamedParts;
  readonly texts: NamedParts;
  readonly values: NamedParts;
}

function attributeValue(path: readonly string[], type: DataType, bronze: StructType, parts: Parts): ColumnValue {
  const rescued = rescuedValue(path, "__rescued");
  const json = parts.rescues.name(rescued.json);
  // A member of a map may lack in a rescued map; the attribute itself is there when it has a value.
  const isThere = path.length === 1 ? `${json} IS NOT NULL` : rescued.isThere;
  const steps: Steps = { text: (sql) => parts.texts.name(sql), value: (sql) => parts.values.name(sql) };
  return columnValue(path, type, bronze, { json, isThere, steps });
}

/** Place of an event among the files of a fold: the file's index and the row in it (fewer than 2^40) as one number. */
export const EVENT_PLACE = "CAST(__file * 1099511627776 + __row AS BIGINT)";

function attributesSql(definition: SilverDefinition, options: ShapeOptions, parts: Parts): string {
  const columns: string[] = [];
  const misfits: string[] = [];
  for (const column of definition.columns) {
    if (column.from.kind !== "attribute") continue;
    const read = attributeValue(column.from.path, column.type, options.bronze, parts);
    columns.push(`CAST(${read.value} AS ${sqlTypeOf(column.type)}) AS ${quoteIdentifier(column.name)}`);
    if (read.misfit !== "false") misfits.push(`CASE WHEN ${read.misfit} THEN ${quoteLiteral(column.name)} END`);
  }
  const lateness = latenessSql(definition);
  const expiry = expirySql(definition, options, parts);
  return `SELECT __at, _event_id, _op, _ingest_file, _source_ts, _ingestion_timestamp, _batch_id, _sequence,
    ${keySql(definition, options.sourceKeys)} AS _key,
    ${kindSql()} AS __kind,
    ${deleteSequence(definition, "hard")} AS __hard, ${deleteSequence(definition, "soft")} AS __soft,
    ${lateness} AS __late, ${expiry}
    ${misfits.length === 0 ? "CAST([] AS VARCHAR[])" : `list_filter([${misfits.join(", ")}], lambda name: name IS NOT NULL)`} AS __misfits
    ${columns.length === 0 ? "" : `, ${columns.join(", ")}`} FROM __events`;
}

/** Silver keyed by some of the source's key attributes takes those parts of Bronze's `_key`, which deletes carry too. */
export function keySql(definition: SilverDefinition, sourceKeys: readonly string[]): string {
  const positions = definition.keys.map((key) => sourceKeys.indexOf(attributeOf(definition, key)));
  const inOrder = positions.length === sourceKeys.length && positions.every((position, index) => position === index);
  if (inOrder) return "_key";
  return positions.map((position) => `split_part(_key, '|', ${position + 1})`).join(" || '|' || ");
}

/** The attribute that a key column of the table comes from. */
function attributeOf(definition: SilverDefinition, key: string): string {
  const column = definition.columns.find((one) => one.name === key);
  return column?.from.kind === "attribute" ? (column.from.path[0] ?? key) : key;
}

function deleteSequence(definition: SilverDefinition, policy: Exclude<DeletePolicy, "keep">): string {
  const isTtl = `coalesce(json_extract_string(_source_meta, '/ttl') = 'true', false)`;
  const plain = definition.deletes === policy ? "true" : "false";
  const ttl = definition.ttlDeletes === policy ? "true" : "false";
  const applies = plain === ttl ? plain : `CASE WHEN ${isTtl} THEN ${ttl} ELSE ${plain} END`;
  return `CASE WHEN _op = 'D' AND ${applies} THEN _sequence END`;
}

/** Snapshot rows and truncates are as old as they are; only changes can be late. */
function latenessSql(definition: SilverDefinition): string {
  if (definition.maxLatenessMs === undefined) return "false";
  return `(_op NOT IN ('R', 'T') AND epoch_ms(_ingestion_timestamp) - epoch_ms(_source_ts) > ${definition.maxLatenessMs})`;
}

function expirySql(definition: SilverDefinition, options: ShapeOptions, parts: Parts): string {
  if (!keepsExpiry(definition) || options.ttlAttribute === undefined) return "";
  const read = attributeValue([options.ttlAttribute], "long", options.bronze, parts);
  return `CAST(${read.value} AS BIGINT) AS _expires_at,`;
}

function computedSql(definition: SilverDefinition): string {
  const computed = definition.columns.flatMap((column) =>
    column.from.kind === "sql"
      ? [`CAST((${column.from.sql}\n) AS ${sqlTypeOf(column.type)}) AS ${quoteIdentifier(column.name)}`]
      : [],
  );
  return `SELECT *${computed.length === 0 ? "" : `, ${computed.join(", ")}`} FROM __attributes`;
}

function joinedSql(definition: SilverDefinition): string {
  if (definition.joins.length === 0) return "SELECT * FROM __computed";
  const joins = definition.joins.map((join, index) => {
    const on = Object.entries(join.on).map(
      ([own, theirs]) => `__own.${quoteIdentifier(own)} = __j${index}.${quoteIdentifier(theirs)}`,
    );
    return `LEFT JOIN ${quoteIdentifier(`join.${join.alias}`)} AS __j${index} ON ${on.join(" AND ")}`;
  });
  const columns = definition.columns.flatMap((column) => joinedColumn(definition, column));
  return `SELECT __own.*${columns.length === 0 ? "" : `, ${columns.join(", ")}`} FROM __computed AS __own ${joins.join(" ")}`;
}

function joinedColumn(definition: SilverDefinition, column: SilverColumn): string[] {
  const { from } = column;
  if (from.kind !== "joined") return [];
  const index = definition.joins.findIndex((join) => join.alias === from.join);
  const value = `__j${index}.${quoteIdentifier(from.column)}`;
  return [`CAST(${value} AS ${sqlTypeOf(column.type)}) AS ${quoteIdentifier(column.name)}`];
}

function partitionColumns(definition: SilverDefinition): string {
  const names = new Set(definition.columns.map((column) => column.name));
  const computed = definition.partitionBy.filter((partition) => !names.has(partition.name));
  return computed.map((partition) => `, ${partitionValue(partition)} AS ${quoteIdentifier(partition.name)}`).join("");
}
