import { assert } from "../base/index.ts";
import type { Rule } from "./rule.ts";

/** How many rows were judged, how many passed every rule, and how many violated each rule (by its name). */
export interface RuleCounts {
  readonly judged: number;
  readonly passed: number;
  readonly violations: Readonly<Record<string, number>>;
}

export interface Verdict extends RuleCounts {
  /** Rows that passed every rule / rows judged; undefined when none was judged. */
  readonly score: number | undefined;
  /** Rules for which the run of the table must fail, in their order; empty when it may go on. */
  readonly failures: readonly RuleFailure[];
}

export interface RuleFailure {
  readonly rule: string;
  /** `failed`: a rule that fails the run. `threshold`: any other whose `atMost` is exceeded. */
  readonly kind: "failed" | "threshold";
  readonly violations: number;
  readonly judged: number;
  /** The most violations among that many rows that would have been accepted. */
  readonly allowed: number;
}

/**
 * What counts mean: a `fail` rule tolerates no violation, or up to its `atMost`; any other rule tolerates all, or up to
 * its `atMost`, as a share of the judged rows.
 */
export function judge(counts: RuleCounts, rules: readonly Rule[]): Verdict {
  const { judged, passed, violations } = counts;
  assert(passed >= 0 && passed <= judged, "no more rows pass than are judged");
  return {
    judged,
    passed,
    violations,
    score: judged === 0 ? undefined : passed / judged,
    failures: rules.flatMap((rule) => failureOf(rule, counts) ?? []),
  };
}

function failureOf(rule: Rule, { judged, violations }: RuleCounts): RuleFailure | undefined {
  const share = rule.atMost ?? (rule.action === "fail" ? 0 : 1);
  const count = violations[rule.name] ?? 0;
  assert(count >= 0 && count <= judged, "no more rows violate a rule than are judged");
  // Divided, not multiplied: 29 of 100 is exactly 0.29, while 0.29 × 100 is less than 29.
  if (count === 0 || count / judged <= share) return undefined;
  const kind = rule.action === "fail" ? "failed" : "threshold";
  return { rule: rule.name, kind, violations: count, judged, allowed: allowedOf(share, judged) };
}

/** The largest count whose share of `judged` is at most `share`. */
function allowedOf(share: number, judged: number): number {
  const near = Math.floor(share * judged);
  return (near + 1) / judged <= share ? near + 1 : near / judged <= share ? near : near - 1;
}
