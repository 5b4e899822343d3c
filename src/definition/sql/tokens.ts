/** A piece of SQL in DuckDB's dialect. */
export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "symbol";
  /** As written. */
  readonly text: string;
  /** The name that a word or quoted identifier stands for, in lower case (names compare without case); else `text`. */
  readonly name: string;
}

export type Tokens =
  | { readonly kind: "tokens"; readonly tokens: readonly Token[] }
  | { readonly kind: "unterminated"; readonly what: "string" | "quoted identifier" | "comment" };

const BLANK = /[\s]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /(?:\d|\.\d)[\w.]*/y;
const STRING = /'(?:[^']|'')*'/y;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|''|\\[^])*'/y;
const QUOTED = /"(?:[^"]|"")*"/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/** Cuts SQL into tokens; blanks and comments fall away. Knows nested comments, `E'…'`, `$tag$…$tag$` and `""`. */
export function tokenize(sql: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const skipped = match(BLANK, sql, at) ?? match(LINE_COMMENT, sql, at);
    if (skipped !== undefined) {
      at += skipped.length;
    } else if (sql.startsWith("/*", at)) {
      const end = commentEnd(sql, at);
      if (end === undefined) return { kind: "unterminated", what: "comment" };
      at = end;
    } else {
      const token = tokenAt(sql, at);
      if (typeof token === "string") return { kind: "unterminated", what: token };
      tokens.push(token);
      at += token.text.length;
    }
  }
  return { kind: "tokens", tokens };
}

function tokenAt(sql: string, at: number): Token | "string" | "quoted identifier" {
  const first = sql[at] ?? "";
  const next = sql[at + 1] ?? "";
  if (first === "'") return literal(match(STRING, sql, at));
  if ((first === "e" || first === "E") && next === "'") return literal(match(ESCAPE_STRING, sql, at));
  if (first === '"') return quotedIdentifier(match(QUOTED, sql, at));
  const tag = match(DOLLAR_TAG, sql, at);
  if (tag !== undefined) {
    const end = sql.indexOf(tag, at + tag.length);
    return literal(end === -1 ? undefined : sql.slice(at, end + tag.length));
  }
  const word = match(WORD, sql, at);
  if (word !== undefined) return { kind: "word", text: word, name: word.toLowerCase() };
  const number = match(NUMBER, sql, at);
  if (number !== undefined) return { kind: "number", text: number, name: number };
  return { kind: "symbol", text: first, name: first };
}

function literal(text: string | undefined): Token | "string" {
  return text === undefined ? "string" : { kind: "string", text, name: text };
}

function quotedIdentifier(text: string | undefined): Token | "quoted identifier" {
  if (text === undefined) return "quoted identifier";
  return { kind: "quoted", text, name: text.slice(1, -1).replaceAll('""', '"').toLowerCase() };
}

/** The place behind a comment that may hold others. */
function commentEnd(sql: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < sql.length - 1; at += 1) {
    const pair = sql.slice(at, at + 2);
    if (pair !== "/*" && pair !== "*/") continue;
    depth += pair === "/*" ? 1 : -1;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return undefined;
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}
