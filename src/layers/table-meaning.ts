import type { Meaning } from "../definition/index.ts";
import { CLUSTER_BY_PROPERTY, clusterByText, type Snapshot } from "../delta/index.ts";

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

/** By which columns `optimize` is to cluster a table: the empty text where it did so once and does so no more. */
export function clusterProperties(clusterBy: readonly string[], present: Snapshot | undefined): Record<string, string> {
  const isKnown = present?.metadata.configuration[CLUSTER_BY_PROPERTY] !== undefined;
  return clusterBy.length > 0 || isKnown ? { [CLUSTER_BY_PROPERTY]: clusterByText(clusterBy) } : {};
}
