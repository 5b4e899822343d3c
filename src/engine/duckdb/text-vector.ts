import type { TextColumn } from "../../delta/index.ts";
import { rawVectors, type DuckDBDataChunk } from "./duckdb-api.ts";

/** Bytes of a `duckdb_string_t`: the length, then the text itself up to 12 bytes, else its first 4 and its address. */
const STRING_BYTES = 16;
const INLINE_MAX = 12;
/** Texts that lie next to each other in memory are copied in one go; in a page of Parquet their lengths stand between them. */
const GAP_MAX = 8;

/** Texts that are copied together: that of the row `row` and those that follow it in memory. */
interface Run {
  readonly row: number;
  /** Where it goes. */
  readonly start: number;
  /** Its address; undefined for a text that the vector itself holds. */
  readonly address: number | undefined;
  bytes: number;
}

/**
 * The texts of a VARCHAR vector as they are in memory, without a call or a JavaScript text for each: there are millions of them in the
 * log of a large table.
 */
export function textVector(chunk: DuckDBDataChunk, column: number): TextColumn {
  const rows = chunk.rowCount;
  const vector = rawVectors.data_chunk_get_vector(chunk.chunk, column);
  const data = rawVectors.vector_get_data(vector, rows * STRING_BYTES);
  const isValid = validityOf(vector, rows);
  const words = new Uint32Array(data.buffer, data.byteOffset, rows * 4);
  const starts = new Uint32Array(rows);
  const lengths = new Int32Array(rows).fill(-1);
  const runs: Run[] = [];
  let total = 0;
  let run: Run | undefined;
  for (let row = 0; row < rows; row += 1) {
    if (!isValid(row)) continue;
    const length = wordAt(words, row * 4);
    lengths[row] = length;
    const isInline = length <= INLINE_MAX;
    const address = isInline ? undefined : wordAt(words, row * 4 + 2) + wordAt(words, row * 4 + 3) * 2 ** 32;
    const gap = gapAfter(run, address);
    if (run === undefined || gap > GAP_MAX) {
      starts[row] = total;
      run = { row, start: total, address, bytes: length };
      runs.push(run);
      total += length;
    } else {
      starts[row] = total + gap;
      run.bytes += gap + length;
      total += gap + length;
    }
  }
  return { bytes: copied(runs, data, total), starts, lengths };
}

/** Bytes between the end of a run and an address; infinite where they have nothing to do with each other. */
function gapAfter(run: Run | undefined, address: number | undefined): number {
  if (address === undefined || run?.address === undefined) return Infinity;
  const gap = address - (run.address + run.bytes);
  return gap < 0 ? Infinity : gap;
}

function wordAt(words: Uint32Array, at: number): number {
  return words[at] ?? 0;
}

function copied(runs: readonly Run[], data: Uint8Array, total: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(total);
  for (const { row, start, address, bytes: length } of runs) {
    const text = data.byteOffset + row * STRING_BYTES;
    bytes.set(
      address === undefined
        ? new Uint8Array(data.buffer, text + 4, length)
        : rawVectors.get_data_from_pointer(data.buffer as ArrayBuffer, text + 8, length),
      start,
    );
  }
  return bytes;
}

/** The values of a DOUBLE vector without nulls. */
export function numberVector(chunk: DuckDBDataChunk, column: number): Float64Array {
  const vector = rawVectors.data_chunk_get_vector(chunk.chunk, column);
  const data = rawVectors.vector_get_data(vector, chunk.rowCount * Float64Array.BYTES_PER_ELEMENT);
  return new Float64Array(data.buffer, data.byteOffset, chunk.rowCount).slice();
}

function validityOf(
  vector: Parameters<typeof rawVectors.vector_get_validity>[0],
  rows: number,
): (row: number) => boolean {
  const bits: Uint8Array | null = rawVectors.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
  return bits === null ? () => true : (row) => ((bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}
