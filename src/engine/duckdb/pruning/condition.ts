import { isStruct, type DataType, type PrimitiveName, type StructType } from "../../../contract/index.ts";
import { isNullLiteral } from "./constant-sql.ts";
import { isNode, nodesOf, type SyntaxNode } from "./syntax-tree.ts";

/** A column of a table, by its names from the top down. */
export interface ConditionColumn {
  readonly path: readonly string[];
  readonly type: PrimitiveName;
}

/** What a predicate says of columns; `unknown`: anything, so that it rules out nothing. */
export type Condition =
  | { readonly kind: "all" | "any"; readonly parts: readonly Condition[] }
  /** The column lies between the values of two expressions (both included), or one side is open. */
  | { readonly kind: "between"; readonly column: ConditionColumn; readonly min?: unknown; readonly max?: unknown }
  | { readonly kind: "null" | "not-null"; readonly column: ConditionColumn }
  | { readonly kind: "unknown" };

/** The table whose rows a predicate is asked of. */
export interface ConditionScope {
  readonly schema: StructType;
  /** The name that the query gives the table, in lower case; undefined where it has none. */
  readonly alias: string | undefined;
}

const UNKNOWN: Condition = { kind: "unknown" };

/** The bounds that a predicate sets to single columns: those of comparisons with something else, joined by AND and OR. */
export function conditionOf(node: unknown, scope: ConditionScope): Condition {
  if (!isNode(node)) return UNKNOWN;
  const { type } = node;
  if (type === "CONJUNCTION_AND") return joined("all", node, scope);
  if (type === "CONJUNCTION_OR") return joined("any", node, scope);
  if (type === "COMPARE_BETWEEN") return between(node, scope);
  if (type === "COMPARE_IN") return among(node, scope);
  if (type === "OPERATOR_IS_NULL" || type === "OPERATOR_IS_NOT_NULL") {
    const column = columnOf(nodesOf(node["children"])[0], scope);
    return column === undefined ? UNKNOWN : { kind: type === "OPERATOR_IS_NULL" ? "null" : "not-null", column };
  }
  return node["class"] === "COMPARISON" ? comparison(node, scope) : UNKNOWN;
}

function joined(kind: "all" | "any", node: SyntaxNode, scope: ConditionScope): Condition {
  return { kind, parts: nodesOf(node["children"]).map((child) => conditionOf(child, scope)) };
}

/** From the column's side. A bound is included even where the comparison excludes it: bounds are rounded outwards anyway. */
const SIDES: Readonly<Record<string, readonly ("min" | "max")[]>> = {
  COMPARE_EQUAL: ["min", "max"],
  COMPARE_GREATERTHAN: ["min"],
  COMPARE_GREATERTHANOREQUALTO: ["min"],
  COMPARE_LESSTHAN: ["max"],
  COMPARE_LESSTHANOREQUALTO: ["max"],
};

function comparison(node: SyntaxNode, scope: ConditionScope): Condition {
  const sides = SIDES[String(node["type"])];
  if (sides === undefined) return UNKNOWN;
  const left = columnOf(node["left"], scope);
  const right = columnOf(node["right"], scope);
  if (left !== undefined && right !== undefined) return UNKNOWN;
  if (left !== undefined) return bounded(left, sides, node["right"]);
  if (right === undefined) return UNKNOWN;
  const turned = sides.map((side) => (side === "min" ? "max" : "min"));
  return bounded(right, turned, node["left"]);
}

function bounded(column: ConditionColumn, sides: readonly ("min" | "max")[], value: unknown): Condition {
  return { kind: "between", column, ...Object.fromEntries(sides.map((side) => [side, value])) };
}

function between(node: SyntaxNode, scope: ConditionScope): Condition {
  const column = columnOf(node["input"], scope);
  return column === undefined ? UNKNOWN : { kind: "between", column, min: node["lower"], max: node["upper"] };
}

function among(node: SyntaxNode, scope: ConditionScope): Condition {
  const [first, ...values] = nodesOf(node["children"]);
  const column = columnOf(first, scope);
  if (column === undefined) return UNKNOWN;
  // No row equals NULL.
  const parts = values.filter((value) => !isNullLiteral(value)).map((value) => bounded(column, ["min", "max"], value));
  return parts.length === 0 ? UNKNOWN : { kind: "any", parts };
}

/** As the engine looks names up: a column of the table first, by the table's name before it, then the members of structs. */
function columnOf(node: unknown, { schema, alias }: ConditionScope): ConditionColumn | undefined {
  if (!isNode(node) || node["class"] !== "COLUMN_REF" || !Array.isArray(node["column_names"])) return undefined;
  const names = node["column_names"].map(String);
  const isQualified = names.length > 1 && names[0]?.toLowerCase() === alias;
  return columnAt(schema, isQualified ? names.slice(1) : names);
}

function columnAt(schema: StructType, names: readonly string[]): ConditionColumn | undefined {
  const path: string[] = [];
  let type: DataType = schema;
  for (const name of names) {
    if (!isStruct(type)) return undefined;
    const alike: StructType["fields"] = type.fields.filter((one) => one.name.toLowerCase() === name.toLowerCase());
    const [found] = alike;
    if (found === undefined || alike.length > 1) return undefined;
    path.push(found.name);
    type = found.type;
  }
  return typeof type === "string" && type !== "variant" && type !== "void" ? { path, type } : undefined;
}
