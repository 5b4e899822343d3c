import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, must } from "../../base/index.ts";
import type { StructType } from "../../contract/index.ts";
import type { Scratch } from "../engine.ts";
import type { Database } from "./database.ts";
import { deltaSchema, type EngineColumn } from "./delta-type.ts";
import type { Doing } from "./engine-failure.ts";
import type { Session } from "./session.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../sql-text.ts";
import { SCRATCH_FILE_OPTIONS } from "./parquet-options.ts";
import { explicitRead, named, storedName } from "./explicit-schema.ts";

/** Rows kept in Parquet files of the spill folder: memory stays free and they can be read as often as one likes. */
export class ScratchFiles {
  readonly #database: Database;
  readonly #files = new Map<string, string>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** `columns`: those of the SQL. */
  async create(
    session: Session,
    { sql, columns }: { sql: string; columns: readonly EngineColumn[] },
    doing: Doing,
  ): Promise<Scratch> {
    const id = this.#database.world.uuid();
    const folder = join(this.#database.folder, "scratch");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, `${id}.parquet`);
    const schema = deltaSchema(columns);
    const selected = schema.fields.map(
      ({ name, type }) => `CAST(${quoteIdentifier(name)} AS ${sqlTypeOf(type)}) AS ${quoteIdentifier(name)}`,
    );
    const options = `${SCRATCH_FILE_OPTIONS}, ${this.#database.rowGroups}`;
    try {
      const [counted] = await session.rows(
        `COPY (SELECT ${selected.join(", ")} FROM (${sql})) TO ${quoteLiteral(file)} (${options})`,
        doing,
      );
      this.#files.set(id, file);
      return this.#scratch(id, schema, Number(must(counted, "COPY counts its rows")[0]));
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }

  /** SQL for the rows, on request with their numbers. A scratch that is disposed, or of another engine, is a mistake of the caller. */
  sql(scratch: Scratch, rowNumberColumn?: string): string {
    const file = this.#files.get(scratch.id);
    if (file === undefined)
      throw new SluiceError("internal.bug", "Cannot read scratch rows: they are disposed already");
    const columns = scratch.schema.fields.map((field, index) => named(storedName(index), field.name));
    if (rowNumberColumn !== undefined) columns.push(named("file_row_number", rowNumberColumn));
    const { schema, rows } = scratch;
    const source = explicitRead({ paths: [file], fields: schema.fields, rows, padding: this.#database.padding });
    return `SELECT ${columns.join(", ")} FROM ${source}`;
  }

  #scratch(id: string, schema: StructType, rows: number): Scratch {
    return {
      id,
      schema,
      rows,
      [Symbol.asyncDispose]: async () => {
        const file = this.#files.get(id);
        this.#files.delete(id);
        if (file !== undefined) await rm(file, { force: true });
      },
    };
  }
}
