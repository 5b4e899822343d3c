import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import type { ObjectInfo } from "../object-store.ts";
import { isPath } from "../object-path.ts";
import { compareUtf8 } from "../utf8-order.ts";
import { wholeSeconds } from "./read-object.ts";
import type { Requests } from "./requests.ts";
import { mayHelp } from "./write-once.ts";

/** Objects by pages of 1,000. Fails with the SDK's own error. */
export async function* listObjects(
  requests: Requests,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  const root = requests.keyOf("");
  let token: string | undefined;
  do {
    const page = await listPage(requests, { prefix, after, token });
    for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
      const path = decodedKey(Key, page).slice(root.length);
      // What consoles make for a folder, and what cannot be named, is no object of ours.
      if (!isPath(path) || (after !== undefined && compareUtf8(path, after) <= 0)) continue;
      yield { path, sizeBytes: Size, modifiedMs: wholeSeconds(LastModified) };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

async function listPage(
  { connection, attempts, bucket, keyOf, owner }: Requests,
  at: { readonly prefix: string; readonly after: string | undefined; readonly token: string | undefined },
): Promise<ListObjectsV2CommandOutput> {
  const { client, sdk } = connection();
  const { prefix, after, token } = at;
  const command = new sdk.ListObjectsV2Command({
    Bucket: bucket,
    Prefix: keyOf(prefix),
    // XML cannot hold every character that a key may have.
    EncodingType: "url",
    ...owner,
    ...(after === undefined ? {} : { StartAfter: keyOf(after) }),
    ...(token === undefined ? {} : { ContinuationToken: token }),
  });
  return await attempts.repeat(async () => await client.send(command), mayHelp);
}

function decodedKey(key: string, page: ListObjectsV2CommandOutput): string {
  return page.EncodingType === "url" ? decodeURIComponent(key.replaceAll("+", " ")) : key;
}
