import { mkdir, realpath, rm } from "node:fs/promises";
import { basename, dirname, join, parse, resolve } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "./duckdb-api.ts";
import { Slots, SluiceError, debugLine, type World } from "../../base/index.ts";
import { pathFailure, processFolderPrefix, sweepProcessFolders } from "../../storage/index.ts";
import { interrupted } from "./engine-failure.ts";
import { loadHttpfs } from "./httpfs.ts";
import { lineLimit } from "./json-lines.ts";
import { rowGroupOptions } from "./parquet-options.ts";
import { RemoteFiles } from "./remote-files.ts";
import { Session } from "./session.ts";
import { quoteLiteral } from "../sql-text.ts";
import { literalList } from "./literal-list.ts";
import { CheckpointActions } from "./checkpoint/checkpoint-actions.ts";
import { registerVariantJson } from "./variant/variant-function.ts";

export interface DatabaseOptions {
  readonly memoryBytes: number;
  readonly threads: number;
  /** Temporary files go into a private folder below it, which is gone after `close`. */
  readonly spillFolder: string;
  /**
   * Everything that the engine may touch on this machine besides its spill folder: the tables' roots and the folders of
   * staged files. With it the engine cannot open any other file, whatever a query says. Without it that wall is missing.
   */
  readonly folders?: readonly string[];
  /** `s3://bucket/prefix/`, literally: roots that the engine may read by itself, where it can. Nothing else of the network is in its reach. */
  readonly s3Roots?: readonly string[];
  /**
   * Where DuckDB's httpfs extension comes from, which reads those: `auto` (the default) takes an installed one, `install` lets DuckDB
   * fetch it over the network, `off` does without, any other text is its file. Without it they are read through copies.
   */
  readonly httpfs?: string;
  /** A file in S3 that is smaller is read through a copy, by one request instead of three. Default: 1 MiB. */
  readonly remoteBytesMin?: number;
  /** Told how something is done that shows in nothing but its cost. */
  readonly onDebug?: (line: string) => void;
  readonly world: World;
}

const SPILL_ADVICE =
  "Let this user write to the folder and free space on its device, or name another one (`engine.spill` in the configuration).";

/** More queries at once would starve the file reads of this process: a lease would expire (they share four threads). */
const CALLS_MAX = 2;

const IDLE_MAX = 4;

const REMOTE_BYTES_MIN = 2 ** 20;

/** One DuckDB in memory, its settings locked, and its private spill folder. */
export class Database {
  readonly world: World;
  readonly folder: string;
  /** How long a line of JSON may be. */
  readonly lineBytes: number;
  /** COPY's options for the row groups of Parquet files. */
  readonly rowGroups: string;
  /** A Parquet file without rows. */
  readonly padding: string;
  /** Whether a file of this machine can be read where it is. */
  readonly reaches: (folder: string) => boolean;
  /** What is read in S3 without a copy; undefined where nothing is. */
  readonly remote: RemoteFiles | undefined;
  /** Of what size a file has to be at least to be read so. */
  readonly remoteBytesMin: number;
  /** Files of a table on their way into its next checkpoint. */
  readonly checkpointActions: CheckpointActions;
  readonly #instance: DuckDBInstance;
  readonly #slots = new Slots(CALLS_MAX);
  readonly #open = new Set<Session>();
  /** Connections on which nothing is left of the sessions before: a small run has some thirty of them. */
  readonly #idle: DuckDBConnection[] = [];
  #closed = false;

  private constructor(
    instance: DuckDBInstance,
    folder: string,
    options: DatabaseOptions & {
      readonly remoteRoots: readonly string[];
      readonly checkpointActions: CheckpointActions;
    },
  ) {
    this.#instance = instance;
    this.checkpointActions = options.checkpointActions;
    this.folder = folder;
    this.padding = paddingIn(folder);
    this.world = options.world;
    this.lineBytes = lineLimit(options.memoryBytes);
    this.rowGroups = rowGroupOptions(options);
    const { folders, remoteRoots, world, onDebug = debugLine, remoteBytesMin = REMOTE_BYTES_MIN } = options;
    this.remoteBytesMin = remoteBytesMin;
    const run = async (sql: string): Promise<void> => await this.#runAlone(sql);
    this.remote = remoteRoots.length === 0 ? undefined : new RemoteFiles({ roots: remoteRoots, run, world, onDebug });
    this.reaches = (path) => folders === undefined || folders.some((root) => isInside(path, root));
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    await sweepProcessFolders(options.spillFolder);
    const folders = options.folders === undefined ? undefined : await Promise.all(options.folders.map(realFolder));
    const folder = join(
      await realFolder(options.spillFolder),
      `${processFolderPrefix("engine")}${options.world.uuid()}`,
    );
    try {
      await mkdir(join(folder, "temporary"), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw pathFailure(error, "make a folder for spilled data", options.spillFolder, SPILL_ADVICE);
    }
    const instance = await DuckDBInstance.create(":memory:", {
      threads: String(options.threads),
      memory_limit: `${options.memoryBytes}B`,
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
    });
    const checkpointActions = new CheckpointActions();
    const remoteRoots = await lockDown(instance, folder, { ...options, folders, checkpointActions });
    const found = folders === undefined ? {} : { folders };
    return new Database(instance, folder, { ...options, ...found, remoteRoots, checkpointActions });
  }

  /** A connection with temporary tables of its own. */
  async session(signal?: AbortSignal): Promise<Session> {
    if (this.#closed) throw new SluiceError("internal.bug", "Cannot use the engine: it is closed");
    if (signal?.aborted === true) throw interrupted({ what: "begin" });
    const session = new Session(this.#idle.pop() ?? (await this.#connect()), this.#slots, {
      signal,
      remote: this.remote,
      ended: (connection, isClean) => {
        this.#open.delete(session);
        if (isClean && !this.#closed && this.#idle.length < IDLE_MAX) this.#idle.push(connection);
        else connection.closeSync();
      },
    });
    this.#open.add(session);
    return session;
  }

  async #runAlone(sql: string): Promise<void> {
    await this.#slots.run(async () => {
      const connection = await this.#connect();
      try {
        await connection.run(sql);
      } finally {
        connection.closeSync();
      }
    });
  }

  async #connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    await connection.run(`SET ${GATHERING} = false`);
    return connection;
  }

  /** A new file or folder name below the spill folder. */
  newPath(kind: string): string {
    return join(this.folder, `${kind}-${this.world.uuid()}`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#open].map(async (session) => await session[Symbol.asyncDispose]()));
    for (const connection of this.#idle) connection.closeSync();
    this.#instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * DuckDB gathers what filters and joins leave over into batches of 2048 rows again. With items of 400 KB that is most of a
 * gigabyte, and without it nothing is slower. Only a session can turn it off.
 */
const GATHERING = "enable_caching_operators";

/** The folder behind symbolic links, which DuckDB follows before it judges; it need not exist yet. */
async function realFolder(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : join(await realFolder(parent), basename(whole));
  }
}

/** Gives the roots in S3 that are in reach. */
async function lockDown(
  instance: DuckDBInstance,
  folder: string,
  options: Pick<DatabaseOptions, "s3Roots" | "httpfs" | "onDebug"> & {
    folders: readonly string[] | undefined;
    checkpointActions: CheckpointActions;
  },
): Promise<readonly string[]> {
  const connection = await instance.connect();
  try {
    const remoteRoots = await loadFor(connection, options);
    for (const setting of settingsOf(folder, { ...options, remoteRoots })) await connection.run(setting);
    await connection.run(
      `COPY (SELECT NULL::BOOLEAN AS "__none" WHERE false) TO ${quoteLiteral(paddingIn(folder))} (FORMAT parquet)`,
    );
    registerVariantJson(connection);
    options.checkpointActions.register(connection);
    return remoteRoots;
  } finally {
    connection.closeSync();
  }
}

/** Loads what reads the roots in S3; those that cannot be read by it are left out. */
async function loadFor(
  connection: DuckDBConnection,
  { s3Roots = [], httpfs = "auto", onDebug = debugLine }: Pick<DatabaseOptions, "s3Roots" | "httpfs" | "onDebug">,
): Promise<readonly string[]> {
  if (s3Roots.length === 0) return [];
  const outcome = await loadHttpfs(connection, httpfs);
  if (outcome.loaded) return s3Roots;
  onDebug(`What lies in S3 is read through copies, httpfs is not loaded: ${outcome.why}`);
  return [];
}

function settingsOf(
  folder: string,
  { folders, remoteRoots }: { folders: readonly string[] | undefined; remoteRoots: readonly string[] },
): readonly string[] {
  const isWalled = folders !== undefined || remoteRoots.length > 0;
  // Without folders of its own every file of this machine is in reach, and of the network the roots alone.
  const local = folders === undefined ? [parse(folder).root] : [folder, ...folders].map((path) => `${path}/`);
  const wall = isWalled
    ? [
        `SET GLOBAL allowed_directories = ${literalList([...local, ...remoteRoots])}`,
        "SET GLOBAL enable_external_access = false",
      ]
    : [];
  return [
    "SET GLOBAL TimeZone = 'UTC'",
    `SET GLOBAL temp_directory = ${quoteLiteral(join(folder, "temporary"))}`,
    // Row groups bounded by bytes need it; a query's ORDER BY is kept all the same.
    "SET GLOBAL preserve_insertion_order = false",
    "SET GLOBAL allow_persistent_secrets = false",
    ...wall,
    `SET GLOBAL allowed_configs = ['${GATHERING}']`,
    "SET GLOBAL lock_configuration = true",
  ];
}

function paddingIn(folder: string): string {
  return join(folder, "padding.parquet");
}

function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}
