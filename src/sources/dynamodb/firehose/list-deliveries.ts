import { SluiceError, isFailure } from "../../../base/index.ts";
import type { ObjectInfo, ObjectStore } from "../../../storage/index.ts";
import type { DeliveredFile } from "../../input/index.ts";
import type { Notice } from "../../source.ts";
import { deliveredFile, kindOfPath, readPath } from "./delivered-path.ts";

export interface ListingWish {
  /** The prefix of what could not be processed; by its usual names unless told. */
  readonly errors?: string | undefined;
  /** Eight digits: of `series` what is older is passed over; undefined: all of the place is listed. */
  readonly fromDay: string | undefined;
  readonly series: ReadonlySet<string>;
}

export interface Deliveries {
  readonly files: readonly DeliveredFile[];
  /** Series of all paths that were seen, passed over or not. */
  readonly series: ReadonlySet<string>;
  readonly skipped: readonly Notice[];
  /** Files of what could not be processed. */
  readonly failed: readonly ObjectInfo[];
}

/**
 * The files that Firehose delivered. A series that is known is listed from a day on, by jumping there in the order of the listing: so a listing
 * costs a request for each series and for each thousand new files, however many there are of old.
 */
export async function listDeliveries(store: ObjectStore, wish: ListingWish): Promise<Deliveries> {
  const files: DeliveredFile[] = [];
  const series = new Set<string>();
  const failed: ObjectInfo[] = [];
  const take = (found: ObjectInfo): string | undefined => {
    const place = readPath(found.path);
    if (place.hour !== undefined) series.add(place.series);
    const isOld = wish.fromDay !== undefined && place.hour !== undefined && place.hour.slice(0, 8) < wish.fromDay;
    if (isOld && wish.series.has(place.series)) return place.from(wish.fromDay);
    const kind = kindOfPath(found.path, wish.errors);
    if (kind === "records") files.push(deliveredFile(found));
    if (kind === "errors") failed.push(found);
    return undefined;
  };
  let after: string | undefined;
  try {
    do after = await listFrom(store, after, take);
    while (after !== undefined);
  } catch (error) {
    if (!isFailure(error, "storage.denied")) throw error;
    throw new SluiceError("source.denied", "Cannot look for files that Firehose delivered", {
      facts: { place: store.url },
      cause: error,
    });
  }
  return { files, series, skipped: failedNotice(failed), failed };
}

/** Takes what is listed behind `after`; gives where to go on when the rest of a series is to be passed over. */
async function listFrom(
  store: ObjectStore,
  after: string | undefined,
  take: (found: ObjectInfo) => string | undefined,
): Promise<string | undefined> {
  for await (const found of store.list("", after)) {
    const next = take(found);
    if (next !== undefined) return next;
  }
  return undefined;
}

function failedNotice(failed: readonly ObjectInfo[]): readonly Notice[] {
  const [first] = failed;
  if (first === undefined) return [];
  const more = failed.length === 1 ? "" : ` and ${failed.length - 1} more`;
  const why =
    "Firehose could not process these records: they are in no file of records, and have to be delivered again";
  return [{ what: `${first.path}${more}`, why }];
}
