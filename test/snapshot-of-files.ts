import { struct } from "../src/contract/index.ts";
import type { AddFile, Snapshot } from "../src/delta/index.ts";

/** A version of a table that has these files, for plans that look at nothing else. */
export function snapshotOf(files: readonly AddFile[], partitionColumns: readonly string[] = []): Snapshot {
  return {
    version: 1,
    timestampMs: 0,
    protocol: { minReaderVersion: 1, minWriterVersion: 2 },
    metadata: { id: "t", schemaString: "", schema: struct([]), partitionColumns, configuration: {} },
    txns: new Map(),
    domains: new Map(),
    tombstones: [],
    files: new Map(files.map((file) => [file.path, file])),
  };
}

export function fileOf(path: string, sizeBytes: number, more: Partial<AddFile> = {}): AddFile {
  return { path, sizeBytes, partitionValues: {}, modificationTime: 0, dataChange: true, ...more };
}

/** A file of a hundred rows. */
export function withDeleted(path: string, sizeBytes: number, deleted: number): AddFile {
  const deletionVector = { storageType: "i", pathOrInlineDv: "x", sizeInBytes: 1, cardinality: deleted } as const;
  return fileOf(path, sizeBytes, { stats: '{"numRecords":100}', deletionVector });
}
