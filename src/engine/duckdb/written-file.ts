import { DuckDBMapValue, type DuckDBValue } from "./duckdb-api.ts";
import { assert, must } from "../../base/index.ts";

/** One Parquet file that a COPY has written, as its RETURN_STATS tells. */
export interface WrittenFile {
  /** On this machine. */
  readonly file: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly columns: readonly LeafStatistics[];
  /** Values of PARTITION_BY columns, as their directory names have them. */
  readonly partitionKeys: ReadonlyMap<string, string>;
}

/** Statistics of one leaf column, its bounds in DuckDB's own text. */
export interface LeafStatistics {
  readonly path: readonly string[];
  readonly min: string | undefined;
  readonly max: string | undefined;
  readonly nullCount: number | undefined;
  readonly hasNan: boolean;
}

/** Reads a row of COPY … (RETURN_STATS): file, rows, bytes, footer bytes, column statistics, partition keys. */
export function writtenFile(row: readonly DuckDBValue[]): WrittenFile {
  const [file, rows, sizeBytes, , columns, keys] = row;
  assert(typeof file === "string", "COPY names its file");
  return {
    file,
    rows: Number(rows),
    sizeBytes: Number(sizeBytes),
    columns: [...entriesOf(columns)].map(([path, facts]) => leafStatistics(path, facts)),
    partitionKeys: new Map([...entriesOf(keys)].map(([name, value]) => [name, String(value)])),
  };
}

function leafStatistics(path: string, value: DuckDBValue): LeafStatistics {
  const facts = new Map(entriesOf(value));
  const text = (name: string): string | undefined => {
    const fact = facts.get(name);
    return typeof fact === "string" ? fact : undefined;
  };
  const nullCount = text("null_count");
  return {
    path: pathOf(path),
    min: text("min"),
    max: text("max"),
    nullCount: nullCount === undefined ? undefined : Number(nullCount),
    hasNan: text("has_nan") === "true",
  };
}

/** `"a"."b c"."d""e"` → its three names. */
function pathOf(text: string): readonly string[] {
  const names = [...text.matchAll(/"((?:[^"]|"")*)"/g)];
  return names.map((match) => must(match[1], "the pattern has a group").replaceAll('""', '"'));
}

function* entriesOf(value: DuckDBValue | undefined): Generator<readonly [string, DuckDBValue]> {
  if (!(value instanceof DuckDBMapValue)) return;
  for (const entry of value.entries) yield [String(entry.key), entry.value];
}
