export { judge, type RuleCounts, type RuleFailure, type Verdict } from "./judge.ts";
export type { Rule } from "./rule.ts";
export { judgementCounts, violatedRules } from "./violated-rules.ts";
