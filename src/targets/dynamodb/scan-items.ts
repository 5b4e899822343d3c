import type * as Sdk from "@aws-sdk/client-dynamodb";
import { RateLimit, type World } from "../../base/index.ts";
import { OWN_WRITE, contentHash } from "../../contract/index.ts";
import type { StoredItem } from "../target.ts";
import { keyTexts, type KeyAttribute } from "./key-attributes.ts";
import { readMarker } from "./marker.ts";
import { asSdk, fromSdk } from "./put-item.ts";
import type { Requests } from "./requests.ts";

export interface ItemScan {
  readonly publisher: string;
  readonly keys: readonly KeyAttribute[];
  readonly expiredBeforeMs: number;
  readonly world: World;
  /** Read units a second; as many as the table gives unless told. */
  readonly readCapacity?: number;
}

/** Parts of the table that are read side by side. */
const SEGMENTS = 4;
/** Of one page, for certain: 1 MB at 4 KB. */
const PAGE_UNITS = 256;
/** A limited scan takes pages of about a quarter second of its budget. */
const PAGE_SECONDS = 0.25;

/** Reads the whole table, and gives what is of this publisher. It costs a unit of read capacity for each 4 KB of the table. */
export async function* scanItems(requests: Requests, scan: ItemScan): AsyncGenerator<StoredItem> {
  const { world, readCapacity } = scan;
  const limit = readCapacity === undefined ? undefined : new RateLimit(world, { perSecond: readCapacity });
  const segments = Array.from({ length: SEGMENTS }, (_, segment) => segmentPages(requests, scan, { segment, limit }));
  type Answer = { readonly segment: number; readonly page: IteratorResult<readonly StoredItem[]> };
  const asked = new Map<number, Promise<Answer>>();
  const ask = (segment: number, pages: AsyncGenerator<readonly StoredItem[]>): void => {
    const answer = pages.next().then((page) => ({ segment, page }));
    // Whoever waits for it hears of its failure, also later.
    answer.catch(() => undefined);
    asked.set(segment, answer);
  };
  for (const [segment, pages] of segments.entries()) ask(segment, pages);
  try {
    while (asked.size > 0) {
      const { segment, page } = await Promise.race(asked.values());
      asked.delete(segment);
      const pages = segments[segment];
      if (page.done === true || pages === undefined) continue;
      // While these are looked at, the segment's next page is on its way.
      ask(segment, pages);
      yield* page.value;
    }
  } finally {
    // Whoever stops early, or meets a failure, need not hear of the others.
    await Promise.allSettled(asked.values());
  }
}

async function* segmentPages(
  requests: Requests,
  { publisher, keys, expiredBeforeMs, readCapacity }: ItemScan,
  { segment, limit }: { readonly segment: number; readonly limit: RateLimit | undefined },
): AsyncGenerator<readonly StoredItem[]> {
  const { client, sdk } = requests.connection;
  let start: Record<string, Sdk.AttributeValue> | undefined;
  let itemUnits = 1;
  do {
    const units =
      readCapacity === undefined ? PAGE_UNITS : Math.min(PAGE_UNITS, Math.max(1, readCapacity * PAGE_SECONDS));
    const items = Math.max(1, Math.floor(units / itemUnits));
    const estimated = Math.min(PAGE_UNITS, items * itemUnits);
    await limit?.take(estimated);
    const command: Sdk.ScanCommand = new sdk.ScanCommand({
      TableName: requests.table,
      ConsistentRead: true,
      Segment: segment,
      TotalSegments: SEGMENTS,
      ReturnConsumedCapacity: "TOTAL",
      FilterExpression: "#m.#p = :p AND attribute_not_exists(#m.#mark)",
      ExpressionAttributeNames: { "#m": OWN_WRITE, "#p": "publisher", "#mark": "mark" },
      ExpressionAttributeValues: asSdk({ ":p": { S: publisher } }),
      ...(limit === undefined ? {} : { Limit: items }),
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    const page: Sdk.ScanCommandOutput = await requests.send(async (options) => await client.send(command, options), {
      verb: "read",
    });
    const used = page.ConsumedCapacity?.CapacityUnits ?? 0;
    limit?.settle({ estimated, used });
    if ((page.ScannedCount ?? 0) > 0) itemUnits = Math.max(1, used / (page.ScannedCount ?? 1));
    yield (page.Items ?? []).flatMap((one) => storedItem(one, { keys, expiredBeforeMs }));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

function storedItem(
  one: Record<string, Sdk.AttributeValue>,
  { keys, expiredBeforeMs }: Pick<ItemScan, "keys" | "expiredBeforeMs">,
): readonly StoredItem[] {
  const item = fromSdk(one);
  const marker = readMarker(item);
  if (marker === undefined) return [];
  const { sequence, isDeleted, writtenMs } = marker;
  const isExpired = isDeleted && writtenMs < expiredBeforeMs;
  return [{ key: keyTexts(item, keys), sequence, hash: contentHash(item), isDeleted, isExpired }];
}
