import { field, struct } from "../../../contract/index.ts";
import { deltaTypeOf } from "../../arrow/arrow-field.ts";
import { ArrowReader, type ArrowBatch } from "../../arrow/read-stream.ts";
import type { ArrowBytes } from "../../arrow/stream-bytes.ts";
import { DuckDBDataChunk, type DuckDBType } from "../duckdb-api.ts";
import { engineType } from "../engine-values.ts";
import type { StagedPiece, StagedPieces } from "../stage-rows.ts";
import { arrowValues } from "./arrow-values.ts";
import { fillVector } from "./fill-vector.ts";
import { columnVector } from "../raw-vector.ts";

const CHUNK_ROWS = 2_048;

/** The rows of an Arrow IPC stream, in the Delta types that hold them. */
export async function stagedArrow(stream: ArrowBytes): Promise<StagedPieces> {
  const reader = await ArrowReader.open(stream);
  try {
    const schema = struct(reader.fields.map((one) => field(one.name, deltaTypeOf(one))));
    const types = schema.fields.map(({ type }) => engineType(type));
    const end = async (): Promise<void> => await reader[Symbol.asyncDispose]();
    return { schema, pieces: piecesOf(reader, types), [Symbol.asyncDispose]: end };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

async function* piecesOf(reader: ArrowReader, types: readonly DuckDBType[]): AsyncGenerator<StagedPiece> {
  for await (const batch of reader.batches()) {
    if (batch.rows === 0) continue;
    const bytes = batch.columns.reduce((sum, { values }) => sum + values.length, 0);
    yield { chunks: chunksOf(batch, types), rows: batch.rows, bytes };
  }
}

function* chunksOf({ rows, columns }: ArrowBatch, types: readonly DuckDBType[]): Generator<DuckDBDataChunk> {
  const readers = columns.map(arrowValues);
  for (let start = 0; start < rows; start += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - start);
    const chunk = DuckDBDataChunk.create([...types], count);
    columns.forEach((column, index) => {
      if (fillVector(columnVector(chunk, index), column, { start, count })) return;
      const read = readers[index] ?? (() => null);
      chunk.setColumnValues(
        index,
        Array.from({ length: count }, (_, row) => read(start + row)),
      );
    });
    yield chunk;
  }
}
