import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  eachAtOnce,
  SluiceError,
  jitteredDelayMs,
  must,
  type RateLimit,
  type RetryPolicy,
  type World,
} from "../../../base/index.ts";
import { canonicalNumber, encodeKey, type KeyPart } from "../../../contract/index.ts";
import type { StageContext } from "../../source.ts";
import { lacksImage, withImage, withoutImage, withoutItem } from "./event-images.ts";
import type { ImageFilter } from "./filtered-image.ts";
import { membersAt, plainText, type Place } from "./json-items.ts";
import { isOwn } from "./own-writes.ts";
import { Spool, type Spooled } from "./spool.ts";
import { isFault, type FoundItems, type TableClient } from "./table-client.ts";

export interface ImageFetching {
  readonly client: TableClient;
  readonly world: World;
  readonly context: StageContext;
  /** The table's key attributes. */
  readonly keys: readonly string[];
  readonly readLimit?: RateLimit;
  /** What of the table is taken in. */
  readonly filter?: ImageFilter | undefined;
}

/** BatchGetItem takes so many keys (AWS, "BatchGetItem"). */
const KEYS_PER_REQUEST = 100;
const REQUESTS_AT_ONCE = 4;
const BUSY: RetryPolicy = { attemptsMax: 12, baseDelayMs: 100, maxDelayMs: 10_000 };

/**
 * Reads the items that the events of a batch tell of without an image, once a key and strongly consistent, and gives a spool of the same
 * events with them.
 *
 * An item is never older than the events of its key in the batch, since those were visible before it was read; it may be newer. It becomes
 * the image of the newest of them and keeps that event's place in the order: whatever happened between the event and the reading is an
 * event of its own above it, whose image is as new or newer, or a delete. So no later event loses against it, and it brings nothing back. A
 * key whose newest event is a delete is not read; an item that is gone leaves its event without an image, and its delete is yet to come.
 */
export async function fetchImages(spooled: Spooled, fetching: ImageFetching): Promise<Spooled> {
  const { folder } = fetching.context;
  const lines = linesOf(await readFile(join(folder, spooled.path)));
  const newest = newestOf(lines, fetching.keys);
  const wanted = [...newest].filter(([, line]) => lacksImage(line));
  if (!lines.some(lacksImage)) return spooled;
  const spool = await Spool.create(folder, `with-images-${spooled.path}`);
  try {
    const read = new Set(wanted.map(([, line]) => line));
    for (const line of lines) {
      if (!lacksImage(line)) spool.line([line]);
      else if (!read.has(line)) spool.line(withoutImage(line, "later"));
      await spool.flush();
    }
    await fetchAll(wanted, spool, fetching);
    return await spool.finish();
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

function linesOf(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** The last line of each key. A key's changes are in the order of the stream: a shard is read behind the one before it. */
function newestOf(lines: readonly Buffer[], keys: readonly string[]): ReadonlyMap<string, Buffer> {
  const newest = new Map<string, Buffer>();
  for (const line of lines) {
    const key = keyIn(line, ["Keys"], keys);
    if (key !== undefined) newest.set(key, line);
  }
  return newest;
}

async function fetchAll(
  wanted: readonly (readonly [key: string, line: Buffer])[],
  spool: Spool,
  fetching: ImageFetching,
): Promise<void> {
  const requests = Array.from({ length: Math.ceil(wanted.length / KEYS_PER_REQUEST) }, (_, index) =>
    wanted.slice(index * KEYS_PER_REQUEST, (index + 1) * KEYS_PER_REQUEST),
  );
  await eachAtOnce(requests, REQUESTS_AT_ONCE, async (some) => await fetchSome(new Map(some), spool, fetching));
}

/** Asks until each key was looked at; what was not found at the end is gone. */
async function fetchSome(wanted: Map<string, Buffer>, spool: Spool, fetching: ImageFetching): Promise<void> {
  const { world, keys, context, filter } = fetching;
  let asked: readonly string[] = [...wanted.values()].map(keysOf);
  for (let tried = 1; asked.length > 0; tried += 1) {
    if (context.signal?.aborted === true) throw interrupted();
    const { items, left } = await askItems(asked, fetching);
    const readMs = world.nowMs();
    for (let at = 0; at < items.places.length; at += 2) {
      const [start = 0, end = 0] = [items.places[at], items.places[at + 1]];
      const item = items.bytes.subarray(start, end);
      const key = must(keyIn(item, [], keys), "an item has its key");
      const line = wanted.get(key);
      if (line === undefined) continue;
      wanted.delete(key);
      spool.line(eventOf(line, item, { readMs, filter }));
    }
    context.onProgress?.({ records: spool.lines, bytes: spool.sizeBytes });
    await spool.flush();
    // Progress of any size is a reason to go on.
    if (left.length < asked.length) tried = 0;
    if (tried >= BUSY.attemptsMax) throw tooBusy(fetching.client.where);
    if (left.length > 0) await world.sleep(jitteredDelayMs(world, BUSY, Math.max(1, tried)), context.signal);
    asked = left;
  }
  for (const line of wanted.values()) spool.line(withoutImage(line, "gone"));
}

/** What the lake makes of an item that was found. */
function eventOf(
  line: Buffer,
  item: Uint8Array,
  { readMs, filter }: { readonly readMs: number; readonly filter: ImageFilter | undefined },
): readonly Uint8Array[] {
  const place: Place = [0, item.length];
  // Whether the event was somebody else's nobody knows: it stays, without what Sluice itself wrote.
  if (isOwn(item, { newImage: place })) return withoutImage(line, "own");
  if (filter?.matches(item, place) === false) return withoutItem(line, readMs);
  return withImage(line, { image: filter === undefined ? [item] : filter.image(item, place), readMs });
}

function keysOf(line: Buffer): string {
  return line.toString("utf8", ...must(placeIn(line, ["Keys"]), "a line that was looked at has its key"));
}

/** What an item takes that is not larger than 4 KB, strongly consistent; also where it is not there. */
const ITEM_UNITS = 1;

/** One request. Throttled, it leaves all keys. */
export async function askItems(
  asked: readonly string[],
  {
    client,
    readLimit,
    context,
  }: Pick<ImageFetching, "client" | "readLimit"> & { readonly context: Pick<StageContext, "signal"> },
): Promise<FoundItems> {
  const estimated = asked.length * ITEM_UNITS;
  await readLimit?.take(estimated, context.signal);
  let used = 0;
  try {
    const found = await client.getItems(asked);
    used = found.units;
    if (found.left.length > 0) readLimit?.slowDown();
    return found;
  } catch (error) {
    if (!isFault(error, "throttled")) throw error;
    readLimit?.slowDown();
    return { items: { bytes: new Uint8Array(0), places: [] }, units: 0, left: asked };
  } finally {
    readLimit?.settle({ estimated, used });
  }
}

/** One text for one key, however its numbers are spelt; undefined where there is no key, which the scanner then says. */
export function keyIn(bytes: Uint8Array, names: readonly string[], keys: readonly string[]): string | undefined {
  const place = placeIn(bytes, names);
  if (place === undefined) return undefined;
  const members = new Map(membersAt(bytes, place[0]));
  const parts = keys.map((name): KeyPart | undefined => {
    const at = members.get(name);
    return at === undefined ? undefined : partOf(bytes, at[0]);
  });
  return parts.every((part) => part !== undefined) ? encodeKey(parts) : undefined;
}

function partOf(bytes: Uint8Array, start: number): KeyPart | undefined {
  const [[tag, place] = []] = membersAt(bytes, start);
  if (place === undefined || (tag !== "S" && tag !== "N" && tag !== "B")) return undefined;
  const value = plainText(bytes, place);
  return { tag, value: tag === "N" ? (canonicalNumber(value) ?? value) : value };
}

/** Where the value stands that `names` lead to. */
function placeIn(bytes: Uint8Array, names: readonly string[]): Place | undefined {
  let place: Place = [0, bytes.length];
  for (const name of names) {
    const at = [...membersAt(bytes, place[0])].find(([member]) => member === name)?.[1];
    if (at === undefined) return undefined;
    place = at;
  }
  return place;
}

function interrupted(): SluiceError {
  return new SluiceError("run.interrupted", "Cannot finish reading the items of the stream: the run was interrupted");
}

function tooBusy(where: string): SluiceError {
  return new SluiceError("source.unavailable", "Cannot go on reading the items of the stream: the table is throttled", {
    facts: { at: where, tries: BUSY.attemptsMax },
    advice: "Run again later: it goes on from here. Lower `readCapacity` of `fetchItems`, or raise the table's.",
  });
}
