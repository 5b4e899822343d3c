import { link, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, isFailure, messageOf } from "../../base/index.ts";
import { objectAt, type ObjectStore } from "../../storage/index.ts";
import type { Database } from "./database.ts";

/** An immutable object that a query reads. */
export interface RemoteFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A file and the store that it lies in: the table's own, or one beyond it. */
interface PlacedFile extends RemoteFile {
  readonly store: ObjectStore;
}

/** Copies of other stores' files that are kept beyond the query that fetched them. */
const CACHE_BYTES_MAX = 4 * 2 ** 30;
/** One read of a remote object, so that a large file is never whole in memory. */
const PIECE_BYTES = 16 * 2 ** 20;
const FETCHES_AT_ONCE = 4;
/** Names that DuckDB takes as they are; any other could be a pattern. */
const PLAIN_PATH = /^[\w\-./=%+,@ ]+$/;

/**
 * Makes objects readable for DuckDB: in place where they lie in a folder within its reach, or are large and lie in S3 within its
 * reach; else through copies in the spill folder. Copies in use are never removed, the others go least recently used first.
 */
export class FileCache {
  readonly #database: Database;
  readonly #bytesMax: number;
  readonly #folder: string;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #ready: Promise<unknown> | undefined;

  constructor(database: Database, bytesMax = CACHE_BYTES_MAX) {
    this.#database = database;
    this.#bytesMax = bytesMax;
    this.#folder = join(database.folder, "files");
  }

  /** Paths for DuckDB, in the order of the files, valid until `release`. */
  async use(
    store: ObjectStore,
    files: readonly RemoteFile[],
  ): Promise<{ paths: readonly string[]; release: () => void }> {
    const used: Entry[] = [];
    const there: string[] = [];
    const release = (): void => {
      for (const url of there.splice(0)) this.#database.remote?.letGo(url);
      for (const entry of used.splice(0)) entry.users -= 1;
      void this.#evict();
    };
    try {
      const objects = files.map(({ path, sizeBytes }): PlacedFile => ({ ...objectAt(store, path), sizeBytes }));
      const roots = await this.#remoteRoots(objects);
      const paths = await mapLimited(objects, async (file) => {
        const inPlace = this.#inPlace(file.store, file.path);
        if (inPlace !== undefined) return inPlace;
        const root = roots.get(file.store);
        if (root !== undefined && this.#isBetterThere(file.store, file)) {
          const url = `${root}${file.path}`;
          this.#database.remote?.hold(url, file.store, file.path);
          there.push(url);
          return url;
        }
        const entry = this.#entry(file.store, file);
        used.push(entry);
        await entry.fetched;
        return entry.file;
      });
      return { paths, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #inPlace(store: ObjectStore, path: string): string | undefined {
    const { localFolder } = store;
    if (localFolder === undefined || !this.#database.reaches(localFolder)) return undefined;
    const file = `${localFolder}/${path}`;
    return PLAIN_PATH.test(file) ? file : undefined;
  }

  /** Of each store that has some of the files, where the engine finds them by itself. */
  async #remoteRoots(files: readonly PlacedFile[]): Promise<ReadonlyMap<ObjectStore, string | undefined>> {
    const roots = new Map<ObjectStore, string | undefined>();
    for (const store of new Set(files.map((file) => file.store))) {
      const inStore = files.filter((file) => file.store === store);
      roots.set(store, await this.#remoteRoot(store, inStore));
    }
    return roots;
  }

  async #remoteRoot(store: ObjectStore, files: readonly RemoteFile[]): Promise<string | undefined> {
    const { remote } = this.#database;
    if (remote === undefined || store.s3 === undefined) return undefined;
    const sample = files.find((file) => this.#isBetterThere(store, file));
    return sample === undefined ? undefined : await remote.reach(store, sample.path);
  }

  #isBetterThere(store: ObjectStore, file: RemoteFile): boolean {
    const isLarge = file.sizeBytes >= this.#database.remoteBytesMin;
    return isLarge && PLAIN_PATH.test(`${store.s3?.prefix}/${file.path}`) && !this.#entries.has(keyOf(store, file));
  }

  #entry(store: ObjectStore, file: RemoteFile): Entry {
    const key = keyOf(store, file);
    const present = this.#entries.get(key);
    if (present !== undefined) {
      this.#entries.delete(key); // to the end: most recently used
      this.#entries.set(key, present);
      present.users += 1;
      return present;
    }
    const local = join(this.#folder, `${this.#database.world.uuid()}.parquet`);
    const entry: Entry = { file: local, sizeBytes: file.sizeBytes, users: 1, fetched: this.#fetch(store, file, local) };
    this.#entries.set(key, entry);
    this.#bytes += file.sizeBytes;
    entry.fetched.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      this.#bytes -= file.sizeBytes;
    });
    return entry;
  }

  async #fetch(store: ObjectStore, file: RemoteFile, local: string): Promise<void> {
    this.#ready ??= mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#ready;
    if (store.localFolder !== undefined && (await linked(`${store.localFolder}/${file.path}`, local))) return;
    try {
      await download(store, file, local);
    } catch (error) {
      await rm(local, { force: true });
      throw error;
    }
  }

  async #evict(): Promise<void> {
    const removed: string[] = [];
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      if (entry.users > 0) continue;
      this.#entries.delete(key);
      this.#bytes -= entry.sizeBytes;
      removed.push(entry.file);
    }
    await Promise.all(removed.map(async (file) => await rm(file, { force: true })));
  }
}

function keyOf(store: ObjectStore, { path }: RemoteFile): string {
  return `${store.identity}\n${path}`;
}

interface Entry {
  readonly file: string;
  readonly sizeBytes: number;
  readonly fetched: Promise<void>;
  users: number;
}

/** A second name for a file of the same file system costs nothing. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch {
    return false; // another file system or a missing file: the download says what is wrong
  }
}

async function download(store: ObjectStore, file: RemoteFile, local: string): Promise<void> {
  const handle = await open(local, "wx", 0o600);
  try {
    for (let at = 0; at < file.sizeBytes; at += PIECE_BYTES) {
      const end = Math.min(at + PIECE_BYTES, file.sizeBytes);
      const whole = at === 0 && end === file.sizeBytes;
      await handle.writeFile(await (whole ? store.read(file.path) : store.read(file.path, { start: at, end })));
    }
  } catch (error) {
    throw isFailure(error) ? error : writeFailure(error);
  } finally {
    await handle.close();
  }
}

function writeFailure(error: unknown): SluiceError {
  const message = messageOf(error);
  const code = /ENOSPC|EDQUOT/.test(message) ? "storage.full" : "engine.failed";
  return new SluiceError(code, `Cannot keep a copy of a file in the spill folder: ${message}`, { cause: error });
}

async function mapLimited<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as In);
  };
  await Promise.all(Array.from({ length: Math.min(FETCHES_AT_ONCE, items.length) }, worker));
  return results;
}
