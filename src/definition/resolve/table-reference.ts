import { NAME_PATTERN, type TableName } from "../../contract/index.ts";
import { contentsOf } from "../builders/mark.ts";
import type { Place } from "../reading/place.ts";

/** The tables that the lake lists, by the handles that name them elsewhere. */
export interface ListedTables {
  readonly byHandle: ReadonlyMap<unknown, TableName>;
  readonly names: ReadonlySet<string>;
}

/** The table that a handle stands for; undefined (and noted) where it is none, of another layer, or not listed. */
export function readTableReference(
  place: Place,
  value: unknown,
  { listed, layers }: { readonly listed: ListedTables; readonly layers: readonly ("bronze" | "silver" | "gold")[] },
): TableName | undefined {
  const what = `a ${layers.map((layer) => layer[0]?.toUpperCase() + layer.slice(1)).join(" or ")} table`;
  const contents = contentsOf(value, "table");
  if (contents === undefined) return place.expected(what, value);
  if (!layers.includes(contents.layer)) return place.expected(what, value);
  const name = listed.byHandle.get(value);
  if (name !== undefined) return name;
  if (typeof contents.name !== "string" || !NAME_PATTERN.test(contents.name)) return undefined;
  const unlisted = `${contents.layer}.${contents.name}`;
  const fault = listed.names.has(unlisted) ? "another table of that name is listed" : "which is not listed";
  return place.refuse("a table that is listed in `tables`", `${unlisted}, ${fault}`);
}
