import { decimalParts, sameType, type DataType } from "../../../contract/index.ts";
import { quoteLiteral, sqlTypeOf, valueFromText } from "../../../engine/index.ts";

export interface ReadValue {
  /** SQL of the value in the target's type; NULL where it does not fit. */
  readonly value: string;
  /** SQL that is true where there is a value that does not fit. */
  readonly misfit: string;
}

/** A column's value in the type that the table has: the very same value, or none. */
export function readValue(sql: string, from: DataType, to: DataType): ReadValue {
  if (sameType(from, to)) return { value: sql, misfit: "false" };
  if (to === "string") return { value: textOf(sql, from), misfit: "false" };
  if (typeof from !== "string" || typeof to !== "string" || from === "binary") {
    return { value: `CAST(NULL AS ${sqlTypeOf(to)})`, misfit: `(${sql} IS NOT NULL)` };
  }
  const value = valueFromText(textOf(sql, from), to);
  return { value, misfit: `(${sql} IS NOT NULL AND ${value} IS NULL)` };
}

export function textOf(sql: string, from: DataType): string {
  if (from === "string") return sql;
  if (from === "binary") return `to_base64(${sql})`;
  return typeof from === "string" ? `CAST(${sql} AS VARCHAR)` : `CAST(to_json(${sql}) AS VARCHAR)`;
}

/** SQL of one member of `_rescued`: `"amount":{"S":"12.345"}`, the notation that Silver reads beside the column. */
export function rescuedMember(name: string, sql: string, from: DataType): string {
  const tag = isNumber(from) ? "N" : from === "binary" ? "B" : from === "boolean" ? "BOOL" : "S";
  const content = tag === "BOOL" ? textOf(sql, from) : `CAST(to_json(${textOf(sql, from)}) AS VARCHAR)`;
  return `${quoteLiteral(`${JSON.stringify(name)}:{"${tag}":`)} || ${content} || '}'`;
}

/**
 * SQL of one part of `_key` (`contract/key.ts`). The tag follows the type of the table's column, which never changes: a key has one
 * spelling whether a file is CSV or Parquet.
 */
export function keyPart(sql: string, from: DataType, to: DataType): string {
  const text = `'S:' || ${escaped(textOf(sql, from))}`;
  if (to === "binary" && from === "binary") return `'B:' || ${escaped(textOf(sql, from))}`;
  if (!isWholeOrDecimal(to)) return text;
  const exact = `CAST(${readValue(sql, from, to).value} AS VARCHAR)`;
  const canonical = decimalParts(to) === undefined ? exact : `CASE WHEN contains(${exact}, '.') THEN rtrim(rtrim(${exact}, '0'), '.') ELSE ${exact} END`; // prettier-ignore
  return `coalesce('N:' || ${canonical}, ${text})`;
}

function escaped(text: string): string {
  return `replace(replace(${text}, '%', '%25'), '|', '%7C')`;
}

function isWholeOrDecimal(type: DataType): boolean {
  return (
    decimalParts(type) !== undefined ||
    (typeof type === "string" && ["byte", "short", "integer", "long"].includes(type))
  );
}

function isNumber(type: DataType): boolean {
  return isWholeOrDecimal(type) || type === "double" || type === "float";
}
