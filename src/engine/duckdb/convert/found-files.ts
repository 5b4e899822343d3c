import { SluiceError } from "../../../base/index.ts";
import type { PartitionValues } from "../../../delta/index.ts";
import type { ObjectInfo } from "../../../storage/index.ts";

/** What Hive calls the partition of NULL. */
const NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__";
const LOG_FOLDER = "_delta_log/";

export interface FoundFile {
  readonly info: ObjectInfo;
  readonly partitionValues: PartitionValues;
}

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  /** In the order of the folders. */
  readonly partitionColumns: readonly string[];
}

/**
 * The Parquet files of a folder, and the partitions that folders called `column=value` make of them. Names that begin with `_` or `.`
 * are left out, as everybody does. Anything else that is no Parquet file, or lies otherwise than the first file, is refused by name.
 */
export function findFiles(listed: readonly ObjectInfo[], table: string): FoundFiles {
  const files: FoundFile[] = [];
  let partitionColumns: readonly string[] | undefined;
  for (const info of listed) {
    if (info.path.startsWith(LOG_FOLDER))
      throw refused(table, "it is a Delta table already", info.path, "table.exists");
    const folders = info.path.split("/").slice(0, -1);
    const name = info.path.slice(info.path.lastIndexOf("/") + 1);
    if (isHidden(name) || folders.some((folder) => isHidden(folder) && !folder.includes("="))) continue;
    if (!name.endsWith(".parquet")) throw refused(table, "a file in it is no Parquet file", info.path);
    const values = folders.map((folder) => partitionOf(folder, { table, path: info.path }));
    const columns = values.map(([column]) => column);
    partitionColumns ??= columns;
    if (columns.join("\0") !== partitionColumns.join("\0")) {
      throw refused(table, `a file does not lie below folders of ${shown(partitionColumns)}, as others do`, info.path);
    }
    files.push({ info, partitionValues: Object.fromEntries(values) });
  }
  if (files.length === 0) throw refused(table, "there is no Parquet file in it", "");
  return { files, partitionColumns: partitionColumns ?? [] };
}

/** Why a folder cannot become a table. */
export function refused(
  table: string,
  why: string,
  file: string,
  code: "table.unsupported" | "table.exists" = "table.unsupported",
): SluiceError {
  return new SluiceError(code, `Cannot convert ${table}: ${why}`, {
    facts: file === "" ? { table } : { table, file },
    ...(code === "table.exists" ? {} : { advice: ADVICE }),
  });
}

const ADVICE =
  "Nothing was changed. A folder is converted that holds Parquet files alone, all below folders `column=value` of the same columns " +
  "or none; move the others away, or write the rows into a new table.";

function isHidden(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".");
}

function partitionOf(
  folder: string,
  { table, path }: { readonly table: string; readonly path: string },
): readonly [column: string, value: string | null] {
  const at = folder.indexOf("=");
  if (at < 1) throw refused(table, `the folder ${JSON.stringify(folder)} is not called column=value`, path);
  const value = unescaped(folder.slice(at + 1));
  return [unescaped(folder.slice(0, at)), value === NULL_PARTITION || value === "" ? null : value];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shown(columns: readonly string[]): string {
  return columns.length === 0 ? "no partition" : columns.map((column) => `${column}=…`).join("/");
}
