import { constants, type Stats } from "node:fs";
import { lstat, open, rename, rm, unlink, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { SluiceError, realWorld, type World } from "../../base/index.ts";
import { resolveRange } from "../byte-range.ts";
import { checkPath, checkPrefix, folderOfPrefix, invalidPath } from "../object-path.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../object-store.ts";
import { storeBelow } from "../store-below.ts";
import { fileFailure, isMissing } from "./file-failure.ts";
import { isRealFolder, realRoot } from "./folders.ts";
import { publishNew, publishOver } from "./publish.ts";
import { adoptTemporary, discard, isTemporaryName, writeTemporary } from "./temporary-file.ts";
import { walkFiles } from "./walk.ts";

export interface LocalStore extends ObjectStore {
  readonly localFolder: string;
  /**
   * Removes our own unfinished files that have not changed for so long: what processes that died left behind. The age
   * must be beyond any write still under way. Returns how many there were.
   */
  sweepTemporary(olderThanMs: number): Promise<number>;
}

/**
 * Objects as files of a folder, which need not exist yet. The folder itself may be a symbolic link (it is resolved once,
 * here); below it none is followed, and a path that leads through one is refused with `storage.invalid-path`.
 * Needs a file system with hard links. Names of the form `.sluice-<uuid>.tmp` are the store's own.
 */
export function localStore(folder: string, options: { world?: World } = {}): LocalStore {
  return new FolderStore(realRoot(folder), options.world ?? realWorld());
}

/** Stat calls of a listing under way at once, and removals: enough to keep the thread pool busy. */
const AT_ONCE = 32;
/** One read call: far below what a call can return (2 GiB), so that a short answer is the exception. */
const READ_BYTES_MAX = 256 * 2 ** 20;

class FolderStore implements LocalStore {
  readonly url: string;
  readonly localFolder: string;
  readonly #world: World;

  constructor(root: string, world: World) {
    this.url = pathToFileURL(root).href;
    this.localFolder = root;
    this.#world = world;
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array> {
    const file = this.#locate(path);
    return await this.#attempt("read", path, async () => {
      if (!isRealFolder(dirname(file))) throw missing(path, this.url);
      let handle: FileHandle;
      try {
        // Not blocking: opening a named pipe would wait for a writer and hold a thread of the pool for ever.
        handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      } catch (error) {
        throw isMissing(error) ? missing(path, this.url, error) : error;
      }
      try {
        const found = await handle.stat();
        if (!found.isFile()) throw missing(path, this.url);
        return await readPart(handle, resolveRange(range, found.size));
      } finally {
        await handle.close();
      }
    });
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    const file = this.#locate(path);
    return await this.#attempt("look at", path, async () => {
      return isRealFolder(dirname(file)) ? await this.#look(path) : undefined;
    });
  }

  async create(path: string, body: Uint8Array): Promise<"created" | "exists"> {
    const file = this.#locate(path);
    return await this.#attempt("create", path, async () => {
      const temporary = await writeTemporary(this.#world, dirname(file), body);
      return await publishNew(temporary, file, {
        where: { path, store: this.url },
        undo: () => discard(temporary),
      });
    });
  }

  async createFromFile(path: string, file: string): Promise<"created" | "exists"> {
    const final = this.#locate(path);
    return await this.#attempt("create", path, async () => {
      const { temporary, isCopy } = await adoptTemporary(this.#world, dirname(final), file);
      const outcome = await publishNew(temporary, final, {
        where: { path, store: this.url },
        // The caller keeps its file where nothing was created.
        undo: () => (isCopy ? discard(temporary) : rename(temporary, file)),
      });
      if (isCopy) await rm(file, { force: true });
      return outcome;
    });
  }

  async replace(path: string, body: Uint8Array): Promise<void> {
    const file = this.#locate(path);
    await this.#attempt("replace", path, async () => {
      const temporary = await writeTemporary(this.#world, dirname(file), body);
      await publishOver(temporary, file, { path, store: this.url });
    });
  }

  async *list(prefix: string, after?: string): AsyncGenerator<ObjectInfo> {
    let batch: string[] = [];
    for await (const path of this.#walk(prefix, after)) {
      if (isTemporaryName(basename(path))) continue;
      batch.push(path);
      if (batch.length < AT_ONCE) continue;
      yield* await this.#lookAtAll(batch);
      batch = [];
    }
    yield* await this.#lookAtAll(batch);
  }

  async remove(paths: readonly string[]): Promise<void> {
    const files = paths.map((path) => ({ path, file: this.#locate(path) }));
    for (let start = 0; start < files.length; start += AT_ONCE) {
      await Promise.all(files.slice(start, start + AT_ONCE).map(({ path, file }) => this.#removeOne(path, file)));
    }
  }

  below(prefix: string): ObjectStore {
    return storeBelow(this, prefix, (folder) => {
      const localFolder = join(this.localFolder, folder);
      return { url: pathToFileURL(localFolder).href, localFolder };
    });
  }

  async sweepTemporary(olderThanMs: number): Promise<number> {
    let swept = 0;
    for await (const path of this.#walk("", undefined)) {
      if (!isTemporaryName(basename(path))) continue;
      const file = join(this.localFolder, path);
      await this.#attempt("sweep", path, async () => {
        // The change time: an adopted file keeps the modification time it was written at.
        const changedMs = (await lstatIfThere(file))?.ctimeMs;
        if (changedMs === undefined || this.#world.nowMs() - changedMs < olderThanMs) return;
        await rm(file, { force: true });
        swept += 1;
      });
    }
    return swept;
  }

  async *#walk(prefix: string, after: string | undefined): AsyncGenerator<string> {
    checkPrefix(prefix);
    const folder = folderOfPrefix(prefix);
    const locate = (head: string): string => join(this.localFolder, head);
    try {
      if (!isRealFolder(join(this.localFolder, folder))) return;
      yield* walkFiles(folder === "" ? "" : `${folder}/`, { prefix, after, locate });
    } catch (error) {
      throw fileFailure(error, "list", { path: prefix, store: this.url });
    }
  }

  async #removeOne(path: string, file: string): Promise<void> {
    await this.#attempt("remove", path, async () => {
      if (!isRealFolder(dirname(file))) return;
      try {
        await unlink(file);
      } catch (error) {
        // A folder is no object, so the object is missing; what `unlink` says of a folder depends on the system.
        if (!isMissing(error) && (await lstatIfThere(file))?.isDirectory() !== true) throw error;
      }
    });
  }

  async #lookAtAll(paths: readonly string[]): Promise<ObjectInfo[]> {
    const found = await Promise.all(paths.map((path) => this.#attempt("look at", path, () => this.#look(path))));
    return found.filter((one) => one !== undefined);
  }

  async #look(path: string): Promise<ObjectInfo | undefined> {
    const found = await lstatIfThere(join(this.localFolder, path));
    if (found?.isSymbolicLink() === true) throw invalidPath(path, "it is a symbolic link");
    if (found?.isFile() !== true) return undefined;
    return { path, sizeBytes: found.size, modifiedMs: Math.floor(found.mtimeMs) };
  }

  #locate(path: string): string {
    checkPath(path);
    if (isTemporaryName(basename(path))) throw invalidPath(path, "such names belong to unfinished files");
    return join(this.localFolder, path);
  }

  async #attempt<T>(verb: string, path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw fileFailure(error, verb, { path, store: this.url });
    }
  }
}

async function readPart(handle: FileHandle, part: { start: number; end: number }): Promise<Uint8Array> {
  const bytes = new Uint8Array(part.end - part.start);
  for (let filled = 0; filled < bytes.length;) {
    const length = Math.min(READ_BYTES_MAX, bytes.length - filled);
    const { bytesRead } = await handle.read(bytes, filled, length, part.start + filled);
    if (bytesRead === 0) throw new RangeError("the file became shorter while it was read");
    filled += bytesRead;
  }
  return bytes;
}

async function lstatIfThere(file: string): Promise<Stats | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function missing(path: string, store: string, cause?: unknown): SluiceError {
  return new SluiceError("storage.missing", "Cannot read an object: it is not there", {
    facts: { path, store },
    cause,
  });
}
