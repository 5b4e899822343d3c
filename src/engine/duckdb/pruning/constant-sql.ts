import { quoteLiteral } from "../../sql-text.ts";
import { isNode, nodesOf, type SyntaxNode } from "./syntax-tree.ts";

const WHOLE_TYPES: ReadonlySet<unknown> = new Set(
  "TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT".split(" "),
);
const CAST_TYPES: ReadonlySet<unknown> = new Set(
  "DATE TIMESTAMP BOOLEAN DOUBLE TINYINT SMALLINT INTEGER BIGINT".split(" "),
);
const ZONED = "TIMESTAMP WITH TIME ZONE";
/** Functions of their arguments alone, as intervals and moments are written with. */
const FUNCTIONS: ReadonlySet<unknown> = new Set(
  (
    "+ - * trunc make_date make_timestamp make_timestamptz " +
    "to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds"
  ).split(" "),
);

/** A constant that stands in the query as it is. */
export type Literal =
  | { readonly kind: "whole"; readonly value: bigint }
  | { readonly kind: "text"; readonly value: string };

export function literalOf(node: unknown): Literal | undefined {
  if (!isNode(node) || node["class"] !== "CONSTANT" || !isNode(node["value"])) return undefined;
  const { type, value, is_null: isNull } = node["value"];
  const id = isNode(type) ? type["id"] : undefined;
  if (isNull !== false) return undefined;
  if (id === "VARCHAR") return typeof value === "string" ? { kind: "text", value } : undefined;
  const isWhole = WHOLE_TYPES.has(id) && /^-?\d+$/.test(String(value));
  return isWhole ? { kind: "whole", value: BigInt(String(value)) } : undefined;
}

/** Whether a constant is NULL itself, which no comparison finds. */
export function isNullLiteral(node: unknown): boolean {
  return isNode(node) && node["class"] === "CONSTANT" && isNode(node["value"]) && node["value"]["is_null"] === true;
}

/** SQL for an expression that has one value wherever and whenever it is asked; undefined for any other. */
export function constantSql(node: unknown): string | undefined {
  const literal = literalOf(node);
  if (literal !== undefined) return literal.kind === "whole" ? `(${literal.value})` : textSql(literal.value);
  if (!isNode(node)) return undefined;
  if (node["class"] === "CONSTANT") return decimalSql(node["value"]) ?? booleanSql(node["value"]);
  if (node["class"] === "CAST") return castSql(node);
  return node["class"] === "FUNCTION" ? functionSql(node) : undefined;
}

function textSql(text: string): string | undefined {
  return text.includes("\0") ? undefined : quoteLiteral(text);
}

function decimalSql(value: unknown): string | undefined {
  if (!isNode(value) || value["is_null"] !== false || !isNode(value["type"])) return undefined;
  const { id, type_info: info } = value["type"];
  const digits = String(value["value"]);
  if (id !== "DECIMAL" || !isNode(info) || !/^-?\d+$/.test(digits)) return undefined;
  const { width, scale } = info;
  if (typeof width !== "number" || typeof scale !== "number") return undefined;
  const sign = digits.startsWith("-") ? "-" : "";
  const padded = digits.replace("-", "").padStart(scale + 1, "0");
  const point = padded.length - scale;
  return `'${sign}${padded.slice(0, point)}${scale === 0 ? "" : `.${padded.slice(point)}`}'::DECIMAL(${width}, ${scale})`;
}

function booleanSql(value: unknown): string | undefined {
  if (!isNode(value) || value["is_null"] !== false || !isNode(value["type"])) return undefined;
  return value["type"]["id"] === "BOOLEAN" && typeof value["value"] === "boolean" ? String(value["value"]) : undefined;
}

function castSql(node: SyntaxNode): string | undefined {
  const { child, cast_type: type, try_cast: isTried } = node;
  const id = isNode(type) ? type["id"] : undefined;
  if (isTried !== false || !(CAST_TYPES.has(id) || id === ZONED)) return undefined;
  const inner = constantSql(child);
  return inner === undefined ? undefined : `CAST(${inner} AS ${String(id)})`;
}

function functionSql(node: SyntaxNode): string | undefined {
  const { function_name: name, schema, catalog } = node;
  const isPlain = (schema === "" || schema === "main") && (catalog === "" || catalog === undefined);
  if (!isPlain || !FUNCTIONS.has(name)) return undefined;
  const parts = nodesOf(node["children"]).map(constantSql);
  const [first, second] = parts;
  if (parts.length === 0 || parts.includes(undefined)) return undefined;
  if (/^\w+$/.test(String(name))) return `${String(name)}(${parts.join(", ")})`;
  return parts.length === 2 ? `(${first} ${String(name)} ${second})` : undefined;
}
