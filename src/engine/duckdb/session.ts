import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBValue } from "./duckdb-api.ts";
import type { Slots, SluiceError } from "../../base/index.ts";
import { quoteLiteral } from "../sql-text.ts";
import type { EngineColumn } from "./delta-type.ts";
import { damaged, engineFailure, interrupted, isDamageUnplaced, type Doing, type FileNames } from "./engine-failure.ts";
import type { RemoteFiles } from "./remote-files.ts";

/** A result whose rows arrive in chunks; memory stays bounded whatever its size. */
export interface ChunkStream {
  readonly columns: readonly EngineColumn[];
  readonly chunks: AsyncIterable<DuckDBDataChunk>;
}

/**
 * One connection: its temporary tables are seen by nobody else and go with it. Every call takes one of the engine's slots
 * for as long as native code runs, never in between, so that a reader that pauses blocks nobody.
 */
export class Session implements AsyncDisposable {
  readonly #connection: DuckDBConnection;
  readonly #slots: Slots;
  readonly #signal: AbortSignal | undefined;
  readonly #remote: RemoteFiles | undefined;
  readonly #ended: (connection: DuckDBConnection, isClean: boolean) => void;
  readonly #interrupt = (): void => void this.#interruptAll();
  readonly #running = new Set<Promise<unknown>>();
  readonly #deferred: (() => Promise<void> | void)[] = [];
  readonly #fileNames = new Map<string, string>();
  #isClosed = false;
  #names = 0;
  #unread = 0;
  #isInterrupted = false;

  constructor(
    connection: DuckDBConnection,
    slots: Slots,
    life: {
      signal: AbortSignal | undefined;
      remote: RemoteFiles | undefined;
      /** Takes the connection back; clean: nothing of the session is left on it. */
      ended: (connection: DuckDBConnection, isClean: boolean) => void;
    },
  ) {
    this.#connection = connection;
    this.#slots = slots;
    this.#signal = life.signal;
    this.#remote = life.remote;
    this.#ended = life.ended;
    this.#signal?.addEventListener("abort", this.#interrupt);
  }

  /** A name that no other table of this session has. */
  newName(kind: string): string {
    this.#names += 1;
    return `__${kind}_${this.#names}`;
  }

  /** To be done when the session ends: removing files that it wrote, letting go of files that it read. */
  defer(work: () => Promise<void> | void): void {
    this.#deferred.push(work);
  }

  /** From now on failures that have to do with such a file say which table's file it is. */
  nameFiles(names: FileNames): void {
    for (const [path, name] of names) this.#fileNames.set(path, name);
  }

  async run(sql: string, doing: Doing): Promise<void> {
    await this.#native(doing, async () => await this.#connection.run(sql));
  }

  /** All rows of a small result, as DuckDB's values. */
  async rows(sql: string, doing: Doing): Promise<readonly (readonly DuckDBValue[])[]> {
    return await this.#native(doing, async () => {
      const result = await this.#connection.run(sql);
      return await result.getRows();
    });
  }

  /** The columns that a query would give. Where it gives no row, the engine spares itself much of the planning. */
  async columns(sql: string, doing: Doing): Promise<readonly EngineColumn[]> {
    return await this.#native(doing, async () => {
      const prepared = await this.#connection.prepare(`SELECT * FROM (${sql}\n) LIMIT 0`);
      try {
        return Array.from({ length: prepared.columnCount }, (_, index) => ({
          name: prepared.columnName(index),
          type: prepared.columnType(index),
        }));
      } finally {
        prepared.destroySync();
      }
    });
  }

  async stream(sql: string, doing: Doing): Promise<ChunkStream> {
    const result = await this.#native(doing, async () => await this.#connection.stream(sql));
    this.#unread += 1;
    const types = result.columnTypes();
    const columns = result.columnNames().flatMap((name, index) => {
      const type = types[index];
      return type === undefined ? [] : [{ name, type }];
    });
    return { columns, chunks: this.#chunks(result, doing) };
  }

  /** Fills a temporary table that `sql` creates with chunks. */
  async fill(table: string, chunks: Iterable<DuckDBDataChunk>, doing: Doing): Promise<void> {
    await this.#native(doing, async () => {
      const appender = await this.#connection.createAppender(table, "main", "temp");
      try {
        for (const chunk of chunks) appender.appendDataChunk(chunk);
        appender.flushSync();
      } finally {
        appender.closeSync();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signal?.removeEventListener("abort", this.#interrupt);
    // Native code may still use the connection: an early disconnect would crash the process.
    await this.#interruptAll();
    this.#ended(this.#connection, this.#names === 0 && this.#unread === 0 && !this.#isInterrupted);
    for (const work of this.#deferred.toReversed()) await work();
  }

  async *#chunks(result: DuckDBResult, doing: Doing): AsyncGenerator<DuckDBDataChunk> {
    for (;;) {
      const chunk = await this.#native(doing, async () => await result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) {
        this.#unread -= 1;
        return;
      }
      yield chunk;
    }
  }

  /** DuckDB forgets an interruption that comes before it has begun with a query, so it is said until nothing runs. */
  async #interruptAll(): Promise<void> {
    while (this.#running.size > 0) {
      this.#isInterrupted = true;
      this.#connection.interrupt();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Decoding went wrong and DuckDB does not say where: reading file by file finds the one. */
  async #placedDamage(error: unknown, doing: Doing): Promise<SluiceError | undefined> {
    if (!isDamageUnplaced(error, this.#fileNames)) return undefined;
    for (const [path, name] of this.#fileNames) {
      try {
        await this.#connection.run(`SELECT sum(hash(t)) FROM read_parquet(${quoteLiteral(path)}) t`);
      } catch {
        return damaged(name, error, doing);
      }
    }
    return undefined;
  }

  async #native<T>(doing: Doing, call: () => Promise<T>): Promise<T> {
    return await this.#slots.run(async () => {
      if (this.#isClosed || this.#signal?.aborted === true) throw interrupted(doing);
      const work = call();
      this.#running.add(work);
      try {
        return await work;
      } catch (error) {
        throw (
          (await this.#remote?.told(error, doing, this.#fileNames)) ??
          (await this.#placedDamage(error, doing)) ??
          engineFailure(error, doing, this.#fileNames)
        );
      } finally {
        this.#running.delete(work);
      }
    });
  }
}
