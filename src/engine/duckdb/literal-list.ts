import { quoteLiteral } from "../sql-text.ts";

/** A list of strings as SQL: `['a','b']`. */
export function literalList(texts: readonly string[]): string {
  return `[${texts.map((text) => quoteLiteral(text)).join(",")}]`;
}

/** Files for DuckDB's readers, which take paths as patterns: special characters stand for themselves between brackets. */
export function fileList(files: readonly string[]): string {
  return literalList(files.map((file) => file.replaceAll(/[*?[]/g, "[$&]")));
}
