/**
 * Row groups by rows and by bytes in memory: DuckDB reads a row group's columns in steps of 2048 rows, so that with 400 KB
 * items an unbounded one would need gigabytes.
 */
const ROW_GROUP_ROWS = 122_880;
const ROW_GROUP_BYTES_MAX = 32 * 2 ** 20;
const ROW_GROUP_BYTES_MIN = 2 * 2 ** 20;
/** While a thread copies rows it holds a row group some ten times over: read, decoded, gathered, encoded, compressed. */
const COPIES_HELD = 16;

/** COPY's options for row groups that suit an engine of this size. */
export function rowGroupOptions({ memoryBytes, threads }: { memoryBytes: number; threads: number }): string {
  const bearable = memoryBytes / threads / COPIES_HELD;
  const bytes = Math.floor(Math.min(ROW_GROUP_BYTES_MAX, Math.max(ROW_GROUP_BYTES_MIN, bearable)));
  return `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, ROW_GROUP_SIZE_BYTES ${bytes}`;
}
