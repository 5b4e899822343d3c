import type { FieldMetadata } from "../contract/index.ts";
import type { ColumnMeaning } from "./model.ts";

/** Meaning of a column as Delta field metadata; `comment` is what other engines show. */
export function columnMetadata(meaning: ColumnMeaning): FieldMetadata {
  const tags = Object.entries(meaning.tags).map(([name, value]) => [`sluice.tag.${name}`, value] as const);
  return {
    ...(meaning.description === undefined ? {} : { comment: meaning.description }),
    ...(meaning.pii ? { "sluice.pii": true } : {}),
    ...Object.fromEntries(tags),
  };
}
