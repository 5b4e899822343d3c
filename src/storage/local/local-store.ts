import { constants, fstatSync, lstatSync, renameSync, rmSync, unlinkSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { SluiceError, realWorld, type World } from "../../base/index.ts";
import { resolveRange } from "../byte-range.ts";
import { checkPath, checkPrefix, folderOfPrefix, invalidPath } from "../object-path.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../object-store.ts";
import { storeBelow } from "../store-below.ts";
import { readPart, withDescriptor } from "./descriptor.ts";
import { fileFailure, pathFailure, isMissing, unknownOutcome } from "./file-failure.ts";
import { isRealFolder, realRoot } from "./folders.ts";
import { publishNew, publishOver } from "./publish.ts";
import { adoptTemporary, discard, isTemporaryName, writeTemporary } from "./temporary-file.ts";
import { turns } from "./turns.ts";
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
  try {
    return new FolderStore(realRoot(folder), options.world ?? realWorld());
  } catch (error) {
    throw pathFailure(error, "open a folder", folder);
  }
}

class FolderStore implements LocalStore {
  readonly url: string;
  readonly identity: string;
  readonly localFolder: string;
  readonly #world: World;

  constructor(root: string, world: World) {
    this.url = pathToFileURL(root).href;
    this.identity = this.url;
    this.localFolder = root;
    this.#world = world;
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array> {
    const file = this.#locate(path);
    return await this.#attempt("read", path, async () => {
      if (!isRealFolder(dirname(file))) throw missing(path, this.url);
      const part = await ifThere(() =>
        withDescriptor(file, READ_FLAGS, async (descriptor) => {
          const found = fstatSync(descriptor);
          return found.isFile() ? await readPart(descriptor, resolveRange(range, found.size)) : undefined;
        }),
      );
      if (part === undefined) throw missing(path, this.url);
      return part;
    });
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    const file = this.#locate(path);
    return await this.#attempt("look at", path, async () => {
      return isRealFolder(dirname(file)) ? this.#look(path) : undefined;
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
    const where = { path, store: this.url };
    return await this.#attempt("create", path, async () => {
      const { temporary, isCopy } = await adoptTemporary(this.#world, dirname(final), file);
      const outcome = await publishNew(temporary, final, {
        where,
        // The caller keeps its file where nothing was created.
        undo: () => (isCopy ? discard(temporary) : renameSync(temporary, file)),
      });
      try {
        if (isCopy) rmSync(file, { force: true });
      } catch (error) {
        throw unknownOutcome(error, "create", where);
      }
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
    const turn = turns();
    for await (const path of this.#walk(prefix, after)) {
      await turn();
      if (isTemporaryName(basename(path))) continue;
      const found = await this.#attempt("list", path, async () => this.#look(path));
      if (found !== undefined) yield found;
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    const files = paths.map((path) => ({ path, file: this.#locate(path) }));
    const turn = turns();
    for (const { path, file } of files) {
      await turn();
      await this.#attempt("remove", path, async () => {
        if (isRealFolder(dirname(file))) removeFile(file);
      });
    }
  }

  below(prefix: string): ObjectStore {
    return storeBelow(this, prefix, (folder) => {
      const localFolder = join(this.localFolder, folder);
      const url = pathToFileURL(localFolder).href;
      return { url, identity: url, localFolder };
    });
  }

  async sweepTemporary(olderThanMs: number): Promise<number> {
    const turn = turns();
    let swept = 0;
    for await (const path of this.#walk("", undefined)) {
      await turn();
      if (!isTemporaryName(basename(path))) continue;
      const file = join(this.localFolder, path);
      await this.#attempt("sweep", path, async () => {
        // The change time: an adopted file keeps the modification time it was written at.
        const changedMs = lstatIfThere(file)?.ctimeMs;
        if (changedMs === undefined || this.#world.nowMs() - changedMs < olderThanMs) return;
        rmSync(file, { force: true });
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

  #look(path: string): ObjectInfo | undefined {
    const found = lstatIfThere(join(this.localFolder, path));
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

/** Not blocking: opening a named pipe would wait for a writer for ever. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    // A folder is no object, so the object is missing; what `unlink` says of a folder depends on the system.
    if (!isMissing(error) && lstatIfThere(file)?.isDirectory() !== true) throw error;
  }
}

async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function lstatIfThere(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function missing(path: string, store: string): SluiceError {
  return new SluiceError("storage.missing", "Cannot read an object: it is not there", { facts: { path, store } });
}
