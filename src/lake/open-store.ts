import { join, resolve } from "node:path";
import type { World } from "../base/index.ts";
import type { ResolvedLocation, S3Place } from "../definition/index.ts";
import { absoluteUrl, isS3Url, localStore, s3Store, withOutside, type ObjectStore } from "../storage/index.ts";

/** How a table in S3 is reached and written. */
export type S3Settings = Omit<S3Place, "url">;

export type OpenStore = (location: ResolvedLocation) => ObjectStore;

/** Opens locations as stores. Places in S3 that differ by their folder share one connection. */
export function storeOpener(world: World): OpenStore {
  const opened = new Map<string, ObjectStore>();
  const once = (key: string, open: () => ObjectStore): ObjectStore => {
    const store = opened.get(key) ?? open();
    opened.set(key, store);
    return store;
  };
  return (location) => {
    if (typeof location === "string") return once(location, () => localStore(location, { world }));
    const { folder = "", ...place } = location;
    return once(JSON.stringify(place), () => s3Store(place, { world })).below(folder);
  };
}

export interface StoreOptions {
  readonly s3?: S3Settings | undefined;
  /** Folders, or `s3://bucket/prefix`, whose files the table may name besides its own: of the tables that it is a shallow clone of. */
  readonly allowFilesFrom?: readonly string[] | undefined;
}

/** The store of a table that is named by its path: a folder, or `s3://bucket/prefix`. */
export function storeAt(path: string, world: World, { s3, allowFilesFrom = [] }: StoreOptions = {}): ObjectStore {
  const open = (place: string): ObjectStore =>
    isS3Url(place) ? s3Store({ ...s3, url: place }, { world }) : localStore(resolve(localPath(place)), { world });
  return withOutside(open(path), allowFilesFrom.map(open));
}

/** Where the files of a store lie, and those that it may read besides: as `storeAt` takes places, which in S3 are not encoded. */
export function placesOf(store: ObjectStore): readonly string[] {
  return [store, ...(store.outside ?? [])].map(({ localFolder, url }) => localFolder ?? absoluteUrl(url));
}

/** `file:///folder` is a folder, too. */
function localPath(place: string): string {
  return /^file:\//i.test(place) ? absoluteUrl(place).slice("file://".length) : place;
}

/** A location below another one. */
export function locationBelow(location: ResolvedLocation, name: string): ResolvedLocation {
  if (typeof location === "string") return join(location, name);
  return { ...location, folder: location.folder === undefined ? name : `${location.folder}/${name}` };
}
