import type { FileTally } from "./span.ts";

/** What files and other files came to. */
export function joinTallies(one: FileTally | undefined, other: FileTally): FileTally {
  if (one === undefined) return other;
  return {
    files: one.files + other.files,
    records: one.records + other.records,
    rows: one.rows + other.rows,
    quarantined: one.quarantined + other.quarantined,
    firstMs: pick(Math.min, one.firstMs, other.firstMs),
    lastMs: pick(Math.max, one.lastMs, other.lastMs),
    oldestMs: pick(Math.min, one.oldestMs, other.oldestMs),
    newestMs: pick(Math.max, one.newestMs, other.newestMs),
  };
}

function pick(
  of: (one: number, other: number) => number,
  one: number | undefined,
  other: number | undefined,
): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : of(one, other);
}
