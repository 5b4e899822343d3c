import { quoteLiteral } from "../engine/index.ts";
import type { Rule } from "./rule.ts";

/**
 * SQL (DuckDB) over a row's columns: the names of the rules that the row violates, in their order; an empty list where it
 * passes all. A rule is passed when its condition is true: false and null violate it. Never null itself.
 */
export function violatedRules(rules: readonly Rule[]): string {
  if (rules.length === 0) return NONE;
  // The list is built only for rows that violate something: three times as fast over rows that are mostly right.
  const passesAll = rules.map(passes).join(" AND ");
  const names = rules.map((rule) => `CASE WHEN NOT ${passes(rule)} THEN ${quoteLiteral(rule.name)} END`);
  return `CASE WHEN ${passesAll} THEN ${NONE} ELSE list_filter([${names.join(", ")}], lambda name: name IS NOT NULL) END`;
}

/**
 * SQL aggregates over rows: `judged`, `passed`, and `violations_<index of the rule>`. `violated` is SQL that gives what
 * `violatedRules` gave, `when` says which rows were judged at all.
 */
export function judgementCounts(rules: readonly Rule[], violated: string, when: string): string {
  const violations = rules.map(
    (rule, index) =>
      `count(*) FILTER (WHERE (${when}) AND list_contains(${violated}, ${quoteLiteral(rule.name)})) AS violations_${index}`,
  );
  return [
    `count(*) FILTER (WHERE ${when}) AS judged`,
    `count(*) FILTER (WHERE (${when}) AND len(${violated}) = 0) AS passed`,
    ...violations,
  ].join(", ");
}

const NONE = "CAST([] AS VARCHAR[])";

/** The line break ends a comment that the condition may end with. */
function passes(rule: Rule): string {
  return `((${rule.condition}\n) IS TRUE)`;
}
