import type { ColumnRange } from "./file-may-match.ts";
import { compareKeys, orderKey } from "./value-order.ts";

/** The least range that covers several ranges of one column; open on a side where one of them is, or where its end has no order. */
export function coveringRange([first, ...others]: readonly [ColumnRange, ...(readonly ColumnRange[])]): ColumnRange {
  return others.reduce((left, right) => {
    const { path, type } = left;
    const nulls = left.nulls === true || right.nulls === true;
    // A range of nulls alone has no ends.
    const [one, other] = [left, right].filter(({ values }) => values !== false);
    if (one === undefined) return { path, type, nulls, values: false };
    const min = other === undefined ? one.min : outer(left, right, "min");
    const max = other === undefined ? one.max : outer(left, right, "max");
    return { path, type, nulls, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  }, first);
}

function outer(left: ColumnRange, right: ColumnRange, side: "min" | "max"): ColumnRange["min"] {
  const [one, other] = [left[side], right[side]];
  if (one === undefined || other === undefined) return undefined;
  const [oneKey, otherKey] = [orderKey(left.type, one), orderKey(left.type, other)];
  if (oneKey === undefined || otherKey === undefined) return undefined;
  return compareKeys(oneKey, otherKey) < 0 === (side === "min") ? one : other;
}
