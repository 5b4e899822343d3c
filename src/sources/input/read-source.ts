import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, isFailure } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";

/** The bytes of a small file of the source. */
export async function readSource(store: ObjectStore, path: string): Promise<Uint8Array> {
  return await asSource(path, async () => await store.read(path));
}

/** The size of a data file. It must be a file of its own below the root: a symbolic link could lead anywhere. */
export async function sizeOfSource(store: ObjectStore, path: string): Promise<number> {
  if (store.localFolder !== undefined) await refuseLinks(store.localFolder, path);
  const found = await asSource(path, async () => await store.stat(path));
  if (found === undefined) throw missing(path);
  return found.sizeBytes;
}

/** Runs a read of the source; failures of the store become failures of the source. */
export async function asSource<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isFailure(error, "storage.missing")) throw missing(path, error);
    if (isFailure(error, "storage.denied")) {
      throw new SluiceError("source.denied", "Cannot read a file of the source", {
        facts: { file: path },
        cause: error,
      });
    }
    throw error;
  }
}

async function refuseLinks(root: string, path: string): Promise<void> {
  const segments = path.split("/");
  for (let count = 1; count <= segments.length; count += 1) {
    const part = segments.slice(0, count).join("/");
    const found = await lstat(join(root, part)).catch(() => undefined);
    if (found?.isSymbolicLink() === true) {
      throw new SluiceError("source.invalid", "Cannot read a file of the source: it is behind a symbolic link", {
        facts: { file: path, link: part },
      });
    }
  }
}

function missing(path: string, cause?: unknown): SluiceError {
  return new SluiceError("source.missing", "Cannot read a file of the source: it is not there", {
    facts: { file: path },
    cause,
  });
}
