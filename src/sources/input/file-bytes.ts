import { constants, createReadStream } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import { asSource } from "./read-source.ts";

const READ_BYTES = 1_048_576;

/** The bytes of a data file as delivered: from a folder of this machine, else through the store. */
export async function* fileBytes(from: string | ObjectStore, path: string): AsyncGenerator<Uint8Array> {
  if (typeof from !== "string") {
    yield* storedBytes(from, path);
    return;
  }
  try {
    yield* bytesOf(join(from, path));
  } catch (error) {
    throw readFailure(path, error);
  }
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  // A link that was put there since the plan is not followed. Numeric flags are allowed; the type only knows texts.
  const flags = (constants.O_RDONLY | constants.O_NOFOLLOW) as unknown as string;
  for await (const chunk of createReadStream(file, { flags, highWaterMark: READ_BYTES })) yield chunk as Buffer;
}

async function* storedBytes(store: ObjectStore, path: string): AsyncGenerator<Uint8Array> {
  const found = await asSource(path, async () => await store.stat(path));
  const sizeBytes = found?.sizeBytes ?? 0;
  for (let start = 0; start < sizeBytes; start += READ_BYTES) {
    const end = Math.min(start + READ_BYTES, sizeBytes);
    yield await asSource(path, async () => await store.read(path, { start, end }));
  }
}

const FAILURES = {
  ENOENT: ["source.missing", "it is not there"],
  EACCES: ["source.denied", "this user may not"],
  EPERM: ["source.denied", "this user may not"],
  ELOOP: ["source.invalid", "it is a symbolic link"],
} as const;

function readFailure(file: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const known = Object.entries(FAILURES).find(([name]) => name === code)?.[1];
  if (known === undefined) return error;
  return new SluiceError(known[0], `Cannot read a file of the source: ${known[1]}`, { facts: { file }, cause: error });
}
