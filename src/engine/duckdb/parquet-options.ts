/**
 * Row groups by rows and by bytes in memory: DuckDB reads a row group's columns in steps of 2048 rows, so that with 400 KB
 * items an unbounded one would need gigabytes.
 */
const ROW_GROUP_ROWS = 122_880;
const ROW_GROUP_BYTES = 32 * 2 ** 20;

export const ROW_GROUP_OPTIONS = `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES}`;
