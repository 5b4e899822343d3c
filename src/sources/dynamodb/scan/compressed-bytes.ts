import { constants, createReadStream } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import type { StageContext } from "../../source.ts";
import { asSource } from "../plan/read-source.ts";
import { scanFile, type ScanTask, type ScannedFile } from "./scan-file.ts";

const READ_BYTES = 1_048_576;

/** Scans files one after another in this thread. */
export async function scanHere(
  store: ObjectStore,
  tasks: readonly ScanTask[],
  { signal, onProgress }: Pick<StageContext, "signal" | "onProgress">,
): Promise<readonly ScannedFile[]> {
  const scanned: ScannedFile[] = [];
  let bytes = 0;
  let before = 0;
  for (const task of tasks) {
    const file = await scanFile(task, compressedBytes(store.localFolder ?? store, task.file), (inflated, rows) => {
      if (signal?.aborted === true)
        throw new SluiceError("run.interrupted", "Cannot finish reading: the run was interrupted");
      bytes += inflated;
      onProgress?.({ records: before + rows, bytes });
    });
    before += file.rows;
    scanned.push(file);
  }
  return scanned;
}

/** The bytes of a data file as delivered: from a folder of this machine, else through the store. */
export async function* compressedBytes(from: string | ObjectStore, path: string): AsyncGenerator<Uint8Array> {
  if (typeof from !== "string") {
    yield* storedBytes(from, path);
    return;
  }
  // A link that was put there since the plan is not followed.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-argument -- numeric flags are allowed, the type only knows texts
    for await (const chunk of createReadStream(join(from, path), { flags: flags as unknown as string, highWaterMark: READ_BYTES })) yield chunk as Buffer; // prettier-ignore
  } catch (error) {
    throw readFailure(path, error);
  }
}

async function* storedBytes(store: ObjectStore, path: string): AsyncGenerator<Uint8Array> {
  const found = await asSource(path, async () => await store.stat(path));
  for (let start = 0; start < (found?.sizeBytes ?? 0); start += READ_BYTES) {
    const end = Math.min(start + READ_BYTES, found?.sizeBytes ?? 0);
    yield await asSource(path, async () => await store.read(path, { start, end }));
  }
}

function readFailure(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const facts = { file: path };
  if (code === "ENOENT")
    return new SluiceError("source.missing", "Cannot read a file of an export: it is not there", {
      facts,
      cause: error,
    });
  if (code === "EACCES" || code === "EPERM")
    return new SluiceError("source.denied", "Cannot read a file of an export", { facts, cause: error });
  if (code === "ELOOP")
    return new SluiceError("source.invalid", "Cannot read a file of an export: it is a symbolic link", {
      facts,
      cause: error,
    });
  return error;
}
