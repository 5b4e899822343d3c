import type { Rule, SilverDefinition } from "../../definition/index.ts";
import { quoteLiteral, type Engine, type Input, type Relation, type Row, countOf } from "../../engine/index.ts";
import { judgementCounts, violatedRules, type RuleCounts } from "../../quality/index.ts";
import { keepsExpiry } from "./silver-schema.ts";

/**
 * What decides about an event, without its values: where it is (`__at`), its key and sequence, its kind, its fate
 * (`keep`, `drop`, `quarantine`) and why. Winners are picked on this; whole rows are fetched for winners only.
 */
export function narrowRelation(definition: SilverDefinition, shaped: Relation): Relation {
  return {
    sql: `SELECT __at, _key, _sequence, _batch_id, _source_ts, __kind, __hard, __soft,
      ${keepsExpiry(definition) ? "_expires_at," : ""} __violated, __reasons,
      CASE WHEN len(__reasons) > 0 THEN 'quarantine' WHEN ${drops(definition.rules)} THEN 'drop' ELSE 'keep' END AS __fate
      FROM (SELECT *, ${reasonsSql(definition.rules)} AS __reasons FROM (SELECT *, ${violatedSql(definition.rules)} AS __violated FROM shaped))`,
    inputs: { shaped: { kind: "relation", relation: shaped } },
  };
}

/** Rules judge images only: a delete or a truncate has no values to judge. */
function violatedSql(rules: readonly Rule[]): string {
  if (rules.length === 0) return "CAST([] AS VARCHAR[])";
  return `CASE WHEN __kind = 'image' THEN ${violatedRules(rules)} ELSE CAST([] AS VARCHAR[]) END`;
}

function reasonsSql(rules: readonly Rule[]): string {
  const quarantines = namesOf(rules, "quarantine");
  const byRule =
    quarantines.length === 0
      ? "[]"
      : `list_transform(list_filter(__violated, lambda rule: rule IN (${quarantines.join(", ")})), lambda rule: 'rule:' || rule)`;
  return `list_concat(
    CASE WHEN __kind <> 'truncate' AND _key IS NULL THEN ['null key'] ELSE CAST([] AS VARCHAR[]) END,
    CASE WHEN _sequence IS NULL THEN ['null sequence'] ELSE [] END,
    CASE WHEN __late THEN ['late'] ELSE [] END,
    CASE WHEN __kind = 'image' THEN list_transform(__misfits, lambda name: 'fits:' || name) ELSE [] END,
    ${byRule})`;
}

function drops(rules: readonly Rule[]): string {
  const names = namesOf(rules, "drop");
  return names.length === 0 ? "false" : `list_has_any(__violated, [${names.join(", ")}])`;
}

function namesOf(rules: readonly Rule[], action: Rule["action"]): string[] {
  return rules.filter((rule) => rule.action === action).map((rule) => quoteLiteral(rule.name));
}

/** What a set of events amounts to: for thresholds, quality scores and the run's record. */
export interface EventCounts extends RuleCounts {
  readonly events: number;
  readonly quarantined: number;
  readonly dropped: number;
}

/** What a fold asks of its events before it goes on. */
export interface EventSummary {
  readonly counts: EventCounts;
  readonly hasTruncates: boolean;
  /** Whether something changed whose image nobody has. */
  readonly hasImageless: boolean;
  /** The lowest sequence among the images that are kept; undefined where none is. */
  readonly oldestImage: string | undefined;
}

export async function summarizeEvents(
  engine: Engine,
  definition: SilverDefinition,
  narrow: Input,
): Promise<EventSummary> {
  const [row] = await engine.rows({
    sql: `SELECT count(*) AS events, count(*) FILTER (WHERE __fate = 'quarantine') AS quarantined,
      count(*) FILTER (WHERE __fate = 'drop') AS dropped, count(*) FILTER (WHERE ${KEPT_TRUNCATE}) AS truncates,
      count(*) FILTER (WHERE __kind = 'imageless') AS imageless,
      min(_sequence) FILTER (WHERE ${KEPT_IMAGE}) AS oldest,
      ${judgementCounts(definition.rules, "__violated", "__kind = 'image'")} FROM narrow`,
    inputs: { narrow },
  });
  const oldest = row?.["oldest"];
  return {
    counts: countsOf(definition, row),
    hasTruncates: countOf(row, "truncates") > 0,
    hasImageless: countOf(row, "imageless") > 0,
    oldestImage: typeof oldest === "string" ? oldest : undefined,
  };
}

/** For a `where` clause over `narrow`. */
export const KEPT_IMAGE = "__kind = 'image' AND __fate = 'keep'";
export const KEPT_TRUNCATE = "__kind = 'truncate' AND __fate = 'keep'";

function countsOf(definition: SilverDefinition, row: Row | undefined): EventCounts {
  const count = (name: string): number => countOf(row, name);
  return {
    events: count("events"),
    quarantined: count("quarantined"),
    dropped: count("dropped"),
    judged: count("judged"),
    passed: count("passed"),
    violations: Object.fromEntries(definition.rules.map((rule, index) => [rule.name, count(`violations_${index}`)])),
  };
}
