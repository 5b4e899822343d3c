import { checkPath } from "./object-path.ts";
import type { ObjectStore } from "./object-store.ts";

/** Where a store below another one lies; the adapter knows how its URL is written. */
export type Place = Pick<ObjectStore, "url" | "identity" | "localFolder" | "s3">;

/** Where a store lies, for one that stands before it: what an engine read past it by itself, it would not see. */
export function placeSeen({ url, identity, localFolder }: ObjectStore): Place {
  return { url, identity, localFolder };
}

/**
 * The same store seen from a folder below its root. Every call goes through the outer store with the full path, so the
 * outer store's checks (paths, symbolic links, faults, counts) hold for it too.
 */
export function storeBelow(outer: ObjectStore, prefix: string, place: (folder: string) => Place): ObjectStore {
  const folder = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  if (folder === "") return outer;
  checkPath(folder);
  const head = `${folder}/`;
  const full = (path: string): string => head + path;
  const { url, identity, localFolder, s3 } = place(folder);
  return {
    url,
    identity,
    localFolder,
    s3,
    read: (path, range) => outer.read(full(path), range),
    stat: async (path) => {
      const found = await outer.stat(full(path));
      return found === undefined ? undefined : { ...found, path };
    },
    create: (path, body) => outer.create(full(path), body),
    createFromFile: (path, file) => outer.createFromFile(full(path), file),
    replace: (path, body) => outer.replace(full(path), body),
    list: async function* listBelow(inner, after) {
      for await (const found of outer.list(full(inner), after === undefined ? undefined : full(after))) {
        yield { ...found, path: found.path.slice(head.length) };
      }
    },
    remove: (paths) => outer.remove(paths.map((path) => full(path))),
    below: (deeper) => (deeper === "" ? storeBelow(outer, folder, place) : storeBelow(outer, full(deeper), place)),
  };
}
