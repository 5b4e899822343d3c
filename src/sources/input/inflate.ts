import { createHash } from "node:crypto";
import { once } from "node:events";
import { createGunzip, type Gunzip } from "node:zlib";
import { SluiceError, messageOf } from "../../base/index.ts";

const INFLATED_CHUNK_BYTES = 512 * 1_024;

/** Inflates a data file chunk by chunk, and gives the MD5 of its bytes as delivered. Anything but whole gzip data fails with `source.corrupt`. */
export async function inflate(
  file: string,
  compressed: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): Promise<{ readonly md5: string; readonly sizeBytes: number }> {
  const hash = createHash("md5");
  const gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  const over = new AbortController();
  // By hand: a pipeline that is left in the middle may report the leaving instead of its reason.
  const feeding = feed(gunzip, compressed, { over: over.signal, onBytes: (bytes) => hash.update(bytes) });
  try {
    for await (const chunk of gunzip) onChunk(chunk as Buffer);
  } catch (error) {
    if (isZlibError(error)) throw corrupt(file, `it is no whole gzip file: ${messageOf(error)}`, error);
    throw error;
  } finally {
    over.abort();
    await feeding;
  }
  const { sizeBytes, isWhole } = await feeding;
  // Zlib stops at zeros behind the data, and at whatever follows them.
  if (!isWhole || gunzip.bytesWritten !== sizeBytes) {
    throw corrupt(file, "there are bytes behind the end of its gzip data");
  }
  return { md5: hash.digest("hex"), sizeBytes };
}

interface Feeding {
  /** Nothing more is wanted. */
  readonly over: AbortSignal;
  readonly onBytes: (bytes: Uint8Array) => void;
}

/** Gives all bytes to `gunzip`, as fast as it takes them. A failure to read them becomes its failure. */
async function feed(
  gunzip: Gunzip,
  compressed: AsyncIterable<Uint8Array>,
  { over, onBytes }: Feeding,
): Promise<{ readonly sizeBytes: number; readonly isWhole: boolean }> {
  let sizeBytes = 0;
  try {
    for await (const bytes of compressed) {
      if (over.aborted) return { sizeBytes, isWhole: false };
      onBytes(bytes);
      sizeBytes += bytes.length;
      if (!gunzip.write(bytes)) await drained(gunzip, over);
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  }
  return { sizeBytes, isWhole: !over.aborted };
}

/** Resolves when more may be written, or when nothing more is wanted. */
async function drained(gunzip: Gunzip, over: AbortSignal): Promise<void> {
  try {
    await once(gunzip, "drain", { signal: over });
  } catch (error) {
    // Whoever reads `gunzip` is told of its failure.
    if (!over.aborted && !gunzip.destroyed) throw error;
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_");
}

function corrupt(file: string, why: string, cause?: unknown): SluiceError {
  return new SluiceError("source.corrupt", `Cannot read a file of the source: ${why}`, { facts: { file }, cause });
}
