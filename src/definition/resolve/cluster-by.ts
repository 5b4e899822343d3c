import { nearMiss } from "../reading/near-miss.ts";
import type { Place } from "../reading/place.ts";
import { readList } from "../reading/read-object.ts";
import type { ReadColumns } from "./columns.ts";

const COLUMNS_MAX = 4; // with more, each of them would have too small a say in where a row lies

/** The columns that a table is clustered by; where the table may have others than are declared, any name will do. */
export function readClusterBy(
  place: Place,
  value: unknown,
  { declared, isPartial = false }: Pick<ReadColumns, "declared"> & { readonly isPartial?: boolean },
): readonly string[] {
  if (value === undefined) return [];
  const what = 'one to four columns such as ["country", "placed_at"]';
  const list = readList(place, value, what);
  if (list === undefined) return [];
  if (list.length === 0 || list.length > COLUMNS_MAX) place.refuse(what, `a list of ${list.length}`);
  const columns: string[] = [];
  for (const [index, one] of list.entries()) {
    const at = place.item(index);
    if (typeof one !== "string" || one === "") at.expected("the name of a column", one);
    else if (columns.includes(one)) at.refuse("each column once", `${JSON.stringify(one)} again`);
    else if (!isPartial && !declared.has(one)) at.expected("a column of the table", one, nearMiss(one, declared));
    else columns.push(one);
  }
  return columns;
}
