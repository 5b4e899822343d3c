import type { PrimitiveName } from "../../../contract/index.ts";
import { coveringRange, type ColumnRange, type StatValue } from "../../../delta/index.ts";
import { sqlTypeOf } from "../../sql-text.ts";
import { toValue } from "../row-values.ts";
import type { Session } from "../session.ts";
import { conditionOf, type Condition, type ConditionScope } from "./condition.ts";
import { constantSql, literalOf } from "./constant-sql.ts";

/** A long list of values costs more to look at than it spares. */
const VALUES_MAX = 10_000;

/**
 * Ranges of columns that every row for which a predicate is true lies in. Only what is certain: columns compared with constants that the
 * engine compares as values of the column's type. What is compared otherwise (texts with numbers, numbers with floats) says nothing.
 */
export async function predicateRanges(
  session: Session,
  predicate: unknown,
  scope: ConditionScope,
): Promise<readonly ColumnRange[]> {
  const condition = conditionOf(predicate, scope);
  const constants = new Constants();
  constants.take(condition);
  await constants.evaluate(session);
  return rangesOf(condition, constants);
}

function rangesOf(condition: Condition, constants: Constants): readonly ColumnRange[] {
  switch (condition.kind) {
    case "unknown":
      return [];
    case "all":
      return condition.parts.flatMap((part) => rangesOf(part, constants));
    case "any":
      return commonRanges(condition.parts.map((part) => rangesOf(part, constants)));
    case "null":
      return [{ ...condition.column, nulls: true, values: false }];
    case "not-null":
      return [condition.column];
    case "between": {
      const { column } = condition;
      const min = constants.valueOf(condition.min, column.type);
      const max = constants.valueOf(condition.max, column.type);
      // All values are compared in one type: in that of the one which is not understood.
      const isUnderstood = !("min" in condition && "max" in condition) || (min !== undefined && max !== undefined);
      if (!isUnderstood) return [column];
      return [{ ...column, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }];
    }
  }
}

/** What each of several conditions says of a column, one of which is true. */
function commonRanges(choices: readonly (readonly ColumnRange[])[]): readonly ColumnRange[] {
  const [first = [], ...others] = choices;
  return first.flatMap((range) => {
    const same = others.map((ranges) => ranges.find((other) => samePath(range, other)));
    const found = same.filter((one) => one !== undefined);
    return found.length === others.length ? [coveringRange([range, ...found])] : [];
  });
}

function samePath({ path }: ColumnRange, other: ColumnRange): boolean {
  return path.length === other.path.length && path.every((name, index) => name === other.path[index]);
}

type Bound = StatValue | boolean;

/** The values of the constants that columns are compared with, each as a value of its column's type. */
class Constants {
  readonly #known = new Map<string, Bound | undefined>();
  readonly #asked: { readonly key: string; readonly sql: string; readonly type: PrimitiveName }[] = [];

  take(condition: Condition): void {
    if (condition.kind === "all" || condition.kind === "any") for (const part of condition.parts) this.take(part);
    if (condition.kind !== "between") return;
    for (const node of [condition.min, condition.max]) this.#ask(node, condition.column.type);
  }

  valueOf(node: unknown, type: PrimitiveName): Bound | undefined {
    return literalBound(node, type) ?? this.#known.get(keyOf(constantSql(node), type));
  }

  async evaluate(session: Session): Promise<void> {
    if (this.#asked.length === 0 || this.#asked.length > VALUES_MAX) return;
    const constants = this.#asked.map(({ sql }, index) => `${sql} AS c${index}`);
    const values = this.#asked.flatMap(({ type }, index) => [`typeof(c${index})`, castSql(`c${index}`, type)]);
    const [row] = await session
      .rows(`SELECT ${values.join(", ")} FROM (SELECT ${constants.join(", ")})`, { what: "run the query" })
      // What is wrong with a constant the query itself will say.
      .catch(() => []);
    this.#asked.forEach(({ key, type }, index) => {
      const value = row?.[2 * index + 1];
      const isAlike = comparedTypes(type).test(String(row?.[2 * index]));
      if (isAlike && value !== null && value !== undefined) this.#known.set(key, boundOf(toValue(value)));
    });
  }

  #ask(node: unknown, type: PrimitiveName): void {
    if (node === undefined || literalBound(node, type) !== undefined) return;
    const sql = constantSql(node);
    const key = keyOf(sql, type);
    if (sql === undefined || this.#known.has(key)) return;
    this.#known.set(key, undefined);
    this.#asked.push({ key, sql, type });
  }
}

function keyOf(sql: string | undefined, type: PrimitiveName): string {
  return `${type} ${sql ?? ""}`;
}

/** What needs no engine: whole numbers of columns with such, and texts of texts. */
function literalBound(node: unknown, type: PrimitiveName): Bound | undefined {
  const literal = literalOf(node);
  if (literal?.kind === "text") return type === "string" ? literal.value : undefined;
  return literal !== undefined && WHOLE.test(type) ? literal.value : undefined;
}

const WHOLE = /^(?:byte|short|integer|long)$/;
const WHOLE_SQL = "U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)";

/**
 * Types of constants that a column of a type is compared with in its own type, or in one in which both keep their order. A text between
 * quotation marks becomes a day or a moment, whatever the column.
 */
function comparedTypes(type: PrimitiveName): RegExp {
  if (WHOLE.test(type) || type.startsWith("decimal")) return new RegExp(`^(?:${WHOLE_SQL}|DECIMAL\\(\\d+,\\d+\\))$`);
  return COMPARED[type] ?? NEVER;
}

const NEVER = /^(?!)/;
const COMPARED: Readonly<Partial<Record<PrimitiveName, RegExp>>> = {
  string: /^VARCHAR$/,
  boolean: /^BOOLEAN$/,
  date: /^(?:DATE|VARCHAR|TIMESTAMP)$/,
  timestamp: /^(?:DATE|VARCHAR|TIMESTAMP|TIMESTAMP WITH TIME ZONE)$/,
  timestamp_ntz: /^(?:DATE|VARCHAR|TIMESTAMP)$/,
};

/** The constant in the column's type, where nothing of it is lost; else NULL. */
function castSql(sql: string, type: PrimitiveName): string {
  const cast = `TRY_CAST(${sql} AS ${sqlTypeOf(type)})`;
  if (type === "string" || type === "boolean") return cast;
  // A text is read as the column's type by the comparison, too.
  return `CASE WHEN typeof(${sql}) = 'VARCHAR' OR ${cast} = ${sql} THEN ${cast} END`;
}

function boundOf(value: ReturnType<typeof toValue>): Bound | undefined {
  const isBound = ["string", "bigint", "number", "boolean"].includes(typeof value);
  return isBound ? (value as Bound) : undefined;
}
