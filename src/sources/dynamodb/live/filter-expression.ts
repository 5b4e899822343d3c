import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { OWN_WRITE, type FilterCondition, type FilterScalar, type ItemFilter } from "../../../contract/index.ts";

/** What a request carries of a filter: the names are those of the SDK's input. */
export interface FilterExpression {
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** An expression has 4 KB at most (AWS, "Quotas"). */
const EXPRESSION_BYTES = 4_096;

const OPERATORS = { eq: "=", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/**
 * A filter as DynamoDB's expressions, every name and value a placeholder. The marker of our own writes is asked for, too: without it
 * nobody would know them. undefined where it does not fit into an expression: then whoever asks filters by himself.
 */
export function filterExpression({ where, attributes }: ItemFilter): FilterExpression | undefined {
  const names = new Placeholders<string>("#");
  const values = new Placeholders<AttributeValue>(":");
  const conditions = where.map((one) => conditionText(one, names, values)).join(" AND ");
  const projected =
    attributes === undefined ? "" : [...new Set([...attributes, OWN_WRITE])].map((name) => names.of(name)).join(",");
  if (conditions.length > EXPRESSION_BYTES || projected.length > EXPRESSION_BYTES) return undefined;
  return {
    ...(conditions === "" ? {} : { FilterExpression: conditions }),
    ...(projected === "" ? {} : { ProjectionExpression: projected }),
    ...(names.size === 0 ? {} : { ExpressionAttributeNames: names.all() }),
    ...(values.size === 0 ? {} : { ExpressionAttributeValues: values.all() }),
  };
}

function conditionText(
  condition: FilterCondition,
  names: Placeholders<string>,
  values: Placeholders<AttributeValue>,
): string {
  const name = names.of(condition.attribute);
  const value = (of: FilterScalar): string => values.of(valueOf(of));
  switch (condition.is) {
    case "exists":
      return `attribute_exists(${name})`;
    case "missing":
      return `attribute_not_exists(${name})`;
    case "in":
      return `${name} IN (${condition.values.map(value).join(",")})`;
    case "ne":
      return `(attribute_not_exists(${name}) OR ${name} <> ${value(condition.value)})`;
    case "beginsWith":
      return `begins_with(${name},${value(condition.value)})`;
    case "eq":
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return `${name} ${OPERATORS[condition.is]} ${value(condition.value)}`;
  }
}

function valueOf(scalar: FilterScalar): AttributeValue {
  return "B" in scalar ? { B: new Uint8Array(Buffer.from(scalar.B, "base64")) } : scalar;
}

/** Short names for what stands in an expression; the same one for the same thing. */
class Placeholders<T> {
  readonly #prefix: string;
  readonly #things = new Map<string, readonly [placeholder: string, thing: T]>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get size(): number {
    return this.#things.size;
  }

  of(thing: T): string {
    const key = JSON.stringify(thing);
    const known = this.#things.get(key);
    if (known !== undefined) return known[0];
    const placeholder = `${this.#prefix}${this.#things.size.toString(36)}`;
    this.#things.set(key, [placeholder, thing]);
    return placeholder;
  }

  all(): Record<string, T> {
    return Object.fromEntries(this.#things.values());
  }
}
