import type { AddFile, DeletionVectorDescriptor, RemoveFile, Snapshot } from "../../../src/delta/index.ts";

/**
 * What the files of a simulated table hold. Files and deletion vectors never change under their name, so that all processes may share
 * this: it stands for the Parquet and the vectors that the log only names. A row is a text that no other row has.
 */
export class TableRows {
  readonly #files = new Map<string, readonly string[]>();
  readonly #vectors = new Map<string, ReadonlySet<number>>();
  #names = 0;

  /** A new file of a partition. */
  addFile(partition: string, rows: readonly string[], dataChange = true): AddFile {
    this.#names += 1;
    const path = `f${this.#names}.parquet`;
    this.#files.set(path, rows);
    return {
      path,
      partitionValues: { part: partition },
      sizeBytes: 100 + rows.length,
      modificationTime: 1,
      dataChange,
      stats: JSON.stringify({ numRecords: rows.length }),
    };
  }

  /** The file without some of its rows besides those deleted already; undefined when none is left. */
  without(file: AddFile, gone: ReadonlySet<string>): AddFile | undefined {
    const rows = this.#rowsIn(file.path);
    const deleted = new Set(this.#deletedIn(file));
    rows.forEach((row, index) => gone.has(row) && deleted.add(index));
    if (deleted.size === rows.length) return undefined;
    this.#names += 1;
    const deletionVector: DeletionVectorDescriptor = {
      storageType: "p",
      pathOrInlineDv: `memory://simulated/v${this.#names}.bin`,
      offset: 1,
      sizeInBytes: 34,
      cardinality: deleted.size,
    };
    this.#vectors.set(deletionVector.pathOrInlineDv, deleted);
    return { ...file, deletionVector, dataChange: true };
  }

  live(file: AddFile): readonly string[] {
    const deleted = this.#deletedIn(file);
    return this.#rowsIn(file.path).filter((_, index) => !deleted.has(index));
  }

  /** All live rows of a version, with their partitions; a row that two files hold stands twice. */
  of(snapshot: Pick<Snapshot, "files">): readonly { readonly row: string; readonly partition: string }[] {
    return [...snapshot.files.values()].flatMap((file) =>
      this.live(file).map((row) => ({ row, partition: file.partitionValues["part"] ?? "" })),
    );
  }

  #rowsIn(path: string): readonly string[] {
    const rows = this.#files.get(path);
    if (rows === undefined) throw new Error(`A version names a file that nobody wrote: ${path}`);
    return rows;
  }

  #deletedIn({ deletionVector }: AddFile): ReadonlySet<number> {
    if (deletionVector === undefined) return new Set();
    const deleted = this.#vectors.get(deletionVector.pathOrInlineDv);
    if (deleted === undefined) throw new Error(`A version names a vector that nobody wrote`);
    return deleted;
  }
}

/** As `removeOf`, kept here so that a simulated writer says itself whether it changes data. */
export function removed(file: AddFile, dataChange = true): RemoveFile {
  const { path, partitionValues, sizeBytes, deletionVector } = file;
  return {
    path,
    deletionTimestamp: 1_767_225_600_000,
    dataChange,
    partitionValues,
    sizeBytes,
    ...(deletionVector === undefined ? {} : { deletionVector }),
  };
}
