import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Writes bytes into a file of this machine that is not there yet, and gives their MD5 (lower-case hex). */
export async function copyFile(
  bytes: AsyncIterable<Uint8Array>,
  to: string,
  signal?: AbortSignal,
): Promise<{ readonly md5: string; readonly sizeBytes: number }> {
  const hash = createHash("md5");
  let sizeBytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      signal?.throwIfAborted();
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  };
  await pipeline(Readable.from(counted()), createWriteStream(to, { flags: "wx" }));
  return { md5: hash.digest("hex"), sizeBytes };
}
