import { parseStats, type AddFile, type FileStats } from "../../delta/index.ts";

/** Statistics are read on every scan and merge of a table, and the objects of its files stay the same from version to version. */
const parsed = new WeakMap<AddFile, { readonly stats: FileStats | undefined }>();

/** A file's statistics; undefined when it has none that can be read. */
export function statisticsOf(file: AddFile): FileStats | undefined {
  const known = parsed.get(file);
  if (known !== undefined) return known.stats;
  const stats = parseStats(file.stats);
  parsed.set(file, { stats });
  return stats;
}
