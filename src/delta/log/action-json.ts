import type { JsonObject } from "../../base/index.ts";
import type {
  AddFile,
  ChangeFile,
  DeletionVectorDescriptor,
  DomainMetadataAction,
  MetadataAction,
  ProtocolAction,
  RemoveFile,
  TxnAction,
} from "../actions.ts";
import { optional } from "./action-members.ts";
import { encodeFilePath } from "./file-path.ts";

/** Actions in their JSON form (Delta PROTOCOL, "Actions"), without the name around them. `uri`: how the file is named in the log. */
export function addJson(add: AddFile, uri = encodeFilePath(add.path)): JsonObject {
  return {
    path: uri,
    partitionValues: { ...add.partitionValues },
    size: add.sizeBytes,
    modificationTime: Math.floor(add.modificationTime),
    dataChange: add.dataChange,
    ...optional("stats", add.stats),
    ...optional("tags", add.tags === undefined ? undefined : { ...add.tags }),
    ...optional("deletionVector", vectorJson(add.deletionVector)),
    ...add.extra,
  };
}

export function removeJson(remove: RemoveFile, uri = encodeFilePath(remove.path)): JsonObject {
  const isExtended = remove.partitionValues !== undefined && remove.sizeBytes !== undefined;
  return {
    path: uri,
    ...optional("deletionTimestamp", remove.deletionTimestamp),
    dataChange: remove.dataChange,
    extendedFileMetadata: isExtended,
    ...optional("partitionValues", remove.partitionValues === undefined ? undefined : { ...remove.partitionValues }),
    ...optional("size", remove.sizeBytes),
    ...optional("deletionVector", vectorJson(remove.deletionVector)),
    ...remove.extra,
  };
}

export function changeFileJson(file: ChangeFile): JsonObject {
  return {
    path: encodeFilePath(file.path),
    partitionValues: { ...file.partitionValues },
    size: file.sizeBytes,
    dataChange: false,
  };
}

export function protocolJson(protocol: ProtocolAction): JsonObject {
  return {
    minReaderVersion: protocol.minReaderVersion,
    minWriterVersion: protocol.minWriterVersion,
    ...optional("readerFeatures", protocol.readerFeatures === undefined ? undefined : [...protocol.readerFeatures]),
    ...optional("writerFeatures", protocol.writerFeatures === undefined ? undefined : [...protocol.writerFeatures]),
  };
}

export function metadataJson(metadata: MetadataAction): JsonObject {
  return {
    id: metadata.id,
    ...optional("name", metadata.name),
    ...optional("description", metadata.description),
    format: { provider: "parquet", options: {} },
    schemaString: metadata.schemaString,
    partitionColumns: [...metadata.partitionColumns],
    ...optional("createdTime", metadata.createdTime),
    configuration: { ...metadata.configuration },
  };
}

export function txnJson(txn: TxnAction): JsonObject {
  return { appId: txn.appId, version: txn.version, ...optional("lastUpdated", txn.lastUpdated) };
}

export function domainJson(domain: DomainMetadataAction): JsonObject {
  return { domain: domain.domain, configuration: domain.configuration, removed: domain.removed };
}

function vectorJson(vector: DeletionVectorDescriptor | undefined): JsonObject | undefined {
  if (vector === undefined) return undefined;
  return {
    storageType: vector.storageType,
    pathOrInlineDv: vector.pathOrInlineDv,
    ...optional("offset", vector.offset),
    sizeInBytes: vector.sizeInBytes,
    cardinality: vector.cardinality,
  };
}
