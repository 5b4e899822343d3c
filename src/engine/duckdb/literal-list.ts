import { quoteLiteral } from "../sql-text.ts";

/** A list of strings as SQL: `['a','b']`. */
export function literalList(texts: readonly string[]): string {
  return `[${texts.map((text) => quoteLiteral(text)).join(",")}]`;
}
