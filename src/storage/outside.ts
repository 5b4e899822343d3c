import { invalidPath } from "./object-path.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * A store whose paths may also name objects of other stores, as `/<URL>` (see `absoluteUrl`). Those can be read and looked at; nothing is
 * ever listed, created, replaced or removed there.
 */
export function withOutside(own: ObjectStore, outside: readonly ObjectStore[]): ObjectStore {
  if (outside.length === 0) return own;
  const { url, identity, localFolder, s3 } = own;
  const store: ObjectStore = {
    url,
    identity,
    localFolder,
    s3,
    outside,
    read: async (path, range) => {
      const object = objectAt(store, path);
      return await (object.store === store ? own : object.store).read(object.path, range);
    },
    stat: async (path) => {
      const object = objectAt(store, path);
      const found = await (object.store === store ? own : object.store).stat(object.path);
      return found === undefined ? undefined : { ...found, path };
    },
    create: (path, body) => own.create(path, body),
    createFromFile: (path, file) => own.createFromFile(path, file),
    replace: (path, body) => own.replace(path, body),
    list: (prefix, after) => own.list(prefix, after),
    remove: (paths) => own.remove(paths),
    below: (prefix) => own.below(prefix),
  };
  return store;
}

/** The store that an object of a store lies in, and its path there. */
export function objectAt(store: ObjectStore, path: string): { readonly store: ObjectStore; readonly path: string } {
  if (!path.startsWith("/")) return { store, path };
  for (const other of store.outside ?? []) {
    const inOther = pathBelow(path.slice(1), other.url);
    if (inOther !== undefined) return { store: other, path: inOther };
  }
  throw invalidPath(path, "it lies in none of the folders that this store may read");
}

/**
 * A URL or an absolute path of this machine in the one form that such are compared in, percent-decoded: `file:///folder/file`,
 * `s3://bucket/key` (also for `s3a` and `s3n`, Hadoop's names of the same).
 */
export function absoluteUrl(url: string): string {
  const decoded = percentDecoded(url);
  const local = decoded.replace(/^file:\/{0,2}(?=\/)/i, "");
  if (local.startsWith("/")) return `file://${local}`;
  return decoded.replace(/^s3[an]:(?=\/\/)/i, "s3:");
}

/** The rest of an absolute URL (in the form of `absoluteUrl`) below a folder; undefined where it is not below it. */
export function pathBelow(url: string, folderUrl: string): string | undefined {
  const folder = absoluteUrl(folderUrl).replace(/\/+$/, "");
  return folder !== "" && url.startsWith(`${folder}/`) ? url.slice(folder.length + 1) : undefined;
}

/** A lone `%` is what a writer that does not encode at all leaves behind: the text is the path itself. */
export function percentDecoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
