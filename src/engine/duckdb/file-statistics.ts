import {
  filesMatching,
  parseStats,
  physicalPath,
  type AddFile,
  type ColumnRange,
  type FileStats,
  type Snapshot,
  type TableMetadata,
} from "../../delta/index.ts";

/** Statistics are read on every scan and merge of a table, and the objects of its files stay the same from version to version. */
const parsed = new WeakMap<AddFile, { readonly stats: FileStats | undefined }>();

/** Every writer that we know begins with it: then the rest need not be parsed. */
const RECORDS_FIRST = /^\{"numRecords":(\d{1,15})[,}]/;

/** How many rows a file has, deleted ones included; undefined when its statistics do not say. */
export function recordsOf(file: AddFile): number | undefined {
  const records = RECORDS_FIRST.exec(file.stats ?? "")?.[1];
  return records === undefined ? statisticsOf(file)?.numRecords : Number(records);
}

/** A file's statistics; undefined when it has none that can be read. */
function statisticsOf(file: AddFile): FileStats | undefined {
  const known = parsed.get(file);
  if (known !== undefined) return known.stats;
  const stats = parseStats(file.stats);
  parsed.set(file, { stats });
  return stats;
}

/** A version's files that may hold a row in all the ranges; a range is of a column of the table, by the name that the table gives it. */
export function filesWithin(
  snapshot: Pick<Snapshot, "files"> | undefined,
  metadata: TableMetadata,
  ranges: readonly ColumnRange[],
): readonly AddFile[] {
  if (snapshot === undefined) return [];
  // Statistics are kept under the names that files have.
  const stored = ranges.map((range) => ({ ...range, path: physicalPath(metadata, range.path) ?? range.path }));
  return filesMatching(snapshot.files, { ranges: stored, statsOf: statisticsOf });
}
