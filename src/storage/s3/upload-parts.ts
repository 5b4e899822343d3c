import { open, type FileHandle } from "node:fs/promises";
import type { CompletedPart } from "@aws-sdk/client-s3";
import type { Requests } from "./requests.ts";
import { mayHelp } from "./write-once.ts";

/** Objects above it are sent in parts; what is below is held in memory whole. */
export const PARTS_ABOVE_BYTES = 32 * 2 ** 20;
const PART_BYTES = 16 * 2 ** 20;
/** S3's own limit. */
const PARTS_MAX = 10_000;
/** Four parts fill a fast line and hold 64 MB. */
const PARTS_AT_ONCE = 4;

export interface Upload {
  readonly path: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether there must be no object yet. */
  readonly isConditional: boolean;
}

/**
 * Sends a file in parts; the object appears whole at the end, and the condition is judged there. On a failure the
 * parts are taken back, as they would be paid for. Fails with the SDK's own error.
 */
export async function uploadParts(requests: Requests, upload: Upload): Promise<void> {
  const { connection, attempts, bucket, keyOf, owner, making } = requests;
  const { client, sdk } = connection();
  const place = { Bucket: bucket, Key: keyOf(upload.path), ...owner };
  const begin = new sdk.CreateMultipartUploadCommand({
    ...place,
    ...making,
    Metadata: { ...upload.metadata },
    ChecksumAlgorithm: "CRC32",
  });
  const { UploadId } = await attempts.repeat(async () => await client.send(begin), mayHelp);
  const id = { ...place, UploadId };
  try {
    const parts = await sendParts(requests, upload, id);
    await client.send(
      new sdk.CompleteMultipartUploadCommand({
        ...id,
        MultipartUpload: { Parts: [...parts] },
        ...(upload.isConditional ? { IfNoneMatch: "*" } : {}),
      }),
    );
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand(id)).catch(() => undefined);
    throw error;
  }
}

type UploadId = { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined };

async function sendParts(requests: Requests, upload: Upload, id: UploadId): Promise<readonly CompletedPart[]> {
  const partBytes = Math.max(PART_BYTES, Math.ceil(upload.sizeBytes / PARTS_MAX));
  const count = Math.ceil(upload.sizeBytes / partBytes);
  const parts: CompletedPart[] = [];
  const handle = await open(upload.file, "r");
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const start = index * partBytes;
      const body = await readPart(handle, start, Math.min(partBytes, upload.sizeBytes - start));
      parts[index] = await sendPart(requests, { ...id, PartNumber: index + 1 }, body);
    }
  };
  try {
    const workers = await Promise.allSettled(Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, worker));
    for (const ended of workers) if (ended.status === "rejected") throw ended.reason;
    return parts;
  } finally {
    await handle.close();
  }
}

async function sendPart(
  { connection, attempts }: Requests,
  place: UploadId & { readonly PartNumber: number },
  body: Uint8Array,
): Promise<CompletedPart> {
  const { client, sdk } = connection();
  const answer = await attempts.repeat(
    async () => await client.send(new sdk.UploadPartCommand({ ...place, Body: body, ChecksumAlgorithm: "CRC32" })),
    mayHelp,
  );
  const { ETag, ChecksumCRC32 } = answer;
  return {
    PartNumber: place.PartNumber,
    ...(ETag === undefined ? {} : { ETag }),
    ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }),
  };
}

async function readPart(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) throw new TypeError("the file became shorter while it was sent");
    filled += bytesRead;
  }
  return bytes;
}
