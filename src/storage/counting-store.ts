import type { ObjectStore } from "./object-store.ts";
import { placeSeen, storeBelow } from "./store-below.ts";

/** Calls by operation, and what they moved. `listed` counts objects, `removed` paths. */
export interface StoreCounts {
  read: number;
  stat: number;
  create: number;
  createFromFile: number;
  replace: number;
  list: number;
  remove: number;
  listed: number;
  removed: number;
  bytesRead: number;
  /** Without the bytes of `createFromFile`, which nobody copies. */
  bytesWritten: number;
}

export interface CountingStore extends ObjectStore {
  readonly counts: Readonly<StoreCounts>;
  reset(): void;
}

/** The same store, counting: "one listing and two reads" becomes an assertion. Stores below it count here, too. */
export function countingStore(inner: ObjectStore): CountingStore {
  const counts = zero();
  const store: CountingStore = {
    url: inner.url,
    identity: inner.identity,
    localFolder: inner.localFolder,
    counts,
    reset: () => {
      Object.assign(counts, zero());
    },
    read: async (path, range) => {
      counts.read += 1;
      const bytes = await inner.read(path, range);
      counts.bytesRead += bytes.length;
      return bytes;
    },
    stat: (path) => {
      counts.stat += 1;
      return inner.stat(path);
    },
    create: (path, body) => {
      counts.create += 1;
      counts.bytesWritten += body.length;
      return inner.create(path, body);
    },
    createFromFile: (path, file) => {
      counts.createFromFile += 1;
      return inner.createFromFile(path, file);
    },
    replace: (path, body) => {
      counts.replace += 1;
      counts.bytesWritten += body.length;
      return inner.replace(path, body);
    },
    list: async function* listCounting(prefix, after) {
      counts.list += 1;
      for await (const found of inner.list(prefix, after)) {
        counts.listed += 1;
        yield found;
      }
    },
    remove: (paths) => {
      counts.remove += 1;
      counts.removed += paths.length;
      return inner.remove(paths);
    },
    below: (prefix) => storeBelow(store, prefix, (folder) => placeSeen(inner.below(folder))),
  };
  return store;
}

function zero(): StoreCounts {
  return {
    read: 0,
    stat: 0,
    create: 0,
    createFromFile: 0,
    replace: 0,
    list: 0,
    remove: 0,
    listed: 0,
    removed: 0,
    bytesRead: 0,
    bytesWritten: 0,
  };
}
