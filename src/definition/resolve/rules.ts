import { contentsOf } from "../builders/mark.ts";
import type { Rule } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readEntries } from "../reading/read-object.ts";
import { readShare } from "../reading/read-scalar.ts";
import { checkSql } from "../sql/check-sql.ts";
import type { Token } from "../sql/tokens.ts";

export interface ReadRule {
  readonly place: Place;
  readonly rule: Rule;
  readonly tokens: readonly Token[];
}

const NAME_MAX = 100; // names go into every report and quarantined row

/** Expectations by name, in the order written. */
export function readRules(place: Place, value: unknown): readonly ReadRule[] {
  if (value === undefined) return [];
  const entries = readEntries(place, value, "expectations by name") ?? [];
  return entries.flatMap(([name, one]) => readRule(place.at(name), name, one) ?? []);
}

function readRule(place: Place, name: string, value: unknown): ReadRule | undefined {
  if (name.trim() === "" || name.length > NAME_MAX || /\p{Cc}/u.test(name)) {
    place.expected(`a name of at most ${NAME_MAX} printable characters`, name);
  }
  const contents = contentsOf(value, "expectation");
  if (contents === undefined) {
    return place.expected('an expectation such as expect("amount > 0").orQuarantine()', value);
  }
  const condition = checkSql(place, contents.condition, "a condition in SQL");
  const atMost = contents.atMost === undefined ? undefined : readShare(place.at("atMost"), contents.atMost);
  if (condition === undefined) return undefined;
  const rule: Rule = {
    name,
    condition: condition.text,
    action: contents.action,
    ...(atMost === undefined ? {} : { atMost }),
  };
  return { place, rule, tokens: condition.tokens };
}
