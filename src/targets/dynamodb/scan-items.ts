import type * as Sdk from "@aws-sdk/client-dynamodb";
import { OWN_WRITE, contentHash } from "../../contract/index.ts";
import type { StoredItem } from "../target.ts";
import { keyTexts, type KeyAttribute } from "./key-attributes.ts";
import { readMarker } from "./marker.ts";
import { asSdk, fromSdk } from "./put-item.ts";
import type { Requests } from "./requests.ts";

/** Reads the whole table, and gives what is of this publisher. It costs half a unit of read capacity for each 4 KB of the table, twice for certainty. */
export async function* scanItems(
  requests: Requests,
  {
    publisher,
    keys,
    expiredBeforeMs,
  }: {
    readonly publisher: string;
    readonly keys: readonly KeyAttribute[];
    readonly expiredBeforeMs: number;
  },
): AsyncGenerator<StoredItem> {
  const { client, sdk } = requests.connection;
  let start: Record<string, Sdk.AttributeValue> | undefined;
  do {
    const command: Sdk.ScanCommand = new sdk.ScanCommand({
      TableName: requests.table,
      ConsistentRead: true,
      FilterExpression: "#m.#p = :p AND attribute_not_exists(#m.#mark)",
      ExpressionAttributeNames: { "#m": OWN_WRITE, "#p": "publisher", "#mark": "mark" },
      ExpressionAttributeValues: asSdk({ ":p": { S: publisher } }),
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    const page: Sdk.ScanCommandOutput = await requests.send(async (options) => await client.send(command, options), {
      verb: "read",
    });
    for (const one of page.Items ?? []) {
      const item = fromSdk(one);
      const marker = readMarker(item);
      if (marker === undefined) continue;
      const { sequence, isDeleted, writtenMs } = marker;
      const isExpired = isDeleted && writtenMs < expiredBeforeMs;
      yield { key: keyTexts(item, keys), sequence, hash: contentHash(item), isDeleted, isExpired };
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}
