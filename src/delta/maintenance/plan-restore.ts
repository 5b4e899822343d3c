import type { AddFile, DomainMetadataAction, MetadataAction, RemoveFile, TableMetadata } from "../actions.ts";
import { removeOf } from "../builders.ts";
import { vectorId } from "../log/vector-id.ts";
import { CLUSTERING_DOMAIN, clusteringColumns } from "../schema/clustering.ts";
import { MAPPING_MAX_ID_PROPERTY } from "../schema/column-mapping.ts";
import { LAST_FIELD_ID_PROPERTY } from "../schema/field-ids.ts";
import { withMarksOf } from "../schema/identity-columns.ts";
import { serializeSchema } from "../schema/serialize-schema.ts";
import type { Snapshot } from "../snapshot.ts";
import type { TxnClaim } from "../transaction.ts";

export interface RestorePlan {
  /** Files that come back, as they were. */
  readonly adds: readonly AddFile[];
  readonly removes: readonly RemoveFile[];
  /** Present when the table was described otherwise then: its schema, properties, name. */
  readonly metadata?: MetadataAction;
  /** Present when the table was clustered otherwise then. */
  readonly domains?: readonly DomainMetadataAction[];
}

/** What brings a table from one version to the content of another. */
export function planRestore(current: Snapshot, target: Snapshot, nowMs: number): RestorePlan {
  const adds = [...target.files.values()].filter((file) => !isLive(file, current));
  const removes = [...current.files.values()].filter((file) => !isLive(file, target));
  const metadata = metadataThen(current, target);
  const clustering = clusteringThen(current, target);
  return {
    adds: adds.map((add) => ({ ...add, dataChange: true })),
    removes: removes.map((file) => removeOf(file, nowMs)),
    ...(metadata === undefined ? {} : { metadata }),
    ...(clustering === undefined ? {} : { domains: [clustering] }),
  };
}

/** A table is clustered by columns of its schema, which is that of then again. */
function clusteringThen(current: Snapshot, target: Snapshot): DomainMetadataAction | undefined {
  const now = current.domains.get(CLUSTERING_DOMAIN);
  const then = target.domains.get(CLUSTERING_DOMAIN);
  if (then === undefined) return now === undefined ? undefined : { ...now, removed: true };
  const columns = [current, target].map(({ domains }) => JSON.stringify(clusteringColumns(domains)));
  return columns[0] === columns[1] ? undefined : then;
}

/** Transactions as they were then; the table is refused to whoever has moved them meanwhile. One that was not there becomes −1. */
export function planRewind(current: Snapshot, target: Snapshot): TxnClaim[] {
  return [...current.txns.values()].flatMap(({ appId, version: expected }) => {
    const version = target.txns.get(appId)?.version ?? -1;
    return version === expected ? [] : [{ appId, version, expected }];
  });
}

function isLive(file: AddFile, snapshot: Snapshot): boolean {
  const live = snapshot.files.get(file.path);
  return live !== undefined && vectorId(live.deletionVector) === vectorId(file.deletionVector);
}

/** An id that a column had in the meantime is never given again; commits go on telling their own time, and rows being tracked. */
const KEPT = [
  LAST_FIELD_ID_PROPERTY,
  MAPPING_MAX_ID_PROPERTY,
  "delta.enableInCommitTimestamps",
  "delta.inCommitTimestampEnablementVersion",
  "delta.inCommitTimestampEnablementTimestamp",
  "delta.enableRowTracking",
  "delta.rowTracking.materializedRowIdColumnName",
  "delta.rowTracking.materializedRowCommitVersionColumnName",
];

function metadataThen(current: Snapshot, target: Snapshot): MetadataAction | undefined {
  const { schema: _schema, ...metadata } = target.metadata;
  const schemaString = schemaThen(current.metadata, target.metadata);
  const kept = KEPT.flatMap((name) => {
    const value = current.metadata.configuration[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const then = { ...metadata, schemaString, configuration: { ...metadata.configuration, ...Object.fromEntries(kept) } };
  return describe(then) === describe(current.metadata) ? undefined : then;
}

function schemaThen(current: TableMetadata, target: TableMetadata): string {
  const schema = withMarksOf(target.schema, current.schema);
  return schema === target.schema ? target.schemaString : serializeSchema(schema);
}

function describe(metadata: MetadataAction): string {
  const { schemaString, partitionColumns, configuration, name, description } = metadata;
  const properties = Object.entries(configuration).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([schemaString, partitionColumns, properties, name, description]);
}
