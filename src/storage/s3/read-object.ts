import { answerOf } from "../../base/index.ts";
import { resolveRange } from "../byte-range.ts";
import type { ByteRange, ObjectInfo } from "../object-store.ts";
import type { Requests } from "./requests.ts";
import { mayHelp } from "./write-once.ts";

/** The object, or its part; undefined when it is missing. Fails with the SDK's own error. */
export async function readObject(
  requests: Requests,
  path: string,
  range: ByteRange | undefined,
): Promise<Uint8Array | undefined> {
  const header = rangeHeader(range);
  if (header.kind !== "by-size") return await getObject(requests, path, { range, header: header.text });
  const found = await headObject(requests, path);
  if (found === undefined) return undefined;
  const { start, end } = resolveRange(range, found.info.sizeBytes);
  if (start === end) return new Uint8Array();
  return await getObject(requests, path, { range: { start, end }, header: `bytes=${start}-${end - 1}` });
}

/** The range in HTTP's words, where it has some: an empty one and one that counts from both ends need the object's size. */
function rangeHeader(range: ByteRange | undefined): { kind: "as-is"; text: string | undefined } | { kind: "by-size" } {
  const { start, end } = range ?? { start: 0 };
  if (end === undefined) {
    if (start === 0) return { kind: "as-is", text: undefined };
    return { kind: "as-is", text: start < 0 ? `bytes=${start}` : `bytes=${start}-` };
  }
  return start < 0 || end <= start ? { kind: "by-size" } : { kind: "as-is", text: `bytes=${start}-${end - 1}` };
}

async function getObject(
  { connection, attempts, bucket, keyOf, owner }: Requests,
  path: string,
  { range, header }: { readonly range: ByteRange | undefined; readonly header: string | undefined },
): Promise<Uint8Array | undefined> {
  const { client, sdk } = connection();
  const input = { Bucket: bucket, Key: keyOf(path), ...owner, ...(header === undefined ? {} : { Range: header }) };
  try {
    return await attempts.repeat(async () => {
      const answer = await client.send(new sdk.GetObjectCommand(input));
      const body = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
      if (answer.ContentLength !== undefined && answer.ContentLength !== body.length) throw cutShort(body.length);
      if (header === undefined || answer.ContentRange !== undefined) return body;
      // A store that does not know ranges gave all of it.
      const { start, end } = resolveRange(range, body.length);
      return body.subarray(start, end);
    }, mayHelp);
  } catch (error) {
    const { code, status } = answerOf(error);
    if (status === 416 || code === "InvalidRange") return new Uint8Array();
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function cutShort(bytes: number): Error {
  return Object.assign(new Error(`the answer ended after ${bytes} bytes`), { code: "ECONNRESET" });
}

export interface Head {
  readonly info: ObjectInfo;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Size, time and metadata; undefined when the object is missing. Fails with the SDK's own error. */
export async function headObject(requests: Requests, path: string): Promise<Head | undefined> {
  try {
    return await sendHead(requests, path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!isSilent(error)) throw error;
    // An answer to HEAD has no body to say why; asking for a byte does, and sets a wrong clock right on its way.
    await getObject(requests, path, { range: { start: 0, end: 1 }, header: "bytes=0-0" });
    return await sendHead(requests, path);
  }
}

async function sendHead({ connection, attempts, bucket, keyOf, owner }: Requests, path: string): Promise<Head> {
  const { client, sdk } = connection();
  return await attempts.repeat(async () => {
    const answer = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: keyOf(path), ...owner }));
    const info = { path, sizeBytes: answer.ContentLength ?? 0, modifiedMs: wholeSeconds(answer.LastModified) };
    return { info, metadata: answer.Metadata ?? {} };
  }, mayHelp);
}

function isSilent(error: unknown): boolean {
  const { code, status } = answerOf(error);
  return (
    (status === 400 || status === 403) && (code === "Unknown" || code === "UnknownError" || code === String(status))
  );
}

/** HTTP tells times in seconds; some stores list them finer, and an object has one time only. */
export function wholeSeconds(time: Date | undefined): number {
  return Math.floor((time?.getTime() ?? 0) / 1_000) * 1_000;
}

/** A missing bucket is not a missing object. */
export function isMissing(error: unknown): boolean {
  const { code, status } = answerOf(error);
  return status === 404 && code !== "NoSuchBucket";
}
