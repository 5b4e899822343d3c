import { SluiceError, type World } from "../../base/index.ts";
import type { StructType } from "../../contract/index.ts";
import {
  LAST_FIELD_ID_PROPERTY,
  addColumns,
  assignFieldIds,
  assertWritable,
  MAPPING_MAX_ID_PROPERTY,
  checkSchema,
  clusteringColumns,
  clusteringDomain,
  mapColumns,
  mappingModeOf,
  protocolFor,
  serializeSchema,
  storesPartitions,
  takeNamedFeatures,
  withHighWaterMarks,
  withRowIdColumns,
  type DomainMetadataAction,
  type MetadataAction,
  type ProtocolAction,
  type Snapshot,
  type TableMetadata,
} from "../../delta/index.ts";
import type { OpenTable, TableCreation, WriteOptions } from "../engine.ts";

/** The table as a write leaves it: what its new files must look like and what the commit must say about it. */
export interface WriteTarget {
  readonly snapshot: Snapshot | undefined;
  readonly metadata: TableMetadata;
  /** Present when the commit changes it. */
  readonly newMetadata?: MetadataAction;
  readonly newProtocol?: ProtocolAction;
  readonly newDomains?: readonly DomainMetadataAction[];
  /** Whether new files have the partition columns in them. */
  readonly storesPartitions: boolean;
  /** Names in files of the columns that the table is clustered by. */
  readonly clustering: readonly (readonly string[])[];
}

export interface TargetOptions extends WriteOptions {
  readonly replaceSchema?: StructType;
  readonly change?: (metadata: TableMetadata) => TableMetadata;
  readonly clusterBy?: readonly (readonly string[])[];
}

/** Decides the schema, properties and protocol after a write to `snapshot`, or of the table that it creates. */
export function writeTarget(
  table: Pick<OpenTable, "name">,
  snapshot: Snapshot | undefined,
  options: TargetOptions,
  world: World,
): WriteTarget {
  const wanted = snapshot === undefined ? created(table, options, world) : changed(table, snapshot, options);
  const mapped = mapColumns(wanted, snapshot?.metadata, () => newPhysicalName(world));
  const taken = takeNamedFeatures(options.change?.(mapped) ?? mapped, snapshot?.metadata);
  const metadata = withRowIdColumns(taken.metadata, snapshot?.metadata, () => world.uuid());
  checkSchema(metadata, table.name);
  const clustered = clusteredTarget(metadata, snapshot, options);
  const features = clustered.newDomains === undefined ? taken.features : [...taken.features, "clustering"];
  const protocol = protocolFor(metadata, snapshot?.protocol, features);
  const layout = { storesPartitions: storesPartitions(protocol), ...clustered };
  if (snapshot === undefined) {
    return { snapshot, metadata, newMetadata: actionOf(metadata), newProtocol: protocol, ...layout };
  }
  // Before any file is written, not only when the commit is made.
  assertWritable(snapshot.protocol, snapshot.metadata, table.name);
  if (options.change === undefined) refuseNewConstraint(snapshot.metadata, metadata, table.name);
  const hasNewMetadata = metadata !== snapshot.metadata;
  return {
    snapshot,
    metadata,
    ...(hasNewMetadata ? { newMetadata: actionOf(metadata) } : {}),
    ...(protocol === snapshot.protocol ? {} : { newProtocol: protocol }),
    ...layout,
  };
}

/** By what the table is clustered from then on, and what the commit says where that is new. */
function clusteredTarget(
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  options: TargetOptions,
): Pick<WriteTarget, "clustering" | "newDomains"> {
  const atFirst = options.create?.clusterBy?.map((column) => (typeof column === "string" ? [column] : column));
  const wanted = snapshot === undefined ? atFirst : options.clusterBy;
  if (wanted === undefined) return { clustering: clusteringColumns(snapshot?.domains) };
  const domain = clusteringDomain(metadata, wanted);
  const clustering = clusteringColumns(new Map([[domain.domain, domain]]));
  const isSame = snapshot?.domains.get(domain.domain)?.configuration === domain.configuration;
  return isSame ? { clustering } : { clustering, newDomains: [domain] };
}

/** What the commit says of the table, once the values of identity columns are given. */
export function metadataWith(
  target: WriteTarget,
  identities: { readonly columns: readonly string[]; readonly rows: number } | undefined,
): MetadataAction | undefined {
  if (identities === undefined) return target.newMetadata;
  const metadata = withHighWaterMarks(target.metadata, identities.columns, identities.rows);
  return metadata === target.metadata ? target.newMetadata : actionOf(metadata);
}

/** Rows that are there may break it: only the verb that looks at them adds one. */
export function refuseNewConstraint(before: TableMetadata, after: TableMetadata, tableName: string): void {
  const added = Object.keys(after.configuration).find(
    (key) => key.startsWith("delta.constraints.") && before.configuration[key] !== after.configuration[key],
  );
  if (added === undefined) return;
  throw new SluiceError("table.unsupported", `Cannot set ${added} of table ${tableName} as a property`, {
    advice: "Add the constraint by `addConstraint`, which looks at the rows that are there.",
  });
}

/** Of a column that is in no file yet. */
export function newPhysicalName(world: World): string {
  return `col-${world.uuid()}`;
}

function created(table: Pick<OpenTable, "name">, options: WriteOptions, world: World): TableMetadata {
  const { create } = options;
  if (create === undefined) {
    throw new SluiceError("table.missing", `Cannot write to table ${table.name}: there is none`);
  }
  const schema = options.schema === undefined ? create.schema : addColumns(create.schema, options.schema, table.name);
  const ids = assignFieldIds(schema);
  const description = options.describe?.description ?? create.description;
  return withSchema(
    {
      id: world.uuid(),
      ...nameOf(create),
      ...(description === undefined ? {} : { description }),
      schemaString: "",
      schema,
      partitionColumns: create.partitionColumns ?? [],
      createdTime: world.nowMs(),
      configuration: { ...create.properties, ...options.describe?.properties },
    },
    ids,
  );
}

function nameOf(create: TableCreation): { name?: string } {
  return create.name === undefined ? {} : { name: create.name };
}

/** The snapshot's own metadata object when nothing changes. */
function changed(table: Pick<OpenTable, "name">, snapshot: Snapshot, options: TargetOptions): TableMetadata {
  let metadata = described(snapshot.metadata, options.describe);
  const wanted =
    options.replaceSchema ??
    (options.schema === undefined ? undefined : addColumns(metadata.schema, options.schema, table.name));
  if (wanted === undefined || wanted === metadata.schema) return metadata;
  const hasOwnIds = metadata.configuration[LAST_FIELD_ID_PROPERTY] !== undefined;
  if (!hasOwnIds && mappingModeOf(metadata.configuration) !== "none") {
    // Another engine's table, whose ids are those of its column mapping alone.
    return { ...metadata, schema: wanted, schemaString: serializeSchema(wanted) };
  }
  const last = Math.max(
    Number(metadata.configuration[LAST_FIELD_ID_PROPERTY] ?? 0),
    Number(metadata.configuration[MAPPING_MAX_ID_PROPERTY] ?? 0),
  );
  const ids = assignFieldIds(wanted, metadata.schema, last);
  if (serializeSchema(ids.schema) !== serializeSchema(metadata.schema)) metadata = withSchema(metadata, ids);
  return metadata;
}

function described(metadata: TableMetadata, describe: WriteOptions["describe"]): TableMetadata {
  if (describe === undefined) return metadata;
  const description = describe.description ?? metadata.description;
  const changes = Object.entries(describe.properties ?? {}).filter(
    ([name, value]) => metadata.configuration[name] !== value,
  );
  if (description === metadata.description && changes.length === 0) return metadata;
  return {
    ...metadata,
    ...(description === undefined ? {} : { description }),
    configuration: { ...metadata.configuration, ...Object.fromEntries(changes) },
  };
}

function withSchema(metadata: TableMetadata, ids: { schema: StructType; lastFieldId: number }): TableMetadata {
  return {
    ...metadata,
    schema: ids.schema,
    schemaString: serializeSchema(ids.schema),
    configuration: { ...metadata.configuration, [LAST_FIELD_ID_PROPERTY]: String(ids.lastFieldId) },
  };
}

function actionOf({ schema: _schema, ...metadata }: TableMetadata): MetadataAction {
  return metadata;
}
