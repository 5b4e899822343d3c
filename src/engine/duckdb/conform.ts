import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructField, type StructType } from "../../contract/index.ts";
import type { EngineColumn } from "./delta-type.ts";
import type { Doing } from "./engine-failure.ts";
import { lossIn } from "./exact-cast.ts";
import type { RulesSql } from "./rules/table-rules-sql.ts";
import type { Session } from "./session.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../sql-text.ts";

/** Begins the message of every row that breaks a not-null rule, so that the failure can be told from others. */
export const NULL_MARK = "not-null column ";

export interface ConformOptions {
  /** Those of the source, where they are known already. */
  readonly columns?: readonly EngineColumn[];
  readonly schema: StructType;
  readonly tableName: string;
  readonly doing: Doing;
  /** Columns of the source that are not the table's and go through as they are. */
  readonly besides?: readonly string[];
  /** Of the table, for rows that are new to it. */
  readonly rules?: RulesSql | undefined;
}

/**
 * SQL for the rows of `source` in exactly the table's columns and types: by name, missing ones by the table's rules or null. A column that the table has
 * not, a cast that could lose something, or a missing not-null column fails with `table.schema-mismatch` here; a null
 * in a not-null column when the rows are read.
 */
export async function conformed(session: Session, source: string, options: ConformOptions): Promise<string> {
  const { schema, tableName, besides = [] } = options;
  const columns = options.columns ?? (await session.columns(source, options.doing));
  const present = new Map<string, EngineColumn>();
  for (const column of columns) {
    if (besides.includes(column.name)) continue;
    const key = column.name.toLowerCase();
    if (present.has(key)) throw mismatch(tableName, column.name, "the rows have it twice");
    present.set(key, column);
  }
  for (const field of schema.fields) {
    const column = present.get(field.name.toLowerCase());
    present.delete(field.name.toLowerCase());
    if (column !== undefined) await refuseLoss(session, source, { column, field, options });
    else if (!field.nullable && !isGiven(field, options.rules))
      throw mismatch(tableName, field.name, "it may not be null and the rows do not have it");
  }
  const [unknown] = present.values();
  if (unknown !== undefined) throw mismatch(tableName, unknown.name, "the table does not have it");
  const names = new Set(columns.map((column) => column.name.toLowerCase()));
  const isThere = (field: StructField): boolean => names.has(field.name.toLowerCase());
  const selected = schema.fields.map((field) => {
    const value = isThere(field)
      ? checked(field, `s.${quoteIdentifier(field.name)}`, tableName)
      : valueOfMissing(field, options.rules, tableName);
    return `${value} AS ${quoteIdentifier(field.name)}`;
  });
  const sql = `SELECT ${[...selected, ...besides.map(quoteIdentifier)].join(", ")} FROM (${source}) s`;
  return options.rules === undefined ? sql : await withRules(sql, options.rules, { options, isThere });
}

function isGiven(field: StructField, rules: RulesSql | undefined): boolean {
  return rules !== undefined && (rules.missing.has(field.name) || rules.generated.has(field.name));
}

/** A generated column waits for the others. */
function valueOfMissing(field: StructField, rules: RulesSql | undefined, tableName: string): string {
  const given = rules?.missing.get(field.name);
  return given === undefined ? `NULL::${sqlTypeOf(field.type)}` : checked(field, given, tableName);
}

/** Generated columns that the rows lack are computed from the others, then every rule is checked. */
async function withRules(
  sql: string,
  rules: RulesSql,
  { options, isThere }: { options: ConformOptions; isThere: (field: StructField) => boolean },
): Promise<string> {
  const isComputed = (field: StructField): boolean => !isThere(field) && rules.generated.has(field.name);
  if (!options.schema.fields.some(isComputed)) return await rules.checked(sql);
  const columns = options.schema.fields.map((field) => {
    const name = quoteIdentifier(field.name);
    const expression = isComputed(field) ? rules.generated.get(field.name) : undefined;
    return expression === undefined ? `r.${name}` : `${checked(field, expression, options.tableName)} AS ${name}`;
  });
  const besides = (options.besides ?? []).map((name) => `r.${quoteIdentifier(name)}`);
  return await rules.checked(`SELECT ${[...columns, ...besides].join(", ")} FROM (${sql}) r`);
}

async function refuseLoss(
  session: Session,
  source: string,
  { column, field, options }: { column: EngineColumn; field: StructField; options: ConformOptions },
): Promise<void> {
  if (lossIn(column.type, field.type) === undefined) return;
  const type = await typeBehindNull(session, source, { column, options });
  const loss = type === "null" ? undefined : lossIn(column.type, field.type);
  if (loss !== undefined) throw mismatch(options.tableName, field.name, loss);
}

/** DuckDB describes a literal NULL as INTEGER; only `typeof` tells. */
async function typeBehindNull(
  session: Session,
  source: string,
  { column, options }: { column: EngineColumn; options: ConformOptions },
): Promise<"null" | "other"> {
  const name = quoteIdentifier(column.name);
  const sql = `SELECT typeof(s.${name}) FROM (VALUES (1)) one LEFT JOIN (SELECT ${name} FROM (${source}) LIMIT 0) s ON true`;
  const [row] = await session.rows(sql, options.doing);
  return typeof row?.[0] === "string" && NULL_TYPE.test(row[0]) ? "null" : "other";
}

/** NULL itself, and the empty list. */
const NULL_TYPE = /^"NULL"(?:\[\d*\])*$/;

function checked(field: StructField, sql: string, tableName: string): string {
  const cast = `CAST(${sql} AS ${sqlTypeOf(field.type)})`;
  const broken = nullRule(cast, field.type, field.nullable, 0);
  if (broken === undefined) return cast;
  const message = quoteLiteral(`${NULL_MARK}${field.name} of ${tableName} is null`);
  return `CASE WHEN ${broken} THEN error(${message}) ELSE ${cast} END`;
}

/** SQL that is true for a value with a null where none may be, at any depth; undefined where nulls are welcome. */
function nullRule(sql: string, type: DataType, nullable: boolean, depth: number): string | undefined {
  const rules = nullable ? [] : [`${sql} IS NULL`];
  const inner = innerRule(sql, type, depth);
  if (inner !== undefined) rules.push(`(${sql} IS NOT NULL AND ${inner})`);
  return rules.length === 0 ? undefined : rules.join(" OR ");
}

function innerRule(sql: string, type: DataType, depth: number): string | undefined {
  if (isStruct(type)) {
    const rules = type.fields.flatMap(
      (field) =>
        nullRule(`struct_extract(${sql}, ${quoteLiteral(field.name)})`, field.type, field.nullable, depth) ?? [],
    );
    return rules.length === 0 ? undefined : `(${rules.join(" OR ")})`;
  }
  if (isArray(type)) return anyItem(sql, type.elementType, type.containsNull, depth);
  if (isMap(type)) return anyItem(`map_values(${sql})`, type.valueType, type.valueContainsNull, depth);
  return undefined;
}

function anyItem(list: string, type: DataType, nullable: boolean, depth: number): string | undefined {
  const item = `i${depth}`;
  const rule = nullRule(item, type, nullable, depth + 1);
  return rule === undefined ? undefined : `len(list_filter(${list}, lambda ${item}: ${rule})) > 0`;
}

function mismatch(tableName: string, column: string, why: string): SluiceError {
  return new SluiceError("table.schema-mismatch", `Cannot write to table ${tableName}: column ${column}: ${why}`, {
    facts: { column },
  });
}
