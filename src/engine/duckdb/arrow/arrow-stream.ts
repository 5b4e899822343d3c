import type { StructType } from "../../../contract/index.ts";
import { arrowField } from "../../arrow/arrow-field.ts";
import { batchMessage, endOfStream, schemaMessage } from "../../arrow/write-messages.ts";
import type { Relation } from "../../engine.ts";
import { quoteIdentifier, sqlTypeOf } from "../../sql-text.ts";
import { deltaSchema } from "../delta-type.ts";
import type { DuckDBDataChunk } from "../duckdb-api.ts";
import type { EngineParts } from "../engine-parts.ts";
import { arrowColumn, type ArrowColumn, type BatchSink } from "./arrow-columns.ts";
import { columnVector } from "../raw-vector.ts";

/** A record batch has so many rows, or fewer where they are large. */
const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 * 2 ** 20;
/** Rows that are taken before it is known how large they are. */
const FIRST_ROWS = 64;
const CHUNK_ROWS = 2_048;

/**
 * The rows of a relation as an Arrow IPC stream: its schema, record batches, its end, each in bytes of its own. Columns go from the engine's
 * vectors into the batches' buffers, never through rows.
 */
export async function* arrowStream(
  parts: EngineParts,
  relation: Relation,
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array> {
  await using session = await parts.database.session(signal);
  const { sql, linesBefore } = await parts.source(session, relation);
  const doing = { what: "read as Arrow", userSql: true, linesBefore };
  const schema = deltaSchema(await parts.columns(session, relation, doing.what));
  // The types of tables: a sum of whole numbers would be of 128 bits.
  const columns = schema.fields.map(
    ({ name, type }) => `CAST(${quoteIdentifier(name)} AS ${sqlTypeOf(type)}) AS ${quoteIdentifier(name)}`,
  );
  const { chunks } = await session.stream(`SELECT ${columns.join(", ")} FROM (${sql})`, doing);
  yield schemaMessage(schema.fields.map(({ name, type }) => arrowField(name, type)));
  const batch = new RecordBatch(schema);
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.rowCount;) {
      start += batch.append(chunk, start);
      if (batch.isFull) yield batch.finish();
    }
  }
  if (batch.rows > 0) yield batch.finish();
  yield endOfStream();
}

class RecordBatch {
  rows = 0;
  readonly #columns: readonly ArrowColumn[];
  /** Rows to take at once, so that a chunk of large ones becomes several batches. */
  #stride = FIRST_ROWS;
  #bytes = 0;

  constructor(schema: StructType) {
    this.#columns = schema.fields.map(({ type }) => arrowColumn(type));
  }

  /** Takes some of a chunk's rows, and returns how many. */
  append(chunk: DuckDBDataChunk, start: number): number {
    const count = Math.min(this.#stride, chunk.rowCount - start, BATCH_ROWS - this.rows);
    this.#columns.forEach((column, index) => column.append(columnVector(chunk, index), { start, count }));
    this.rows += count;
    const before = this.#bytes;
    this.#bytes = this.#columns.reduce((sum, column) => sum + column.bytes, 0);
    const bytesOfRow = Math.max(1, (this.#bytes - before) / count);
    this.#stride = Math.max(1, Math.min(CHUNK_ROWS, Math.floor(BATCH_BYTES / bytesOfRow)));
    return count;
  }

  get isFull(): boolean {
    return this.rows >= BATCH_ROWS || this.#bytes >= BATCH_BYTES;
  }

  finish(): Uint8Array {
    const sink: BatchSink = { nodes: [], buffers: [] };
    for (const column of this.#columns) column.tell(sink);
    const message = batchMessage({ rows: this.rows, ...sink });
    for (const column of this.#columns) column.clear();
    this.rows = 0;
    this.#bytes = 0;
    return message;
  }
}
