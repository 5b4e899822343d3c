import type { Meaning } from "../definition/index.ts";

/** Property under which a table carries the fingerprint of the definition that its content follows. */
export const FINGERPRINT_PROPERTY = "sluice.definition";

/** What a table says about itself, as table properties (the description is the table's own). */
export function meaningProperties(meaning: Meaning): Record<string, string> {
  return {
    ...(meaning.owner === undefined ? {} : { "sluice.owner": meaning.owner }),
    ...(meaning.domain === undefined ? {} : { "sluice.domain": meaning.domain }),
    ...Object.fromEntries(Object.entries(meaning.tags).map(([name, value]) => [`sluice.tag.${name}`, value])),
  };
}
