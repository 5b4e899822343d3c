import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { SluiceError, messageOf } from "../../../base/index.ts";

const INFLATED_CHUNK_BYTES = 512 * 1_024;

/** Inflates a data file chunk by chunk, and gives the MD5 of its bytes as delivered. Anything but whole gzip data fails with `source.corrupt`. */
export async function inflate(
  file: string,
  compressed: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): Promise<{ readonly md5: string; readonly sizeBytes: number }> {
  const hash = createHash("md5");
  let sizeBytes = 0;
  const gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  const checked = Readable.from(
    (async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of compressed) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    })(),
    { objectMode: false },
  );
  // A pipeline that is left in the middle may report the leaving instead of its reason.
  let refused: { readonly error: unknown } | undefined;
  try {
    await pipeline(checked, gunzip, async (inflated: AsyncIterable<Uint8Array>) => {
      for await (const chunk of inflated) {
        try {
          onChunk(chunk);
        } catch (error) {
          refused = { error };
          throw error;
        }
      }
    });
  } catch (error) {
    if (refused !== undefined) throw refused.error;
    if (isZlibError(error)) throw corrupt(file, `it is no whole gzip file: ${messageOf(error)}`, error);
    throw error;
  }
  // Zlib stops at zeros behind the data, and at whatever follows them.
  if (gunzip.bytesWritten !== sizeBytes) throw corrupt(file, "there are bytes behind the end of its gzip data");
  return { md5: hash.digest("hex"), sizeBytes };
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_");
}

function corrupt(file: string, why: string, cause?: unknown): SluiceError {
  return new SluiceError("source.corrupt", `Cannot read an export file: ${why}`, { facts: { file }, cause });
}
