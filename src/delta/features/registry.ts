import type { TableMetadata } from "../actions.ts";
import { mappingModeOf } from "../schema/column-mapping.ts";
import { hasFieldMetadata, hasType } from "../schema/walk-schema.ts";

/**
 * Table features (Delta PROTOCOL, "Valid Feature Names in Table Features") and what we do with each:
 * `yes`; `unless-active`: a table may list it as long as its metadata makes no use of it; `no`: refused as soon as it is listed.
 * A feature that is not in this table is unknown and refused by name (an unknown writer feature still reads).
 */
export interface Feature {
  readonly name: string;
  readonly kind: "reader-writer" | "writer";
  readonly read: Support;
  readonly write: Support;
  /** The legacy versions from which on the feature is implied. */
  readonly legacyReader?: number;
  readonly legacyWriter?: number;
  /** Features that it cannot be without. */
  readonly requires?: readonly string[];
  /** Whether the metadata makes use of it. */
  readonly activeIn?: (metadata: TableMetadata) => boolean;
}

export type Support = "yes" | "unless-active" | "no";

const TABLE: readonly Feature[] = [
  writer("appendOnly", "yes", { legacyWriter: 2, activeIn: isTrue("delta.appendOnly") }),
  writer("invariants", "yes", {
    legacyWriter: 2,
    activeIn: (metadata) => hasFieldMetadata(metadata.schema, (key) => key === "delta.invariants"),
  }),
  writer("checkConstraints", "yes", {
    legacyWriter: 3,
    activeIn: (metadata) => Object.keys(metadata.configuration).some((key) => key.startsWith("delta.constraints.")),
  }),
  writer("changeDataFeed", "yes", { legacyWriter: 4, activeIn: isTrue("delta.enableChangeDataFeed") }),
  writer("generatedColumns", "yes", {
    legacyWriter: 4,
    activeIn: (metadata) => hasFieldMetadata(metadata.schema, (key) => key === "delta.generationExpression"),
  }),
  readerWriter("columnMapping", "yes", {
    legacyReader: 2,
    legacyWriter: 5,
    activeIn: (metadata) => mappingModeOf(metadata.configuration) !== "none",
  }),
  writer("identityColumns", "yes", {
    legacyWriter: 6,
    activeIn: (metadata) => hasFieldMetadata(metadata.schema, (key) => key.startsWith("delta.identity.")),
  }),
  writer("allowColumnDefaults", "yes", {
    activeIn: (metadata) => hasFieldMetadata(metadata.schema, (key) => key === "CURRENT_DEFAULT"),
  }),
  readerWriter("deletionVectors", "yes", { activeIn: isTrue("delta.enableDeletionVectors") }),
  readerWriter("timestampNtz", "yes", { activeIn: (metadata) => hasType(metadata.schema, "timestamp_ntz") }),
  readerWriter("timestampWithoutTimezone", "yes"), // an early name of timestampNtz
  readerWriter("v2Checkpoint", "yes", {
    activeIn: (metadata) => metadata.configuration["delta.checkpointPolicy"] === "v2",
  }),
  readerWriter("vacuumProtocolCheck", "yes"),
  writer("domainMetadata", "yes"),
  writer("inCommitTimestamp", "yes", { activeIn: isTrue("delta.enableInCommitTimestamps") }),
  writer("icebergCompatV1", "unless-active", { activeIn: isTrue("delta.enableIcebergCompatV1") }),
  writer("icebergCompatV2", "unless-active", { activeIn: isTrue("delta.enableIcebergCompatV2") }),
  writer("icebergCompatV3", "unless-active", { activeIn: isTrue("delta.enableIcebergCompatV3") }),
  writer("icebergWriterCompatV1", "unless-active", { activeIn: isTrue("delta.enableIcebergWriterCompatV1") }),
  writer("rowTracking", "yes", { activeIn: isTrue("delta.enableRowTracking"), requires: ["domainMetadata"] }),
  writer("clustering", "yes", { requires: ["domainMetadata"] }),
  writer("checkpointProtection", "yes"),
  writer("materializePartitionColumns", "yes"),
  readerWriter("typeWidening", "yes", {
    activeIn: (metadata) => isTrue("delta.enableTypeWidening")(metadata) || hasTypeChanges(metadata),
  }),
  readerWriter("typeWidening-preview", "yes"), // an early name of typeWidening
  readOnly("variantType", { activeIn: (metadata) => hasType(metadata.schema, "variant") }),
  readOnly("variantType-preview"), // an early name of variantType
  readerWriter("variantShredding", "no"),
  readerWriter("variantShredding-preview", "no"),
  readerWriter("catalogManaged", "no"),
  readerWriter("catalogOwned-preview", "no"),
  readerWriter("geospatial", "no"),
];

export const FEATURES: ReadonlyMap<string, Feature> = new Map(TABLE.map((feature) => [feature.name, feature]));

type Rest = Pick<Feature, "legacyReader" | "legacyWriter" | "activeIn" | "requires">;

function writer(name: string, write: Support, rest: Rest = {}): Feature {
  return { name, kind: "writer", read: "yes", write, ...rest };
}

function readerWriter(name: string, support: Support, rest: Rest = {}): Feature {
  return { name, kind: "reader-writer", read: support, write: support, ...rest };
}

function readOnly(name: string, rest: Rest = {}): Feature {
  return { name, kind: "reader-writer", read: "yes", write: "no", ...rest };
}

function isTrue(property: string): (metadata: TableMetadata) => boolean {
  return (metadata) => metadata.configuration[property]?.toLowerCase() === "true";
}

function hasTypeChanges(metadata: TableMetadata): boolean {
  return hasFieldMetadata(metadata.schema, (key) => key === "delta.typeChanges");
}
