import { encodeKey } from "../../src/contract/index.ts";
import type { DeletePolicy } from "../../src/definition/index.ts";
import { sequenceOf, type ChangeEvent } from "./change-events.ts";

export interface ModelRow {
  readonly key: string;
  readonly amount: string | undefined;
  readonly imageSequence: string;
  readonly sequence: string;
  readonly isDeleted: boolean;
}

export interface Policies {
  readonly deletes: DeletePolicy;
  readonly ttlDeletes: DeletePolicy;
}

/**
 * What Silver must hold, said as plainly as possible: of every key the newest image that passes the rule, gone while a hard
 * delete is above it, marked while a soft one is. A truncate is a delete of all keys.
 */
export function silverModel(events: readonly ChangeEvent[], policies: Policies): ReadonlyMap<string, ModelRow> {
  const rows = new Map<string, ModelRow>();
  for (const id of new Set(events.flatMap((event) => (event.id === undefined ? [] : [event.id])))) {
    const images = events.filter((event) => event.id === id && event.operation !== "D" && passes(event));
    const newest = images.toSorted((a, b) => compare(sequenceOf(b), sequenceOf(a)))[0];
    if (newest === undefined) continue;
    const deletes = events.filter((event) => event.operation === "T" || (event.id === id && event.operation === "D"));
    const highest = (policy: DeletePolicy): string =>
      deletes
        .filter((event) => policyOf(event, newest, policies) === policy)
        .map((event) => sequenceOf(event))
        .reduce((left, right) => (left > right ? left : right), "");
    const imageSequence = sequenceOf(newest);
    if (highest("hard") > imageSequence) continue;
    const isDeleted = highest("soft") > imageSequence;
    const key = encodeKey([{ tag: "S", value: id }]);
    const sequence = isDeleted ? highest("soft") : imageSequence;
    rows.set(key, { key, amount: newest.amount, imageSequence, sequence, isDeleted });
  }
  return rows;
}

/** The rule of the simulated table: amounts are positive, others go to quarantine. */
export function passes(event: ChangeEvent): boolean {
  return event.amount === undefined || !event.amount.startsWith("-");
}

function policyOf(event: ChangeEvent, image: ChangeEvent, policies: Policies): DeletePolicy {
  if (event.operation === "D") return event.isTtlDelete ? policies.ttlDeletes : policies.deletes;
  return image.expiresAt !== undefined && image.expiresAt < event.time ? policies.ttlDeletes : policies.deletes;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
