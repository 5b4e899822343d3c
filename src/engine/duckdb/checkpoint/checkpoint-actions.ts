import { messageOf } from "../../../base/index.ts";
import type { ActionColumns, TextColumn } from "../../../delta/index.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-text.ts";
import {
  BOOLEAN,
  DOUBLE,
  DuckDBTableFunction,
  VARCHAR,
  rawVectors,
  type DuckDBConnection,
  type DuckDBDataChunk,
} from "../duckdb-api.ts";
import { columnVector, type RawVector } from "../raw-vector.ts";

const FUNCTION = "sluice_checkpoint_actions";
/** The columns of the function: as they are in memory, so that what is JSON there becomes values in SQL. */
const COLUMNS = {
  isAdd: BOOLEAN,
  path: VARCHAR,
  partitionValues: VARCHAR,
  size: DOUBLE,
  time: DOUBLE,
  stats: VARCHAR,
  more: VARCHAR,
} as const;
const CHUNK_ROWS = 2_048;

/** Adds and removes in columns on their way into a checkpoint: the engine asks for them while it writes, and none becomes an object. */
export class CheckpointActions {
  readonly #sources = new Map<string, Source>();

  /** Makes the function known to all connections of the database. Queries of users may not name it. */
  register(connection: DuckDBConnection): void {
    connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: FUNCTION,
        parameterTypes: [VARCHAR],
        bindFunction: (bind) => {
          for (const [name, type] of Object.entries(COLUMNS)) bind.addResultColumn(name, type);
          bind.setBindData({ id: String(bind.getParameter(0)) });
        },
        initFunction: (init) => init.setMaxThreads(1),
        mainFunction: (call, output) => {
          try {
            const bound = call.bindData;
            const id = bound !== undefined && "id" in bound ? String(bound.id) : "";
            this.#fill(this.#sources.get(id), output);
          } catch (error) {
            call.setError(messageOf(error));
          }
        },
      }),
    );
  }

  /** Under an id that nobody else has; the batches are asked for once. */
  open(id: string, batches: Iterator<ActionColumns>): Disposable & { readonly rows: number } {
    const source: Source = { batches, batch: undefined, at: 0, rows: 0 };
    this.#sources.set(id, source);
    return {
      get rows() {
        return source.rows;
      },
      [Symbol.dispose]: () => void this.#sources.delete(id),
    };
  }

  #fill(source: Source | undefined, output: DuckDBDataChunk): void {
    if (source !== undefined && (source.batch === undefined || source.at >= source.batch.rows)) {
      const next = source.batches.next();
      source.batch = next.done === true ? undefined : next.value;
      source.at = 0;
    }
    if (source?.batch === undefined) {
      output.rowCount = 0;
      return;
    }
    const rows = { start: source.at, count: Math.min(CHUNK_ROWS, source.batch.rows - source.at) };
    output.rowCount = rows.count;
    fillChunk(output, source.batch, rows);
    source.at += rows.count;
    source.rows += rows.count;
  }
}

interface Source {
  readonly batches: Iterator<ActionColumns>;
  /** The one that is being read, and how many of its rows are. */
  batch: ActionColumns | undefined;
  at: number;
  /** Handed over so far. */
  rows: number;
}

/** SQL for them, in columns `add` and `remove` of the types, of which each row has one. */
export function actionsSql(id: string, types: { readonly add: string; readonly remove: string }): string {
  const common = `'path': path, 'partitionValues': "partitionValues", 'size': ${wholeNumber("size")}, 'dataChange': false`;
  const add = `{${common}, 'modificationTime': ${wholeNumber("time")}, 'stats': stats, ${membersSql(MORE)}}`;
  const isExtended = `"partitionValues" IS NOT NULL AND NOT isnan("size")`;
  const remove =
    `{${common}, 'deletionTimestamp': ${wholeNumber("time")}, 'extendedFileMetadata': ${isExtended}, ` +
    `${membersSql(MORE_OF_REMOVES)}}`;
  return (
    `SELECT CASE WHEN "isAdd" THEN CAST(${add} AS ${types.add}) END AS "add", ` +
    `CASE WHEN NOT "isAdd" THEN CAST(${remove} AS ${types.remove}) END AS "remove" ` +
    `FROM (SELECT * REPLACE (from_json("more", '${MORE_TYPES}') AS "more", ` +
    `"partitionValues"::JSON::MAP(VARCHAR, VARCHAR) AS "partitionValues") FROM ${FUNCTION}(${quoteLiteral(id)}))`
  );
}

function wholeNumber(name: string): string {
  return `nullif(${quoteIdentifier(name)}, 'nan'::DOUBLE)::BIGINT`;
}

function membersSql(names: readonly string[]): string {
  return names.map((name) => `'${name}': more.${quoteIdentifier(name)}`).join(", ");
}

const MORE_OF_REMOVES = ["deletionVector", "baseRowId", "defaultRowCommitVersion"];
const MORE = [...MORE_OF_REMOVES, "tags", "clusteringProvider"];
const MORE_TYPES = JSON.stringify({
  tags: "MAP(VARCHAR, VARCHAR)",
  deletionVector: {
    storageType: "VARCHAR",
    pathOrInlineDv: "VARCHAR",
    offset: "INTEGER",
    sizeInBytes: "INTEGER",
    cardinality: "BIGINT",
  },
  baseRowId: "BIGINT",
  defaultRowCommitVersion: "BIGINT",
  clusteringProvider: "VARCHAR",
});

interface Rows {
  readonly start: number;
  readonly count: number;
}

function fillChunk(chunk: DuckDBDataChunk, actions: ActionColumns, rows: Rows): void {
  const isAdd = new Uint8Array(rows.count).fill(actions.kind === "adds" ? 1 : 0);
  rawVectors.copy_data_to_vector(columnVector(chunk, 0), 0, isAdd.buffer, 0, isAdd.byteLength);
  fillTexts(columnVector(chunk, 1), actions.uris, rows);
  fillTexts(columnVector(chunk, 2), actions.partitionValues, rows);
  fillNumbers(columnVector(chunk, 3), actions.sizes, rows);
  fillNumbers(columnVector(chunk, 4), actions.times, rows);
  fillTexts(columnVector(chunk, 5), actions.stats, rows);
  fillTexts(columnVector(chunk, 6), actions.more, rows);
}

function fillTexts(vector: RawVector, { bytes, starts, lengths }: TextColumn, { start, count }: Rows): void {
  const validity = new Uint8Array(Math.ceil(count / 64) * 8);
  let texts = 0;
  for (let index = 0; index < count; index += 1) {
    const length = lengths[start + index] ?? -1;
    if (length < 0) continue;
    const at = starts[start + index] ?? 0;
    rawVectors.vector_assign_string_element_len(vector, index, bytes.subarray(at, at + length));
    validity[index >> 3] = (validity[index >> 3] ?? 0) | (1 << (index & 7));
    texts += 1;
  }
  if (texts === count) return;
  rawVectors.vector_ensure_validity_writable(vector);
  rawVectors.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, validity.length);
}

function fillNumbers(vector: RawVector, numbers: Float64Array, { start, count }: Rows): void {
  const values = numbers.slice(start, start + count);
  rawVectors.copy_data_to_vector(vector, 0, values.buffer, values.byteOffset, values.byteLength);
}
