import { readFile, rm } from "node:fs/promises";
import { SluiceError, type World } from "../../base/index.ts";
import { resolveRange } from "../byte-range.ts";
import { checkPath, checkPrefix } from "../object-path.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../object-store.ts";
import { storeBelow, type Place } from "../store-below.ts";
import { compareUtf8 } from "../utf8-order.ts";

/**
 * Objects in memory, for tests and simulations: the semantics of every other adapter, nothing kept. The engine cannot
 * read it in place. Stores of different `url` are different places.
 */
export function memoryStore({ world, url }: { world: World; url?: string }): ObjectStore {
  return new MemoryStore(world, url ?? `memory://${world.uuid()}`);
}

interface Stored {
  readonly body: Uint8Array;
  readonly modifiedMs: number;
}

class MemoryStore implements ObjectStore {
  readonly url: string;
  readonly identity: string;
  readonly localFolder = undefined;
  readonly #world: World;
  readonly #objects = new Map<string, Stored>();
  /** The same paths in order, so that a listing can seek. */
  readonly #paths: string[] = [];

  constructor(world: World, url: string) {
    this.#world = world;
    this.url = url;
    this.identity = url;
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array> {
    checkPath(path);
    await Promise.resolve();
    const stored = this.#objects.get(path);
    if (stored === undefined) {
      throw new SluiceError("storage.missing", "Cannot read an object: it is not there", {
        facts: { path, store: this.url },
      });
    }
    const { start, end } = resolveRange(range, stored.body.length);
    return stored.body.slice(start, end);
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    checkPath(path);
    await Promise.resolve();
    return this.#infoOf(path);
  }

  async create(path: string, body: Uint8Array): Promise<"created" | "exists"> {
    checkPath(path);
    const copy = Uint8Array.from(body);
    await Promise.resolve();
    if (this.#objects.has(path)) return "exists";
    this.#put(path, copy);
    return "created";
  }

  async createFromFile(path: string, file: string): Promise<"created" | "exists"> {
    checkPath(path);
    const outcome = await this.create(path, await this.#bytesOf(file));
    await rm(file, { force: true });
    return outcome;
  }

  async replace(path: string, body: Uint8Array): Promise<void> {
    checkPath(path);
    const copy = Uint8Array.from(body);
    await Promise.resolve();
    this.#put(path, copy);
  }

  async *list(prefix: string, after?: string): AsyncGenerator<ObjectInfo> {
    checkPrefix(prefix);
    // A cursor instead of a copy: objects may come and go while the consumer takes its time, as in every other store.
    let cursor = after;
    while (true) {
      await Promise.resolve();
      const path = this.#next(prefix, cursor);
      if (path === undefined) return;
      cursor = path;
      const found = this.#infoOf(path);
      if (found !== undefined) yield found;
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) checkPath(path);
    await Promise.resolve();
    for (const path of paths) {
      if (this.#objects.delete(path)) this.#paths.splice(this.#firstFrom(path), 1);
    }
  }

  below(prefix: string): ObjectStore {
    return storeBelow(this, prefix, (folder): Place => {
      const url = `${this.url}/${folder.split("/").map(encodeURIComponent).join("/")}`;
      return { url, identity: url, localFolder: undefined };
    });
  }

  #put(path: string, body: Uint8Array): void {
    if (!this.#objects.has(path)) this.#paths.splice(this.#firstFrom(path), 0, path);
    this.#objects.set(path, { body, modifiedMs: this.#world.nowMs() });
  }

  #infoOf(path: string): ObjectInfo | undefined {
    const stored = this.#objects.get(path);
    return stored === undefined
      ? undefined
      : { path, sizeBytes: stored.body.length, modifiedMs: Math.floor(stored.modifiedMs) };
  }

  #next(prefix: string, after: string | undefined): string | undefined {
    const isAfter = after !== undefined && compareUtf8(after, prefix) >= 0;
    const at = this.#firstFrom(isAfter ? after : prefix);
    const path = this.#paths[isAfter && this.#paths[at] === after ? at + 1 : at];
    return path?.startsWith(prefix) === true ? path : undefined;
  }

  /** Index of the first path that is not below `path` in order. */
  #firstFrom(path: string): number {
    let low = 0;
    let high = this.#paths.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#paths[middle] ?? "", path) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #bytesOf(file: string): Promise<Uint8Array> {
    try {
      return await readFile(file);
    } catch (error) {
      throw new SluiceError("storage.missing", "Cannot create an object: its file cannot be read", {
        facts: { file },
        cause: error,
      });
    }
  }
}
