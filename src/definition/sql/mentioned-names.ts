import type { Token } from "./tokens.ts";

const DATE_PARTS = new Set(
  "year month day hour minute second quarter week dow doy isodow isoyear epoch century decade millennium era".split(
    " ",
  ),
);

/**
 * The names that occur where an expression may name a column, in lower case. Left out: called functions, fields of
 * something else, types of casts and literals, and units of intervals and `extract`.
 */
export function mentionedNames(tokens: readonly Token[]): ReadonlySet<string> {
  return new Set(tokens.filter((_, index) => mayNameColumn(tokens, index)).map((token) => token.name));
}

function mayNameColumn(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index];
  if (token === undefined || (token.kind !== "word" && token.kind !== "quoted")) return false;
  const isCalled = tokens[index + 1]?.text === "(";
  const isField = tokens[index - 1]?.text === ".";
  if (isCalled || isField || isCastType(tokens, index)) return false;
  return token.kind === "quoted" || !isUnitOrTypeName(tokens, index);
}

/** `x::date`, `cast(x as date)` */
function isCastType(tokens: readonly Token[], index: number): boolean {
  const [beforeLast, last] = [tokens[index - 2], tokens[index - 1]];
  return last?.text === ":" ? beforeLast?.text === ":" : last?.kind === "word" && last.name === "as";
}

/** `interval 1 day`, `date '2026-01-01'`, `extract(year from x)` */
function isUnitOrTypeName(tokens: readonly Token[], index: number): boolean {
  const [token, next, last] = [tokens[index], tokens[index + 1], tokens[index - 1]];
  if (last?.text === ")" || last?.kind === "number" || last?.kind === "string") return true;
  return next?.kind === "string" || (next?.name === "from" && DATE_PARTS.has(token?.name ?? ""));
}
