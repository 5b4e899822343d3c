import type { Requests } from "./requests.ts";
import { isMissing } from "./read-object.ts";
import { mayHelp } from "./write-once.ts";

/** What one request may remove (S3's own limit). */
const BATCH = 1_000;

/** Removes objects, 1,000 a request; missing ones are fine. Fails with the SDK's own error, or one like it. */
export async function removeObjects(requests: Requests, paths: readonly string[]): Promise<void> {
  const [odd, plain] = [paths.filter((path) => !isXml(path)), paths.filter((path) => isXml(path))];
  for (let at = 0; at < plain.length; at += BATCH) await removeBatch(requests, plain.slice(at, at + BATCH));
  for (const path of odd) await removeOne(requests, path);
}

/** Whether the name can be written in an XML document. */
function isXml(path: string): boolean {
  return !/[\u0000-\u001F\u007F-\u009F\uFFFE\uFFFF]/.test(path); // oxlint-disable-line no-control-regex
}

async function removeBatch(requests: Requests, paths: readonly string[]): Promise<void> {
  const { connection, attempts, bucket, keyOf, owner } = requests;
  const { client, sdk } = connection();
  let left = paths.map((path) => keyOf(path));
  await attempts.repeat(async () => {
    const answer = await client.send(
      new sdk.DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: left.map((key) => ({ Key: key })), Quiet: true },
        ...owner,
      }),
    );
    const failures = (answer.Errors ?? []).filter(({ Code }) => Code !== "NoSuchKey");
    const first = failures[0];
    if (first === undefined) return;
    left = failures.flatMap(({ Key }) => Key ?? []);
    throw keyFailure(first.Code ?? "InternalError", first.Message ?? "");
  }, mayHelp);
}

/** The request succeeded, a key did not; what it says is judged as if it were the answer. */
function keyFailure(code: string, message: string): Error {
  const error = new Error(message);
  error.name = code;
  const isPassing = code === "InternalError" || code === "SlowDown" || code === "ServiceUnavailable";
  return Object.assign(error, { $metadata: { httpStatusCode: isPassing ? 503 : 403 } });
}

async function removeOne({ connection, attempts, bucket, keyOf, owner }: Requests, path: string): Promise<void> {
  const { client, sdk } = connection();
  try {
    const command = new sdk.DeleteObjectCommand({ Bucket: bucket, Key: keyOf(path), ...owner });
    await attempts.repeat(async () => await client.send(command), mayHelp);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
