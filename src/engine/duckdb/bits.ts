import { DuckDBBitValue } from "./duckdb-api.ts";
import type { RowSet } from "../../delta/index.ts";

/** A byte's bits the other way round. */
const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) reversed |= 0x80 >> bit;
  return reversed;
});

/**
 * A bit string over a file's rows, and up to seven more that are off, with those of the set on. Laid out as DuckDB does: a byte with
 * the number of padding bits, here none, then row 0 in the highest bit. undefined when the set holds a row that the file has not.
 */
export function bitsOf(set: RowSet, rows: number): DuckDBBitValue | undefined {
  const words = set.toWords(rows);
  if (words === undefined) return undefined;
  const bytes = new Uint8Array(1 + Math.ceil(rows / 8));
  // Byte by byte, whatever the machine's byte order: an index past the end is ignored.
  for (let at = 0, target = 1; target < bytes.length; at += 1, target += 4) {
    const word = words[at] ?? 0;
    if (word === 0) continue;
    bytes[target] = REVERSED[word & 0xff] ?? 0;
    bytes[target + 1] = REVERSED[(word >>> 8) & 0xff] ?? 0;
    bytes[target + 2] = REVERSED[(word >>> 16) & 0xff] ?? 0;
    bytes[target + 3] = REVERSED[word >>> 24] ?? 0;
  }
  return new DuckDBBitValue(bytes);
}
