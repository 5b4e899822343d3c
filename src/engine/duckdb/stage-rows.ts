import type { StructType } from "../../contract/index.ts";
import type { Row, Scratch, StagedRows, Value } from "../engine.ts";
import { stagedArrow } from "./arrow/staged-arrow.ts";
import { quoteIdentifier, sqlTypeOf } from "../sql-text.ts";
import type { DuckDBDataChunk } from "./duckdb-api.ts";
import type { EngineParts } from "./engine-parts.ts";
import { chunksOf } from "./engine-values.ts";
import type { Session } from "./session.ts";

/** Rows on their way into the engine, in the columns of a schema; whoever gives them is told when no more are wanted. */
export interface StagedPieces extends AsyncDisposable {
  readonly schema: StructType;
  readonly pieces: AsyncIterable<StagedPiece>;
}

/** Some rows that are in memory already, and about how many bytes they take there. */
export interface StagedPiece {
  readonly chunks: Iterable<DuckDBDataChunk>;
  readonly rows: number;
  readonly bytes: number;
}

/** Rows are kept in memory until they are so many or so large, and written to a file of the spill folder then. */
const FILE_ROWS = 122_880;
const FILE_BYTES = 16 * 2 ** 20;
/** What is gathered before it is handed to the engine. */
const PIECE_ROWS = 2_048;
const PIECE_BYTES = 4 * 2 ** 20;

/**
 * Keeps rows that arrive one after the other, whatever their number, in files of the spill folder. Whoever gives them is asked for more
 * when those before are away. Nothing is left where giving them fails.
 */
export async function stageRows(
  parts: EngineParts,
  rows: StagedRows,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Scratch> {
  await using staged = rows.kind === "arrow" ? await stagedArrow(rows.stream) : stagedValues(rows);
  const { schema, pieces } = staged;
  const draft = parts.scratches.draft(schema);
  try {
    await using session = await parts.database.session(signal);
    const table = new StageTable(session, schema);
    for await (const piece of pieces) {
      await table.fill(piece);
      if (table.rows >= FILE_ROWS || table.bytes >= FILE_BYTES) await draft.take(session, await table.end());
    }
    if (table.rows > 0) await draft.take(session, await table.end());
    return draft.finish();
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

const DOING = { what: "take rows into the engine" };

/** A temporary table for the rows that are not in a file yet. */
class StageTable {
  rows = 0;
  bytes = 0;
  readonly #session: Session;
  readonly #columns: string;
  #name: string | undefined;

  constructor(session: Session, schema: StructType) {
    this.#session = session;
    this.#columns = schema.fields.map(({ name, type }) => `${quoteIdentifier(name)} ${sqlTypeOf(type)}`).join(", ");
  }

  async fill({ chunks, rows, bytes }: StagedPiece): Promise<void> {
    if (this.#name === undefined) {
      this.#name = this.#session.newName("staged");
      await this.#session.run(`CREATE TEMP TABLE ${this.#name} (${this.#columns})`, DOING);
    }
    await this.#session.fill(this.#name, chunks, DOING);
    this.rows += rows;
    this.bytes += bytes;
  }

  /** The table's name, which it is never asked for again. */
  async end(): Promise<{ readonly table: string; readonly rows: number }> {
    const ended = { table: this.#name ?? "", rows: this.rows };
    this.#name = undefined;
    this.rows = 0;
    this.bytes = 0;
    return ended;
  }
}

function stagedValues({ schema, rows }: Extract<StagedRows, { kind: "rows" }>): StagedPieces {
  // Where nobody has asked for a row yet there is nothing to end.
  return { schema, pieces: piecesOf(schema, rows), [Symbol.asyncDispose]: async () => {} };
}

async function* piecesOf(schema: StructType, batches: AsyncIterable<readonly Row[]>): AsyncGenerator<StagedPiece> {
  let rows: Row[] = [];
  let bytes = 0;
  for await (const batch of batches) {
    for (const row of batch) {
      rows.push(row);
      bytes += bytesOf(row);
      if (rows.length < PIECE_ROWS && bytes < PIECE_BYTES) continue;
      yield { chunks: chunksOf(schema, rows), rows: rows.length, bytes };
      rows = [];
      bytes = 0;
    }
  }
  if (rows.length > 0) yield { chunks: chunksOf(schema, rows), rows: rows.length, bytes };
}

/** About: a scalar takes sixteen bytes, a text twice its characters. */
function bytesOf(value: Value | undefined): number {
  if (typeof value === "string") return 16 + 2 * value.length;
  if (value instanceof Uint8Array) return 16 + value.length;
  if (typeof value !== "object" || value === null) return 16;
  let bytes = 16;
  if (Array.isArray(value)) for (const item of value) bytes += bytesOf(item as Value);
  else for (const member of Object.values(value)) bytes += bytesOf(member);
  return bytes;
}
