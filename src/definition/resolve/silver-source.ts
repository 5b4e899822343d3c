import { isReservedName, type DataType } from "../../contract/index.ts";
import type { BronzeDefinition } from "../model.ts";
import type { SilverDraft } from "./silver.ts";

/** Types that keep different keys apart whatever the source's numbers and texts are. */
const NO_KEY = new Set<DataType>(["double", "float", "boolean"]);

/** What a Silver table needs from its source: keys that deletes carry, and a TTL attribute where TTL deletes matter. */
export function checkSource(draft: SilverDraft, bronze: BronzeDefinition | undefined): void {
  for (const [index, key] of draft.keys.entries()) checkKey(draft, { key, index }, bronze);
  const { definition, place } = draft;
  if (definition === undefined || bronze === undefined) return;
  if (definition.ttlDeletes !== definition.deletes && bronze.source.ttlAttribute === undefined) {
    const expected = `${JSON.stringify(definition.deletes)}, as \`deletes\` says`;
    const hint = `to tell TTL deletes apart, name the TTL attribute: ttl in the source of ${bronze.name}`;
    place.at("ttlDeletes").expected(expected, definition.ttlDeletes, hint);
  }
}

function checkKey(
  draft: SilverDraft,
  { key, index }: { readonly key: string; readonly index: number },
  bronze: BronzeDefinition | undefined,
): void {
  const place = draft.place.at("keys").item(index);
  const column = draft.columns.find((one) => one.name === key);
  if (column === undefined) return;
  if (typeof column.type !== "string" || NO_KEY.has(column.type)) {
    const title = typeof column.type === "string" ? column.type : column.type.type;
    place.refuse("a type that keeps keys apart", `the ${title} column ${JSON.stringify(key)}`);
  }
  if (bronze === undefined) return;
  const carried = bronze.source.keys;
  const expected = `a primary key attribute of ${bronze.name} (${carried.join(", ")}), the only ones that deletes carry`;
  if (column.from.kind !== "attribute") {
    place.refuse(expected, `${JSON.stringify(key)}, which is ${column.from.kind === "sql" ? "computed" : "joined"}`);
    return;
  }
  const path = column.from.path.join(".");
  const isCarried = column.from.path.length === 1 && carried.includes(path) && !isReservedName(path);
  if (!isCarried) place.refuse(expected, `${JSON.stringify(key)} from the attribute ${JSON.stringify(path)}`);
}
