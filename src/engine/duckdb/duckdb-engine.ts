import type { StructType } from "../../contract/index.ts";
import type { CheckpointFiles } from "../../delta/index.ts";
import type {
  ConvertOptions,
  Engine,
  MergeSpec,
  OpenTable,
  OptimizeOptions,
  OptimizeOutcome,
  OverwriteOptions,
  Relation,
  Row,
  Scratch,
  StagedRows,
  TableChange,
  UpdateSpec,
  WriteOptions,
  WriteOutcome,
} from "../engine.ts";
import { alter } from "./alter.ts";
import { append } from "./append.ts";
import { arrowStream } from "./arrow/arrow-stream.ts";
import { checkpointFiles } from "./checkpoint/checkpoint-files.ts";
import { convert } from "./convert/convert.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { deleteRows } from "./delete-rows.ts";
import { deltaSchema } from "./delta-type.ts";
import { EngineParts } from "./engine-parts.ts";
import { exportRows } from "./export-rows.ts";
import { merge } from "./merge/merge.ts";
import { optimize } from "./optimize/optimize.ts";
import { overwrite } from "./overwrite.ts";
import { withRemovedSaid } from "./removed-since.ts";
import { rowsOf } from "./row-values.ts";
import type { Session } from "./session.ts";
import { stageRows } from "./stage-rows.ts";
import { updateRows } from "./update-rows.ts";

export type DuckdbEngineOptions = DatabaseOptions;

/** The engine on an embedded DuckDB: one process, spilling to disk beyond its memory, at most two calls at once. */
export async function duckdbEngine(options: DuckdbEngineOptions): Promise<Engine> {
  return new DuckdbEngine(new EngineParts(await Database.open(options)));
}

class DuckdbEngine implements Engine {
  readonly checkpoints: CheckpointFiles;
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.checkpoints = checkpointFiles(parts);
  }

  async append(table: OpenTable, rows: Relation, options?: WriteOptions): Promise<WriteOutcome> {
    return await append(this.#parts, table, rows, options);
  }

  async overwrite(table: OpenTable, rows: Relation, options?: OverwriteOptions): Promise<WriteOutcome> {
    return await overwrite(this.#parts, table, rows, options);
  }

  async merge(table: OpenTable, spec: MergeSpec, options?: WriteOptions): Promise<WriteOutcome> {
    return await merge(this.#parts, table, spec, options);
  }

  async delete(table: OpenTable, predicate: string, options?: WriteOptions): Promise<WriteOutcome> {
    return await deleteRows(this.#parts, table, predicate, options);
  }

  async update(table: OpenTable, spec: UpdateSpec, options?: WriteOptions): Promise<WriteOutcome> {
    return await updateRows(this.#parts, table, spec, options);
  }

  async optimize(table: OpenTable, options?: OptimizeOptions): Promise<OptimizeOutcome> {
    return await optimize(this.#parts, table, options);
  }

  async convert(table: OpenTable, options?: ConvertOptions): Promise<WriteOutcome> {
    return await convert(this.#parts, table, options);
  }

  async alter(table: OpenTable, change: TableChange, options?: Pick<WriteOptions, "signal">): Promise<WriteOutcome> {
    return await alter(this.#parts, table, change, options);
  }

  async *query(relation: Relation, options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<readonly Row[]> {
    await using session = await this.#parts.database.session(options.signal);
    try {
      const { sql, doing } = await this.#question(session, relation, "run the query");
      const { columns, chunks } = await session.stream(sql, doing);
      for await (const chunk of chunks) yield rowsOf(chunk, columns);
    } catch (error) {
      throw await withRemovedSaid(error, relation);
    }
  }

  async *arrow(relation: Relation, options?: { readonly signal?: AbortSignal }): AsyncGenerator<Uint8Array> {
    try {
      yield* arrowStream(this.#parts, relation, options);
    } catch (error) {
      throw await withRemovedSaid(error, relation);
    }
  }

  async rows(relation: Relation): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for await (const batch of this.query(relation)) for (const row of batch) rows.push(row);
    return rows;
  }

  async schemaOf(relation: Relation): Promise<StructType> {
    await using session = await this.#parts.database.session();
    return deltaSchema(await this.#parts.columns(session, relation, "tell the query's columns"));
  }

  async scratch(relation: Relation): Promise<Scratch> {
    await using session = await this.#parts.database.session();
    const columns = await this.#parts.columns(session, relation, "keep the query's rows");
    const { sql, doing } = await this.#question(session, relation, "keep the query's rows");
    return await this.#parts.scratches.create(session, { sql, columns }, doing);
  }

  async stage(rows: StagedRows, options?: { readonly signal?: AbortSignal | undefined }): Promise<Scratch> {
    return await stageRows(this.#parts, rows, options);
  }

  async export(
    relation: Relation,
    file: string,
    format: "parquet" | "csv" | "ndjson",
  ): Promise<{ readonly rows: number }> {
    try {
      return await exportRows(this.#parts, relation, { file, format });
    } catch (error) {
      throw await withRemovedSaid(error, relation);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.database.close();
  }

  async #question(
    session: Session,
    relation: Relation,
    what: string,
  ): Promise<{ sql: string; doing: { what: string; userSql: true; linesBefore: number } }> {
    const { sql, linesBefore } = await this.#parts.source(session, relation);
    return { sql, doing: { what, userSql: true, linesBefore } };
  }
}
