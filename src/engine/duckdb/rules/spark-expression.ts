import { SluiceError } from "../../../base/index.ts";
import { isStruct, type DataType, type StructField, type StructType } from "../../../contract/index.ts";
import { expressionTokens, type ExpressionToken } from "../../../delta/index.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-text.ts";
import { sparkCast } from "./spark-casts.ts";
import { sparkFunction } from "./spark-functions.ts";

export interface ExpressionContext {
  /** What the names in the expression may be. */
  readonly schema: StructType;
  /** Name of the rows in our SQL. */
  readonly row: string;
  readonly nowMicros: bigint;
}

/**
 * An expression that a table keeps in Spark's SQL (a constraint, an invariant, a generated column, a default), in the engine's. Only
 * what means the same in both is taken: anything else fails with `table.unsupported`, and the table is not written to.
 */
export function engineExpression(expression: string, context: ExpressionContext): string {
  const reader = new Reader(expression, context);
  return reader.whole();
}

/** Words that mean the same in both, wherever they stand. */
const WORDS: ReadonlySet<string> = new Set(
  "AND OR NOT IS NULL IN BETWEEN CASE WHEN THEN ELSE END TRUE FALSE DISTINCT FROM".split(" "),
);
const SIGNS: Readonly<Record<string, string>> = { "<=>": "IS NOT DISTINCT FROM", "==": "=", "!=": "<>" };
// Without division: by zero it gives null there and infinity here.
const SAME_SIGNS: ReadonlySet<string> = new Set(["<>", "<=", ">=", "<", ">", "=", "+", "-", "*", "%", "||"]);
const LITERALS: Readonly<Record<string, string>> = {
  DATE: "DATE",
  TIMESTAMP: "TIMESTAMPTZ",
  TIMESTAMP_NTZ: "TIMESTAMP",
};
const NOW: ReadonlySet<string> = new Set(["CURRENT_TIMESTAMP", "CURRENT_DATE", "NOW"]);

class Reader {
  readonly #expression: string;
  readonly #context: ExpressionContext;
  readonly #tokens: readonly ExpressionToken[];
  #at = 0;

  constructor(expression: string, context: ExpressionContext) {
    this.#expression = expression;
    this.#context = context;
    this.#tokens = expressionTokens(expression);
  }

  whole(): string {
    const sql = this.#sequence();
    if (sql === "" || this.#at < this.#tokens.length) throw this.#refused(this.#peek()?.value ?? "nothing");
    return sql;
  }

  /** Up to a comma, a closing bracket or the end. */
  #sequence(): string {
    const parts: string[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === "sign" && (token.value === ")" || token.value === ",")) break;
      if (this.#isWord(token, "AS")) break;
      parts.push(this.#part(token));
    }
    return parts.join(" ");
  }

  #part(token: ExpressionToken): string {
    this.#at += 1;
    if (token.kind === "text") return quoteLiteral(token.value);
    if (token.kind === "number") return numberSql(token.value);
    if (token.kind === "sign") return this.#sign(token.value);
    if (token.kind === "quoted-name") return this.#column(token.value);
    const word = token.value.toUpperCase();
    const next = this.#peek();
    if (word === "LIKE") return this.#like();
    if (WORDS.has(word)) return word;
    if (NOW.has(word)) return this.#now(word);
    const literal = LITERALS[word];
    if (literal !== undefined && next?.kind === "text") {
      this.#at += 1;
      return `${literal} ${quoteLiteral(next.value)}`;
    }
    if (next?.kind === "sign" && next.value === "(") return this.#call(token.value.toLowerCase());
    return this.#column(token.value);
  }

  #sign(sign: string): string {
    if (sign === "(") {
      const items = this.#list();
      if (items.length === 0) throw this.#refused("()");
      return `(${items.join(", ")})`;
    }
    if (SAME_SIGNS.has(sign)) return sign;
    return SIGNS[sign] ?? this.#fail(sign);
  }

  /** What stands between brackets of which the first has been read. */
  #list(): readonly string[] {
    const items: string[] = [];
    while (!this.#takes(")")) {
      if (items.length > 0 && !this.#takes(",")) this.#fail(this.#peek()?.value ?? "the end");
      const item = this.#sequence();
      if (item === "") this.#fail(this.#peek()?.value ?? "the end");
      items.push(item);
    }
    return items;
  }

  #call(name: string): string {
    this.#at += 1;
    if (name === "cast") return this.#cast();
    const sql = sparkFunction(name, this.#list());
    return sql ?? this.#fail(`${name}()`);
  }

  #cast(): string {
    const value = this.#sequence();
    if (!this.#isWord(this.#peek(), "AS")) this.#fail("CAST");
    this.#at += 1;
    let type = "";
    for (let depth = 0; depth > 0 || this.#peek()?.value !== ")"; this.#at += 1) {
      const token = this.#peek() ?? this.#fail("CAST");
      if (token.value === "(") depth += 1;
      if (token.value === ")") depth -= 1;
      type += token.value.toLowerCase();
    }
    this.#at += 1;
    return sparkCast(value, type) ?? this.#fail(`CAST AS ${type}`);
  }

  /** In Spark a backslash takes the meaning of what follows it. */
  #like(): string {
    const pattern = this.#peek();
    if (pattern?.kind !== "text") return this.#fail("LIKE");
    this.#at += 1;
    return `LIKE ${quoteLiteral(pattern.value)} ESCAPE '\\'`;
  }

  #now(word: string): string {
    if (this.#takes("(") && !this.#takes(")")) this.#fail(word);
    const now = `make_timestamptz(${this.#context.nowMicros})`;
    return word === "CURRENT_DATE" ? `CAST(${now} AS DATE)` : now;
  }

  /** A column, or a member of one, as the table's schema has it. */
  #column(first: string): string {
    let type: DataType = this.#context.schema;
    let sql = this.#context.row;
    let name = first;
    for (;;) {
      const wanted = name.toLowerCase();
      const fields: readonly StructField[] = isStruct(type) ? type.fields : [];
      const found = fields.find((field) => field.name.toLowerCase() === wanted);
      if (found === undefined) return this.#fail(name);
      sql += `.${quoteIdentifier(found.name)}`;
      type = found.type;
      if (!this.#takes(".")) return sql;
      const next = this.#peek();
      if (next?.kind !== "name" && next?.kind !== "quoted-name") return this.#fail(".");
      this.#at += 1;
      name = next.value;
    }
  }

  #peek(): ExpressionToken | undefined {
    return this.#tokens[this.#at];
  }

  #takes(sign: string): boolean {
    const token = this.#peek();
    const isThere = token?.kind === "sign" && token.value === sign;
    if (isThere) this.#at += 1;
    return isThere;
  }

  #isWord(token: ExpressionToken | undefined, word: string): boolean {
    return token?.kind === "name" && token.value.toUpperCase() === word;
  }

  #fail(what: string): never {
    throw this.#refused(what);
  }

  #refused(what: string): SluiceError {
    return new SluiceError("table.unsupported", `Cannot evaluate the expression ${this.#expression}: ${what}`, {
      advice: "Write to this table with the engine that made the rule, or put the rule in simpler words.",
    });
  }
}

/** Spark says by a letter which type a number has. */
function numberSql(text: string): string {
  const match = /^(.*?)(BD|[LSYDF])?$/i.exec(text);
  const digits = match?.[1] ?? text;
  const type = NUMBER_TYPES[(match?.[2] ?? "").toUpperCase()];
  return type === undefined ? digits : `${digits}::${type}`;
}

const NUMBER_TYPES: Readonly<Record<string, string>> = {
  L: "BIGINT",
  S: "SMALLINT",
  Y: "TINYINT",
  D: "DOUBLE",
  F: "FLOAT",
};
