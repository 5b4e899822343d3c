/**
 * Row groups by rows and by bytes in memory: DuckDB reads a row group's columns in steps of 2048 rows, so that with 400 KB
 * items an unbounded one would need gigabytes.
 */
const ROW_GROUP_ROWS = 122_880;
const ROW_GROUP_BYTES_MAX = 32 * 2 ** 20;
const ROW_GROUP_BYTES_MIN = 2 * 2 ** 20;
/** While a thread copies rows it holds a row group some ten times over: read, decoded, gathered, encoded, compressed. */
const COPIES_HELD = 16;

/**
 * COPY's options for data files. Level 1 of zstd takes a fifth less time than DuckDB's level 3, for files of the same size; and
 * DuckDB writes Bloom filters only for columns with a dictionary, which says as much itself.
 */
export const DATA_FILE_OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, WRITE_BLOOM_FILTER false";

/** For files that live for minutes: fast to write and to read. */
export const SCRATCH_FILE_OPTIONS = "FORMAT parquet, COMPRESSION lz4_raw, WRITE_BLOOM_FILTER false";

/** COPY's options for row groups that suit an engine of this size. */
export function rowGroupOptions({ memoryBytes, threads }: { memoryBytes: number; threads: number }): string {
  const bearable = memoryBytes / threads / COPIES_HELD;
  const bytes = Math.floor(Math.min(ROW_GROUP_BYTES_MAX, Math.max(ROW_GROUP_BYTES_MIN, bearable)));
  return `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, ROW_GROUP_SIZE_BYTES ${bytes}`;
}
