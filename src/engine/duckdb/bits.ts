import { DuckDBBitValue } from "./duckdb-api.ts";
import type { RowSet } from "../../delta/index.ts";

/**
 * A bit string over a file's rows with those of the set on, laid out as DuckDB does: a byte with the number of padding
 * bits, the padding (all on), then row 0 in the highest bit. undefined when the set holds a row that the file has not.
 */
export function bitsOf(set: RowSet, rows: number): DuckDBBitValue | undefined {
  const padding = (8 - (rows % 8)) % 8;
  const bytes = new Uint8Array(1 + (rows + padding) / 8);
  bytes[0] = padding;
  const bits = bytes.subarray(1);
  turnOn(bits, 0, padding);
  for (const [start, end] of set.ranges()) {
    if (end > rows) return undefined;
    turnOn(bits, start + padding, end + padding);
  }
  return new DuckDBBitValue(bytes);
}

function turnOn(bits: Uint8Array, start: number, end: number): void {
  for (let bit = start; bit < end;) {
    const isWholeByte = bit % 8 === 0 && end - bit >= 8;
    if (isWholeByte) {
      const last = end - (end % 8);
      bits.fill(0xff, bit / 8, last / 8);
      bit = last;
    } else {
      const at = Math.floor(bit / 8);
      bits[at] = (bits[at] ?? 0) | (0x80 >> (bit % 8));
      bit += 1;
    }
  }
}
