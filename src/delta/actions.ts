import type { JsonObject } from "../base/index.ts";
import type { StructType } from "../contract/index.ts";

/** Actions of the log (Delta PROTOCOL, "Actions"), parsed. Versions and counts are numbers (at most 2^53). */

export interface ProtocolAction {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  /** Present exactly when minReaderVersion is 3 / minWriterVersion is 7. */
  readonly readerFeatures?: readonly string[];
  readonly writerFeatures?: readonly string[];
}

export interface MetadataAction {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly createdTime?: number;
  readonly configuration: Readonly<Record<string, string>>;
}

/** Delta PROTOCOL, "Deletion Vector Descriptor Schema". */
export interface DeletionVectorDescriptor {
  readonly storageType: "u" | "i" | "p";
  readonly pathOrInlineDv: string;
  readonly offset?: number;
  readonly sizeInBytes: number;
  readonly cardinality: number;
}

export type PartitionValues = Readonly<Record<string, string | null>>;

export interface AddFile {
  /** As a path of the table's store: percent-decoded exactly once, relative to the table's root. */
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly sizeBytes: number;
  readonly modificationTime: number;
  readonly dataChange: boolean;
  /** JSON text as in the log; parse with `parseStats`. */
  readonly stats?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly deletionVector?: DeletionVectorDescriptor;
  /** Members that we do not interpret, carried along when the file is re-added. */
  readonly extra?: JsonObject;
}

/** Where a file and what is gone of it lie. */
export interface FilePlace {
  readonly path: string;
  readonly deletionVector?: DeletionVectorDescriptor;
}

/** What is left to know of a removed file. */
export interface Tombstone extends FilePlace {
  readonly deletionTimestamp?: number;
}

export interface RemoveFile extends Tombstone {
  readonly dataChange: boolean;
  readonly partitionValues?: PartitionValues;
  readonly sizeBytes?: number;
  readonly extra?: JsonObject;
}

/** A file of changes (Delta PROTOCOL, "Add CDC File"): rows with what became of them in `_change_type`. */
export interface ChangeFile {
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly sizeBytes: number;
}

export interface TxnAction {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number;
}

export interface DomainMetadataAction {
  readonly domain: string;
  readonly configuration: string;
  readonly removed: boolean;
}

/** Free-form, ours has: timestamp, operation, operationParameters, readVersion, isBlindAppend, operationMetrics, engineInfo, txnId. */
export type CommitInfo = JsonObject;

/** The parsed schema and metadata of a table version. */
export interface TableMetadata extends MetadataAction {
  readonly schema: StructType;
}
