import { mkdir } from "node:fs/promises";
import { SluiceError, realWorld, type World } from "../base/index.ts";
import type { PrimitiveName, StructType } from "../contract/index.ts";
import {
  clone,
  openLog,
  restore,
  vacuum,
  type DeltaLog,
  type HistoryEntry,
  type LogCleanUpOptions,
  type LogCleanUpReport,
  type RestoreOptions,
  type RestoreOutcome,
  type RestoreTable,
  type Snapshot,
  type VacuumOptions,
  type VacuumReport,
} from "../delta/index.ts";
import {
  quoteIdentifier,
  type Engine,
  type Input,
  type MergeSpec,
  type OpenTable,
  type OptimizeOptions,
  type OptimizeOutcome,
  type OverwriteOptions,
  type Relation,
  type Row,
  type TableChange,
  type TableCreation,
  type UpdateSpec,
  type WriteOptions,
  type WriteOutcome,
} from "../engine/index.ts";
import { isS3Url, type ObjectStore } from "../storage/index.ts";
import {
  pathOf,
  type CloneTableOptions,
  type ConvertTableOptions,
  type CreateOptions,
  type OpenOptions,
  type ReadOptions,
  type RowsOf,
  type TypedOpenOptions,
  type VersionWanted,
} from "./delta-table-options.ts";
import { placesOf, storeAt } from "./open-store.ts";
import { rowsToWrite, type RowsToWrite } from "./rows-to-write.ts";
import { tableEngine } from "./table-engine.ts";
import { checkSchema, wholeSchema, type NewRowOf, type RowOf, type TableSchema } from "./typed-rows.ts";

type ColumnOf<S extends TableSchema> = keyof RowOf<S> & string;

/**
 * A Delta table in a folder or in S3. Every write is one commit; `version` follows the newest that this object has seen. With a schema
 * (types by column) rows are typed: `DeltaTable.open(path, { schema: { id: "long" } })` reads rows of `{ id: bigint | null }`.
 */
export class DeltaTable<S extends TableSchema = StructType> implements AsyncDisposable {
  readonly path: string;
  readonly #store: ObjectStore;
  readonly #log: DeltaLog;
  readonly #engine: Engine;
  readonly #world: World;
  readonly #options: OpenOptions;
  #snapshot: Snapshot | undefined;

  private constructor(
    path: string,
    { store, engine, world, options }: { store: ObjectStore; engine: Engine; world: World; options: OpenOptions },
  ) {
    this.path = path;
    this.#options = options;
    this.#store = store;
    this.#log = openLog(store, { world, checkpoints: engine.checkpoints });
    this.#engine = engine;
    this.#world = world;
  }

  /**
   * Opens the newest version. Fails with `table.missing` where there is no table, `table.unsupported` by a feature's name, and
   * `table.schema-mismatch` where it has not the columns of `schema`.
   */
  static async open<const S extends TableSchema>(path: string, options: TypedOpenOptions<S>): Promise<DeltaTable<S>>;
  static async open(path: string, options?: OpenOptions): Promise<DeltaTable>;
  static async open(
    path: string,
    options: OpenOptions & { schema?: TableSchema } = {},
  ): Promise<DeltaTable<TableSchema>> {
    const table = DeltaTable.#at<TableSchema>(path, options);
    try {
      await table.refresh();
      if (table.#snapshot === undefined) {
        throw new SluiceError("table.missing", `Cannot open ${path}: there is no Delta table`, { facts: { path } });
      }
      if (options.schema !== undefined) checkSchema(path, table.schema, options.schema);
      return table;
    } catch (error) {
      await table.close();
      throw error;
    }
  }

  /** Creates an empty table. Fails with `table.exists` where there is one. */
  static async create<const S extends TableSchema>(
    path: string,
    { schema, name, description, partitionColumns, clusterBy, properties, ...options }: CreateOptions<S>,
  ): Promise<DeltaTable<S>> {
    if (!isS3Url(path)) await mkdir(path, { recursive: true });
    const table = DeltaTable.#at<S>(path, options);
    if ((await table.#log.latest()) !== undefined) {
      await table.close();
      throw new SluiceError("table.exists", `Cannot create ${path}: there is a Delta table already`, {
        facts: { path },
      });
    }
    const whole = wholeSchema(schema);
    const create: TableCreation = {
      schema: whole,
      properties: { "delta.enableDeletionVectors": "true", ...properties },
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(partitionColumns === undefined ? {} : { partitionColumns }),
      ...(clusterBy === undefined ? {} : { clusterBy }),
    };
    const nothing: Input = { kind: "rows", schema: whole, rows: [] };
    await table.#follow(
      table.#engine.append(table.#open(), { sql: "SELECT * FROM nothing", inputs: { nothing } }, { create }),
    );
    return table;
  }

  /**
   * Makes a Delta table of a folder of Parquet files, in place, and opens it: no file is touched. Partitions are folders called
   * `column=value`. Fails with `table.exists` where there is a table, and with `table.unsupported` for what cannot be converted.
   */
  static async convert(path: string, { convert = {}, ...options }: ConvertTableOptions = {}): Promise<DeltaTable> {
    const table = DeltaTable.#at<StructType>(path, options);
    try {
      await table.refresh();
      await table.#follow(table.#engine.convert(table.#open(), convert));
      return table;
    } catch (error) {
      await table.close();
      throw error;
    }
  }

  /**
   * Makes a table at `target` of this one's newest version, or of an older one, without copying a row (shallow clone): it names this table's files where
   * they lie, and writes to its own folder alone. Fails with `table.exists` where there is a table.
   *
   * What this table's `vacuum` removes is gone for the clone as well. To open the clone later takes `allowFilesFrom`, with this table's folder.
   */
  async clone(target: string, { version, timestampMs, ...options }: CloneTableOptions = {}): Promise<DeltaTable<S>> {
    const snapshot = await this.#snapshotOf({ version, timestampMs });
    if (!isS3Url(target)) await mkdir(target, { recursive: true });
    const places = { allowFilesFrom: placesOf(this.#store) };
    const table = DeltaTable.#at<S>(target, { ...this.#options, ...options, ...places });
    try {
      const source = { ...this.#place, name: this.path, snapshot };
      table.#snapshot = await clone(source, { ...table.#place, name: table.path });
      return table;
    } catch (error) {
      await table.close();
      throw error;
    }
  }

  static #at<S extends TableSchema>(path: string, options: OpenOptions): DeltaTable<S> {
    const world = options.world ?? realWorld();
    const engine = tableEngine([path, ...(options.allowFilesFrom ?? [])], world, options);
    const store = storeAt(path, world, options);
    return new DeltaTable<S>(store.localFolder ?? store.url, { store, engine, world, options });
  }

  get version(): number {
    return this.snapshot.version;
  }

  get schema(): StructType {
    return this.snapshot.metadata.schema;
  }

  /** Files, protocol, metadata and transactions of the version at hand. */
  get snapshot(): Snapshot {
    if (this.#snapshot === undefined) throw new SluiceError("internal.bug", "An open table has a snapshot");
    return this.#snapshot;
  }

  /** Moves to the newest version. */
  async refresh(): Promise<void> {
    this.#snapshot = await this.#log.latest();
  }

  async append(rows: RowsOf<NewRowOf<S>>, options: WriteOptions = {}): Promise<WriteOutcome> {
    await using given = await this.#rows(rows, options);
    return await this.#follow(this.#engine.append(this.#open(), given.relation, options));
  }

  /** Replaces the rows: all of them, or those of `partitions`. */
  async overwrite(rows: RowsOf<NewRowOf<S>>, options: OverwriteOptions = {}): Promise<WriteOutcome> {
    await using given = await this.#rows(rows, options);
    return await this.#follow(this.#engine.overwrite(this.#open(), given.relation, options));
  }

  /** Updates the rows whose keys are among `rows` and inserts the others; `spec` says otherwise where it should be. */
  async merge(
    rows: RowsOf<NewRowOf<S>>,
    spec: Omit<MergeSpec, "source">,
    options: WriteOptions = {},
  ): Promise<WriteOutcome> {
    await using given = await this.#rows(rows, options);
    return await this.#follow(this.#engine.merge(this.#open(), { ...spec, source: given.relation }, options));
  }

  /** Removes the rows for which the predicate (SQL over the columns) is true. */
  async delete(predicate: string, options: WriteOptions = {}): Promise<WriteOutcome> {
    return await this.#follow(this.#engine.delete(this.#open(), predicate, options));
  }

  /** Gives columns new values (SQL over the columns), in the rows for which `where` is true or in all. */
  async update(spec: UpdateSpec, options: WriteOptions = {}): Promise<WriteOutcome> {
    return await this.#follow(this.#engine.update(this.#open(), spec, options));
  }

  /**
   * Rewrites small files into large ones and folds deletion vectors; the rows stay the same, and so do older versions. With
   * `dryRun` it only says what it would do.
   */
  async optimize(options: OptimizeOptions = {}): Promise<OptimizeOutcome> {
    const outcome = await this.#engine.optimize(this.#open(), options);
    this.#snapshot = outcome.snapshot;
    return outcome;
  }

  /**
   * Calls a column otherwise; rows stay as they are. `column` is a name, or the names from the top down to a struct's member. Needs
   * the property `delta.columnMapping.mode` to be `name`, at creation or by `setProperties`.
   */
  async renameColumn(column: string | readonly string[], to: string): Promise<WriteOutcome> {
    return await this.#alter({ kind: "rename-column", column: pathOf(column), to });
  }

  /** Takes a column away; its values stay in the files and nobody finds them again. Needs column mapping, as `renameColumn` does. */
  async dropColumn(column: string | readonly string[]): Promise<WriteOutcome> {
    return await this.#alter({ kind: "drop-column", column: pathOf(column) });
  }

  /**
   * Demands from now on that an expression in Spark's SQL is true of every row (neither false nor null). Fails where rows of the
   * table break it already, and with `table.unsupported` where it does not mean the same to every engine.
   */
  async addConstraint(name: string, expression: string): Promise<WriteOutcome> {
    return await this.#alter({ kind: "add-constraint", name, expression });
  }

  async dropConstraint(name: string): Promise<WriteOutcome> {
    return await this.#alter({ kind: "drop-constraint", name });
  }

  /** Gives a column a type that holds every value of its present one. Needs the property `delta.enableTypeWidening`. */
  async widenColumn(column: string | readonly string[], type: PrimitiveName): Promise<WriteOutcome> {
    return await this.#alter({ kind: "widen-column", column: pathOf(column), type });
  }

  /**
   * Tells engines by which columns rows are to lie near each other (liquid clustering), and `optimize` by which to put them there; none at
   * all takes that back.
   */
  async clusterBy(columns: readonly (string | readonly string[])[]): Promise<WriteOutcome> {
    return await this.#alter({ kind: "cluster-by", columns: columns.map(pathOf) });
  }

  /** Sets properties of the table; `null` takes one away. */
  async setProperties(properties: Readonly<Record<string, string | null>>): Promise<WriteOutcome> {
    return await this.#alter({ kind: "set-properties", properties });
  }

  /** Gives the table the content and schema of an older `version`, or of a moment, in a new version. No row is copied. */
  async restore(options: RestoreOptions): Promise<RestoreOutcome> {
    const outcome = await restore(this.#place, options);
    this.#snapshot = outcome.snapshot;
    return outcome;
  }

  /**
   * Removes files that left the table, or that no commit names, longer ago than the retention: a week, unless the table says
   * otherwise. Older versions than that cannot be read afterwards.
   */
  async vacuum(options: VacuumOptions = {}): Promise<VacuumReport> {
    return await vacuum(this.#place, options);
  }

  /** Removes versions older than the retention (30 days, unless the table says otherwise) from the log. */
  async cleanLog(options: LogCleanUpOptions = {}): Promise<LogCleanUpReport> {
    return await this.#log.cleanUp(options);
  }

  /** Rows in batches: of the version at hand, of another `version`, or of a moment; some `columns`, those that satisfy `where`. */
  async *read<const Column extends ColumnOf<S> = ColumnOf<S>>(
    options: ReadOptions<Column> = {},
  ): AsyncIterable<readonly Pick<RowOf<S>, Column & keyof RowOf<S>>[]> {
    const batches = this.#engine.query(await this.#selection(options));
    // The table has the columns of S: it was made with them, or looked at when it was opened.
    for await (const batch of batches) yield batch as unknown as readonly Pick<RowOf<S>, Column & keyof RowOf<S>>[];
  }

  /**
   * The rows of `read` as an Arrow IPC stream, in bytes: its schema, record batches, its end. Any Arrow library reads it, and so do files and
   * HTTP clients. Decimals have 128 bits; times are microseconds, of `timestamp` in UTC and of `timestamp_ntz` without a zone.
   */
  async *readArrow(options: ReadOptions<ColumnOf<S>> = {}): AsyncIterable<Uint8Array> {
    yield* this.#engine.arrow(await this.#selection(options));
  }

  /** The rows of `read`, one by one. */
  async *rows<const Column extends ColumnOf<S> = ColumnOf<S>>(
    options: ReadOptions<Column> = {},
  ): AsyncIterable<Pick<RowOf<S>, Column & keyof RowOf<S>>> {
    for await (const batch of this.read(options)) yield* batch;
  }

  /** The rows of `read`, all at once: for as many as fit into memory. */
  async toArray<const Column extends ColumnOf<S> = ColumnOf<S>>(
    options: ReadOptions<Column> = {},
  ): Promise<readonly Pick<RowOf<S>, Column & keyof RowOf<S>>[]> {
    const all: Pick<RowOf<S>, Column & keyof RowOf<S>>[] = [];
    for await (const batch of this.read(options)) all.push(...batch);
    return all;
  }

  /** Rows of a SELECT that names this table `t`. */
  async *query(sql: string): AsyncIterable<readonly Row[]> {
    yield* this.#engine.query({ sql, inputs: { t: { kind: "table", table: this.#open() } } });
  }

  /**
   * What became of rows in the versions `from..to` (the newest by default): the columns, `_change_type` (`insert`, `delete`,
   * `update_preimage`, `update_postimage`), `_commit_version` and `_commit_timestamp`. Updates are told as such where the table has
   * `delta.enableChangeDataFeed`, else as a row that goes and one that comes.
   */
  async *changes(from: number, to = this.version): AsyncIterable<readonly Row[]> {
    yield* this.#engine.query({
      sql: "SELECT * FROM changes",
      inputs: { changes: { kind: "changes", table: this.#open(), from, to } },
    });
  }

  /** Newest first. */
  async *history(limit?: number): AsyncIterable<HistoryEntry> {
    yield* this.#log.history(limit);
  }

  async close(): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #alter(change: TableChange): Promise<WriteOutcome> {
    return await this.#follow(this.#engine.alter(this.#open(), change));
  }

  get #place(): RestoreTable {
    return { name: this.path, store: this.#store, log: this.#log, world: this.#world };
  }

  async #follow(write: Promise<WriteOutcome>): Promise<WriteOutcome> {
    const outcome = await write;
    if (outcome.snapshot !== undefined) this.#snapshot = outcome.snapshot;
    return outcome;
  }

  async #snapshotOf({ version, timestampMs }: VersionWanted): Promise<Snapshot> {
    if (version !== undefined) return await this.#log.at(version);
    return timestampMs === undefined ? this.snapshot : await this.#log.atTime(timestampMs);
  }

  async #selection(options: ReadOptions): Promise<Relation> {
    const columns = options.columns?.map((column) => quoteIdentifier(column)).join(", ") ?? "*";
    const where = options.where === undefined ? "" : ` WHERE ${options.where}`;
    const limit = options.limit === undefined ? "" : ` LIMIT ${Math.trunc(options.limit)}`;
    const table = this.#open(await this.#snapshotOf(options));
    const rows: Input = { kind: "table", table, rowIds: options.rowIds ?? false };
    return { sql: `SELECT ${columns} FROM rows${where}${limit}`, inputs: { rows } };
  }

  #open(snapshot: Snapshot | undefined = this.#snapshot): OpenTable {
    return { name: this.path, store: this.#store, log: this.#log, snapshot };
  }

  async #rows(rows: RowsOf<object>, { signal }: WriteOptions): Promise<RowsToWrite> {
    return await rowsToWrite({ path: this.path, schema: this.schema, engine: this.#engine, signal }, rows);
  }
}
