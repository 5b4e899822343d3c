import { rawVectors, type DuckDBDataChunk } from "./duckdb-api.ts";

/** A column in the engine's memory, or a child of one; valid as long as its chunk. */
export type RawVector = ReturnType<typeof rawVectors.data_chunk_get_vector>;

export function columnVector(chunk: DuckDBDataChunk, column: number): RawVector {
  return rawVectors.data_chunk_get_vector(chunk.chunk, column);
}

/** One bit a row, set where there is a value; undefined where all rows have one. */
export function validityBits(vector: RawVector, rows: number): Uint8Array | undefined {
  const bits: Uint8Array | null = rawVectors.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
  return bits ?? undefined;
}

export function validityOf(vector: RawVector, rows: number): (row: number) => boolean {
  const bits = validityBits(vector, rows);
  return bits === undefined ? () => true : (row) => ((bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}
