import { definitionFingerprint, type SilverDefinition } from "../../definition/index.ts";
import type { Snapshot } from "../../delta/index.ts";
import type { TableCreation, WriteOptions } from "../../engine/index.ts";
import { FINGERPRINT_PROPERTY, clusterProperties, meaningProperties } from "../table-meaning.ts";
import { silverSchema } from "./silver-schema.ts";

/** How a Silver table is made: merges mark rows in deletion vectors unless readers without them must be served. */
export function silverCreation(definition: SilverDefinition): TableCreation {
  return {
    name: definition.name,
    ...(definition.meaning.description === undefined ? {} : { description: definition.meaning.description }),
    schema: silverSchema(definition),
    partitionColumns: definition.partitionBy.map((partition) => partition.name),
    properties: silverProperties(definition),
  };
}

export function silverProperties(definition: SilverDefinition): Record<string, string> {
  return {
    ...(definition.merge === "copy-on-write"
      ? { "sluice.merge": "copy-on-write" }
      : { "delta.enableDeletionVectors": "true" }),
    ...meaningProperties(definition.meaning),
    ...clusterProperties(definition.clusterBy, undefined),
    ...definition.properties,
    [FINGERPRINT_PROPERTY]: definitionFingerprint(definition),
  };
}

/** What may change about an existing table without touching its rows. */
export function silverMeaning(
  definition: SilverDefinition,
  present: Snapshot | undefined,
): NonNullable<WriteOptions["describe"]> {
  return {
    ...(definition.meaning.description === undefined ? {} : { description: definition.meaning.description }),
    properties: { ...meaningProperties(definition.meaning), ...clusterProperties(definition.clusterBy, present) },
  };
}
