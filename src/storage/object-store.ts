import type { S3Access } from "./s3-access.ts";

/** Half-open byte range `[start, end)`; a negative `start` counts from the end (`{ start: -8 }` = the last 8 bytes). */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface ObjectInfo {
  /** Relative to the store's root, `/`-separated, never starting with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/**
 * Bytes under a path. Paths are relative to the root, `/`-separated, taken literally (no percent-decoding), never `..`.
 *
 * The promise that matters: `create` never replaces and never shows partial content; of several that race exactly one
 * is told "created" (the Delta log rests on it). A write is durable when its promise resolves. A failure of `create` with
 * code `storage.unavailable` is an unknown outcome: the object may exist, the caller must look.
 */
export interface ObjectStore {
  /** Where the root is, for messages and for what is written as an absolute path: `file:///…`, `memory://…`, `s3://…`. */
  readonly url: string;
  /** What only the same place has, for keys in memory: of two endpoints that both have an `s3://bucket/prefix`, each has its own. */
  readonly identity: string;
  /** The root as a folder of this machine where the engine can read objects in place; undefined where it cannot. */
  readonly localFolder: string | undefined;
  /** How an engine that speaks S3's protocol reads objects by itself; undefined where `read` alone reaches them. */
  readonly s3?: S3Access | undefined;
  /** Places beyond the root whose objects paths may name as `/<URL>`, to be read and never written (see `withOutside`). */
  readonly outside?: readonly ObjectStore[] | undefined;
  /** The whole object or a part of it, cut to what exists. A missing object fails with `storage.missing`. */
  read(path: string, range?: ByteRange): Promise<Uint8Array>;
  /** Size and time of an object; undefined when it is missing. */
  stat(path: string): Promise<ObjectInfo | undefined>;
  /** Creates an object that was not there. */
  create(path: string, body: Uint8Array): Promise<"created" | "exists">;
  /**
   * Creates an object out of a finished file of this machine, which is gone (moved or removed) afterwards, also when the
   * object exists. On a failure other than `storage.unavailable` the file is still there.
   */
  createFromFile(path: string, file: string): Promise<"created" | "exists">;
  /** Writes an object, whether or not it was there; readers see the old or the new content, whole. */
  replace(path: string, body: Uint8Array): Promise<void>;
  /**
   * Objects whose path starts with `prefix` (which may end within a name), strictly after `after` (a full path) in the
   * order of UTF-8 bytes. Objects that come or go meanwhile may be in it or not. A prefix without objects yields nothing.
   */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>;
  /** Missing paths are fine. Not atomic: after a failure some may be gone. */
  remove(paths: readonly string[]): Promise<void>;
  /** The same store seen from a folder below its root. */
  below(prefix: string): ObjectStore;
}
