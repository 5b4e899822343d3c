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
import { noRows } from "./table-scan.ts";

/** Rows kept in Parquet files of the spill folder: memory stays free and they can be read as often as one likes. */
export class ScratchFiles {
  readonly #database: Database;
  readonly #files = new Map<string, readonly string[]>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** `columns`: those of the SQL. */
  async create(
    session: Session,
    { sql, columns }: { sql: string; columns: readonly EngineColumn[] },
    doing: Doing,
  ): Promise<Scratch> {
    const file = await this.#newFile();
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
      return this.#keep([file], schema, Number(must(counted, "COPY counts its rows")[0]));
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }

  /** A scratch whose rows come one table after the other. */
  draft(schema: StructType): ScratchDraft {
    const files: string[] = [];
    let rows = 0;
    return {
      take: async (session, staged) => {
        const file = await this.#newFile();
        files.push(file);
        const options = `${SCRATCH_FILE_OPTIONS}, ${this.#database.rowGroups}`;
        const doing = { what: "keep rows in the spill folder" };
        await session.run(`COPY ${staged.table} TO ${quoteLiteral(file)} (${options})`, doing);
        await session.run(`DROP TABLE ${staged.table}`, doing);
        rows += staged.rows;
      },
      finish: () => this.#keep(files, schema, rows),
      discard: async () => await removeAll(files),
    };
  }

  /**
   * SQL for the rows, on request with their numbers (of a scratch in one file). A scratch that is disposed, or of another engine, is a
   * mistake of the caller.
   */
  sql(scratch: Scratch, rowNumberColumn?: string): string {
    const paths = this.#files.get(scratch.id);
    if (paths === undefined)
      throw new SluiceError("internal.bug", "Cannot read scratch rows: they are disposed already");
    const { schema, rows } = scratch;
    if (paths.length === 0) return noRows(schema.fields);
    const columns = schema.fields.map((field, index) => named(storedName(index), field.name));
    if (rowNumberColumn !== undefined) columns.push(named("file_row_number", rowNumberColumn));
    const source = explicitRead({ paths, fields: schema.fields, rows, padding: this.#database.padding });
    return `SELECT ${columns.join(", ")} FROM ${source}`;
  }

  async #newFile(): Promise<string> {
    const folder = join(this.#database.folder, "scratch");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return join(folder, `${this.#database.world.uuid()}.parquet`);
  }

  #keep(files: readonly string[], schema: StructType, rows: number): Scratch {
    const id = this.#database.world.uuid();
    this.#files.set(id, files);
    return {
      id,
      schema,
      rows,
      [Symbol.asyncDispose]: async () => {
        this.#files.delete(id);
        await removeAll(files);
      },
    };
  }
}

/** A scratch that is being filled. */
export interface ScratchDraft {
  /** Writes a temporary table to a file, and drops it. */
  take(session: Session, staged: { readonly table: string; readonly rows: number }): Promise<void>;
  finish(): Scratch;
  discard(): Promise<void>;
}

async function removeAll(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}
