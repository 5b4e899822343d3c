import { isFailure } from "../base/index.ts";
import {
  FEATURES,
  type AddFile,
  type DeltaLog,
  type Feature,
  type ProtocolAction,
  type Snapshot,
  type TableHead,
  type TableMetadata,
} from "../delta/index.ts";
import { tableSize, type TableSize } from "./table-size.ts";

/** Everything that the log says about one version of a table. */
export interface TableInspection {
  readonly version: number;
  readonly timestampMs: number | undefined;
  readonly protocol: ProtocolAction;
  readonly metadata: TableMetadata;
  readonly features: readonly InspectedFeature[];
  readonly txns: readonly { readonly appId: string; readonly version: number }[];
  readonly size: TableSize | undefined;
  /** Undefined when the table uses a feature that keeps us from reading it; `unreadable` names it. */
  readonly files: readonly AddFile[] | undefined;
  readonly unreadable: string | undefined;
}

/** A feature that the protocol lists or implies, or that the metadata makes use of. */
export interface InspectedFeature {
  readonly name: string;
  readonly kind: Feature["kind"] | "unknown";
  /** Whether the table makes use of it; undefined where the metadata alone does not tell. */
  readonly isActive: boolean | undefined;
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

/** Inspects the newest version, or `version`. A table that we cannot read is described as far as its commits tell. */
export async function inspectTable(log: DeltaLog, version?: number): Promise<TableInspection | undefined> {
  try {
    const snapshot = version === undefined ? await log.latest() : await log.at(version);
    return snapshot === undefined ? undefined : describeSnapshot(snapshot);
  } catch (error) {
    if (!isFailure(error, "table.unsupported")) throw error;
    const head = await headFromCommits(log, version).catch(() => {
      throw error; // a schema that we cannot even parse: the first refusal names the feature
    });
    if (head === undefined) throw error;
    return {
      ...describeHead(head),
      timestampMs: undefined,
      size: undefined,
      files: undefined,
      unreadable: error.message,
    };
  }
}

function describeSnapshot(snapshot: Snapshot): TableInspection {
  return {
    ...describeHead(snapshot),
    timestampMs: snapshot.timestampMs,
    size: tableSize(snapshot),
    files: [...snapshot.files.values()],
    unreadable: undefined,
  };
}

function describeHead(
  head: TableHead,
): Pick<TableInspection, "version" | "protocol" | "metadata" | "features" | "txns"> {
  return {
    version: head.version,
    protocol: head.protocol,
    metadata: head.metadata,
    features: featuresOf(head.protocol, head.metadata),
    txns: [...head.txns.values()].map(({ appId, version }) => ({ appId, version })),
  };
}

/** The newest protocol and metadata of the commits that are there; undefined when they were cleaned up. */
async function headFromCommits(log: DeltaLog, version: number | undefined): Promise<TableHead | undefined> {
  let newest: number | undefined = version;
  let oldest = 0;
  for await (const entry of log.history()) {
    newest ??= entry.version;
    oldest = entry.version;
  }
  if (newest === undefined) return undefined;
  let protocol: ProtocolAction | undefined;
  let metadata: TableMetadata | undefined;
  for await (const commit of log.changes(oldest, newest)) {
    protocol = commit.protocol ?? protocol;
    metadata = commit.metadata ?? metadata;
  }
  return protocol === undefined || metadata === undefined
    ? undefined
    : { version: newest, protocol, metadata, txns: new Map() };
}

function featuresOf(protocol: ProtocolAction, metadata: TableMetadata): InspectedFeature[] {
  const listed = new Set([...(protocol.readerFeatures ?? []), ...(protocol.writerFeatures ?? [])]);
  const found: InspectedFeature[] = [];
  for (const feature of FEATURES.values()) {
    const isActive = feature.activeIn?.(metadata);
    if (listed.has(feature.name) || isImplied(feature, protocol) || isActive === true) {
      found.push(inspectedFeature(feature, isActive));
    }
  }
  for (const name of listed) {
    if (FEATURES.has(name)) continue;
    const isReader = protocol.readerFeatures?.includes(name) === true;
    found.push({ name, kind: "unknown", isActive: undefined, canRead: !isReader, canWrite: false });
  }
  return found.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function isImplied(feature: Feature, protocol: ProtocolAction): boolean {
  const { legacyReader, legacyWriter } = feature;
  const byReader =
    protocol.minReaderVersion < 3 && legacyReader !== undefined && protocol.minReaderVersion >= legacyReader;
  const byWriter =
    protocol.minWriterVersion < 7 && legacyWriter !== undefined && protocol.minWriterVersion >= legacyWriter;
  return byReader || byWriter;
}

function inspectedFeature(feature: Feature, isActive: boolean | undefined): InspectedFeature {
  const works = (support: Feature["read"]): boolean =>
    support === "yes" || (support === "unless-active" && isActive !== true);
  const canRead = works(feature.read);
  return { name: feature.name, kind: feature.kind, isActive, canRead, canWrite: canRead && works(feature.write) };
}
