import { parseStats, type AddFile, type Snapshot } from "../delta/index.ts";

/** What a version holds, from the log alone. */
export interface TableSize {
  readonly files: number;
  readonly sizeBytes: number;
  /** Live rows; undefined when a file does not say how many it has. */
  readonly rows: number | undefined;
  readonly deletedRows: number;
}

export function tableSize(snapshot: Snapshot): TableSize {
  let rows: number | undefined = 0;
  let sizeBytes = 0;
  let deletedRows = 0;
  for (const file of snapshot.files.values()) {
    const inFile = liveRows(file);
    rows = rows === undefined || inFile === undefined ? undefined : rows + inFile;
    sizeBytes += file.sizeBytes;
    deletedRows += file.deletionVector?.cardinality ?? 0;
  }
  return { files: snapshot.files.size, sizeBytes, rows, deletedRows };
}

/** Rows of a file that its deletion vector leaves. */
export function liveRows(file: AddFile): number | undefined {
  const physical = parseStats(file.stats)?.numRecords;
  return physical === undefined ? undefined : physical - (file.deletionVector?.cardinality ?? 0);
}

/** The newest moment in a timestamp column (ms since the epoch), by the files' statistics; undefined where they do not tell. */
export function newestMoment(snapshot: Snapshot, column: string): number | undefined {
  let newest: number | undefined;
  for (const file of snapshot.files.values()) {
    const text = parseStats(file.stats)?.maxValues[column];
    const ms = typeof text === "string" ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(ms) && ms > (newest ?? Number.NEGATIVE_INFINITY)) newest = ms;
  }
  return newest;
}
