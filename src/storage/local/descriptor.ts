import { closeSync, fsync, openSync, read, readSync, write, writeSync } from "node:fs";

/**
 * File calls, with a rule about who waits. Calls that touch a file system's memory (open, stat, link, small reads and
 * writes) take microseconds and are made at once: each would otherwise queue in the thread pool, which the engine's
 * queries hold for seconds. What waits for the device (fsync, large reads and writes) takes its turn there.
 */
export async function withDescriptor<T>(
  file: string,
  flags: number | string,
  work: (descriptor: number) => Promise<T>,
): Promise<T> {
  const descriptor = openSync(file, flags);
  try {
    return await work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until what was written is on the device. */
export async function sync(descriptor: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    fsync(descriptor, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** The bytes `[start, end)` of a file that is at least so long. */
export async function readPart(
  descriptor: number,
  { start, end }: { start: number; end: number },
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  for (let filled = 0; filled < bytes.length;) {
    const place = { offset: filled, length: Math.min(CALL_BYTES_MAX, bytes.length - filled), position: start + filled };
    const count = isSmall(bytes) ? readSync(descriptor, bytes, place) : await readTurn(descriptor, bytes, place);
    if (count === 0) throw new RangeError("the file became shorter while it was read");
    filled += count;
  }
  return bytes;
}

export async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const length = Math.min(CALL_BYTES_MAX, bytes.length - written);
    written += isSmall(bytes)
      ? writeSync(descriptor, bytes, written, length)
      : await writeTurn(descriptor, bytes, { offset: written, length });
  }
}

/** A commit, a manifest or a footer; at memory speed some tens of microseconds. */
const SMALL_BYTES_MAX = 256 * 2 ** 10;
/** One call: far below what a call can move (2 GiB), so that a short answer is the exception. */
const CALL_BYTES_MAX = 256 * 2 ** 20;

function isSmall(bytes: Uint8Array): boolean {
  return bytes.length <= SMALL_BYTES_MAX;
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

async function readTurn(descriptor: number, bytes: Uint8Array, place: Span & { position: number }): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    read(descriptor, bytes, place.offset, place.length, place.position, (error, count) =>
      error === null ? resolve(count) : reject(error),
    );
  });
}

async function writeTurn(descriptor: number, bytes: Uint8Array, { offset, length }: Span): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    write(descriptor, bytes, offset, length, null, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
