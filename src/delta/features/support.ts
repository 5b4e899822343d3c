import { SluiceError } from "../../base/index.ts";
import type { ProtocolAction, TableMetadata } from "../actions.ts";
import { mappingModeOf, physicalTable } from "../schema/column-mapping.ts";
import { assertTypeChanges } from "../schema/type-changes.ts";
import { hasType } from "../schema/walk-schema.ts";
import { FEATURES, type Feature } from "./registry.ts";

/**
 * Fails with `table.unsupported` naming every feature that keeps us from reading the table right.
 *
 * Rule: reader version 1 has no features; 2 implies column mapping; 3 lists them. What a version merely implies, and what
 * counts `unless-active`, blocks only where the metadata makes use of it. Unknown features and versions above 3 block.
 */
export function assertReadable(protocol: ProtocolAction, metadata: TableMetadata, table: string): void {
  const refused = new Set<string>();
  if (protocol.minReaderVersion > 3) refused.add(`reader version ${protocol.minReaderVersion}`);
  for (const name of listed(protocol.minReaderVersion >= 3 ? protocol.readerFeatures : undefined)) {
    const feature = FEATURES.get(name);
    if (feature === undefined || feature.read === "no") refused.add(name);
  }
  refuse("read", refused, table);
  for (const feature of FEATURES.values()) {
    if (feature.read !== "yes" && feature.activeIn?.(metadata) === true) refused.add(feature.name);
  }
  refuse("read", refused, table);
  checkMapping(protocol, metadata, table);
  assertTypeChanges(metadata.schema, table);
}

/** A mapping that the protocol does not announce leaves open by which names the files are to be read. */
function checkMapping(protocol: ProtocolAction, metadata: TableMetadata, table: string): void {
  const feature = FEATURES.get("columnMapping");
  if (mappingModeOf(metadata.configuration) === "none" || feature === undefined) return;
  physicalTable(metadata);
  if (supportsFeature(protocol, feature)) return;
  throw new SluiceError(
    "table.corrupt",
    `Cannot read table ${table}: it has a column mapping that its protocol does not announce`,
  );
}

/**
 * Fails with `table.unsupported` naming every feature that keeps us from writing the table right.
 *
 * Rule: writer versions 2 to 6 imply appendOnly and invariants (2), checkConstraints (3), changeDataFeed and
 * generatedColumns (4), columnMapping (5), identityColumns (6); 7 lists its features. Of the implied ones and of those that
 * count `unless-active`, only what the metadata makes use of blocks: an invariant on a column, a `delta.constraints.*`
 * property, `delta.enableChangeDataFeed`, and so on. Unknown features and versions above 7 block. Who writes must also read.
 */
export function assertWritable(protocol: ProtocolAction, metadata: TableMetadata, table: string): void {
  assertReadable(protocol, metadata, table);
  const refused = new Set<string>();
  if (protocol.minWriterVersion > 7) refused.add(`writer version ${protocol.minWriterVersion}`);
  for (const name of listed(protocol.minWriterVersion >= 7 ? protocol.writerFeatures : undefined)) {
    const feature = FEATURES.get(name);
    if (feature === undefined || feature.write === "no") refused.add(name);
  }
  for (const feature of FEATURES.values()) {
    if (feature.write !== "yes" && feature.activeIn?.(metadata) === true) refused.add(feature.name);
  }
  for (const what of notWritten(metadata)) refused.add(what);
  refuse("write", refused, table);
}

/** What no feature of the protocol stands for. */
function* notWritten({ schema, configuration }: TableMetadata): Generator<string> {
  // Writers differ in what they make of them, and so do the readers of what they made.
  if (hasType(schema, "void")) yield "void columns";
  // The columns that keep the ids have none themselves: where all are found by id nobody would find them.
  const isTracked = configuration["delta.enableRowTracking"]?.toLowerCase() === "true";
  if (isTracked && mappingModeOf(configuration) === "id") yield "rowTracking with column mapping by id";
}

/** Whether the protocol has the feature, by listing it or by a legacy version that implies it. */
export function supportsFeature(protocol: ProtocolAction, feature: Feature): boolean {
  const { legacyWriter, legacyReader } = feature;
  if (protocol.minWriterVersion >= 7) return listed(protocol.writerFeatures).includes(feature.name);
  if (legacyWriter === undefined || protocol.minWriterVersion < legacyWriter) return false;
  return legacyReader === undefined || protocol.minReaderVersion >= legacyReader;
}

/** Whether files keep the values of partition columns, which the log has, too (Delta RFC, "Materialize Partition Columns"). */
export function storesPartitions(protocol: ProtocolAction): boolean {
  return hasFeature(protocol, "materializePartitionColumns");
}

/** Whether the protocol has the feature of that name. */
export function hasFeature(protocol: ProtocolAction, name: string): boolean {
  const feature = FEATURES.get(name);
  return feature !== undefined && supportsFeature(protocol, feature);
}

function listed(features: readonly string[] | undefined): readonly string[] {
  return features ?? [];
}

function refuse(verb: "read" | "write", refused: ReadonlySet<string>, table: string): void {
  if (refused.size === 0) return;
  const names = [...refused].toSorted().join(", ");
  throw new SluiceError("table.unsupported", `Cannot ${verb} table ${table}: it uses ${names}`);
}
