import { must, type RateLimit, type World, eachAtOnce } from "../../../base/index.ts";
import { RANK, encodeSequence } from "../../../contract/index.ts";
import type { StageContext } from "../../source.ts";
import { changeLine } from "../envelope/change-line.ts";
import { contentPosition } from "../envelope/content-position.ts";
import { NO_IMAGE } from "../live/event-images.ts";
import type { ImageFilter } from "../live/filtered-image.ts";
import { membersAt, plainText, type Place } from "../live/json-items.ts";
import { isOwn } from "../live/own-writes.ts";
import { PagedRequests } from "../live/paged-requests.ts";
import { Spool, type Spooled } from "../live/spool.ts";
import { microsOf, type TimeValue } from "./attribute-time.ts";
import { isRead, seenKey, seenParts, withPage, type IncrementState } from "./increment-state.ts";
import type { IndexClient, IndexPage } from "./index-client.ts";

export interface IncrementReading {
  readonly client: IndexClient;
  readonly where: string;
  readonly world: World;
  readonly context: StageContext;
  readonly readLimit?: RateLimit;
  readonly index: string;
  /** Its keys; the sort key is the attribute that says when an item was changed. */
  readonly indexKeys: readonly [partition: string, sort: string];
  /** Whether the index has items whole. */
  readonly isWhole: boolean;
  readonly partitions: readonly string[];
  /** The table's. */
  readonly keys: readonly string[];
  readonly filter?: ImageFilter | undefined;
  /** Changes count as no older than this, microseconds: a scan began then whose rows they stand above. */
  readonly floorMicros: bigint;
  readonly bytesMax: number;
}

/** Partitions read side by side. */
const AT_ONCE = 8;

/**
 * Reads each partition of the index from where the state says on, the oldest change first, until everything is read or the batch is full. A
 * change that is in already (the overlap meets it again) is left out.
 */
export async function readIncrements(
  start: IncrementState,
  reading: IncrementReading,
): Promise<{ readonly spooled: Spooled; readonly state: IncrementState }> {
  const spool = await Spool.create(reading.context.folder, `increments-${reading.world.uuid()}.ndjson`);
  try {
    const reader = new IncrementReader(start, spool, reading);
    await reader.read();
    return { spooled: await spool.finish(), state: reader.state };
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

class IncrementReader {
  state: IncrementState;
  readonly #spool: Spool;
  readonly #reading: IncrementReading;
  readonly #requests: PagedRequests;

  constructor(start: IncrementState, spool: Spool, reading: IncrementReading) {
    this.state = start;
    this.#spool = spool;
    this.#reading = reading;
    this.#requests = new PagedRequests({ ...reading, what: "query" });
  }

  async read(): Promise<void> {
    if (isRead(this.state)) return;
    const open = this.state.parts.flatMap(({ isDone }, part) => (isDone === true ? [] : [part]));
    await eachAtOnce(open, AT_ONCE, async (part) => await this.#readPart(part));
  }

  async #readPart(part: number): Promise<void> {
    const { client, index, indexKeys, partitions, context, bytesMax } = this.#reading;
    const partition = must(partitions[part], "each part is a partition");
    while (this.#spool.sizeBytes < bytesMax) {
      const { since, after, isDone } = must(this.state.parts[part], "each part has a place");
      if (isDone === true) return;
      const request = { index, keys: indexKeys, partition, since, startKey: after };
      const page = await this.#requests.page(async (size) => await client.query({ ...request, ...size }));
      const seen = new Map(this.state.seen.map(seenParts));
      const taken = this.#take(page, seen);
      this.state = withPage(this.state, { part, after: page.lastKey, ...taken });
      context.onProgress?.({ records: this.#spool.lines, bytes: this.#spool.sizeBytes });
      await this.#spool.flush();
    }
  }

  #take(
    { items: { bytes, places } }: IndexPage,
    known: ReadonlyMap<string, string>,
  ): { readonly high: TimeValue | undefined; readonly seen: ReadonlyMap<string, string> } {
    let high: TimeValue | undefined;
    const seen = new Map<string, string>();
    for (let at = 0; at < places.length; at += 2) {
      const item = bytes.subarray(places[at] ?? 0, places[at + 1] ?? 0);
      const change = changeOf(item, this.#reading);
      if (change === undefined) {
        // It is set aside with all that it has: it is no change whose place anybody knows.
        this.#spool.line([NO_CHANGE, item, CLOSE]);
        continue;
      }
      high = change.value;
      const name = seenKey(change.micros, change.keys.toString("utf8"));
      const content = contentPosition(item, { newImage: [0, item.length] }, "U").slice(0, CONTENT_DIGITS);
      const before = seen.get(name) ?? known.get(name);
      if (before === content) continue;
      seen.set(name, content);
      this.#add(item, change, { content, isAgain: before !== undefined });
    }
    return { high, seen };
  }

  #add(item: Uint8Array, change: Change, { content, isAgain }: Read): void {
    const { filter, isWhole } = this.#reading;
    if (isWhole && isOwn(item, { newImage: [0, item.length] })) return;
    const seen = isWhole ? filter?.change(item, { newImage: [0, item.length], isInsert: false }) : "keep";
    const { epoch, pages = 0 } = this.state;
    const { keys, micros, value } = change;
    const timeMicros = micros > this.#reading.floorMicros ? micros : this.#reading.floorMicros;
    const position = micros.toString().padStart(POSITION_DIGITS, "0");
    const joined = Buffer.concat([keys, item]);
    const images = {
      keys: [0, keys.length] as const,
      ...(isWhole ? { newImage: [keys.length, joined.length] as const } : {}),
    };
    const left = seen === "leaves" ? ',"left":"MODIFY"' : "";
    const frame = {
      operation: seen === "leaves" ? ("D" as const) : ("U" as const),
      sequence: encodeSequence({ epoch, timeMicros, rank: RANK.window, position: `${position}${pageText(pages)}` }),
      // Begins with the time of the change, by which one that comes again is looked for; what is as it was at that time before is another change.
      event: `${position}/increment/${epoch}/${content}/${isAgain ? `${pages}/` : ""}`,
      meta: `${isWhole ? "" : NO_IMAGE}"increment":${JSON.stringify(value.text)}${left}`,
      micros,
    };
    this.#spool.line(changeLine(joined, images, frame, filter));
  }
}

/** Digits of microseconds, and of pages, in a sequence. */
const POSITION_DIGITS = 19;
const PAGE_DIGITS = 12;
/** Hexadecimal: of an item, among those of one key and time. */
const CONTENT_DIGITS = 12;

interface Read {
  readonly content: string;
  /** Another item of the same key and time is in already. */
  readonly isAgain: boolean;
}

function pageText(pages: number): string {
  return pages.toString().padStart(PAGE_DIGITS, "0");
}

const NO_CHANGE = Buffer.from('{"Item":');
const CLOSE = Buffer.from("}");
/** The scanner takes no earlier time for one of a record. */
const MICROS_LEAST = 300_000_000n;

interface Change {
  readonly value: TimeValue;
  readonly micros: bigint;
  /** The table's key as a JSON object, its values as they came. */
  readonly keys: Buffer;
}

/** undefined: the attribute is no time, or the item has no key. */
function changeOf(item: Uint8Array, { keys, indexKeys: [, attribute] }: IncrementReading): Change | undefined {
  const members = new Map(membersAt(item, 0));
  const value = valueOf(item, members.get(attribute));
  const micros = value === undefined ? undefined : microsOf(value);
  if (value === undefined || micros === undefined || micros < MICROS_LEAST) return undefined;
  const parts: Buffer[] = [];
  for (const name of keys) {
    const place = members.get(name);
    if (place === undefined) return undefined;
    const label = `${parts.length === 0 ? "{" : ","}${JSON.stringify(name)}:`;
    parts.push(Buffer.from(label, "utf8"), Buffer.from(item.subarray(...place)));
  }
  return { value, micros, keys: Buffer.concat([...parts, CLOSE]) };
}

function valueOf(item: Uint8Array, place: Place | undefined): TimeValue | undefined {
  if (place === undefined) return undefined;
  const [[tag, at] = []] = membersAt(item, place[0]);
  return at !== undefined && (tag === "S" || tag === "N") ? { tag, text: plainText(item, at) } : undefined;
}

/** The highest value of each partition, read in one item each; undefined where there is none, or none that is a time. */
export async function newestOf(
  reading: Pick<IncrementReading, "client" | "where" | "world" | "index" | "indexKeys" | "partitions">,
): Promise<readonly (TimeValue | undefined)[]> {
  const { client, index, indexKeys, partitions } = reading;
  const requests = new PagedRequests({ ...reading, context: {}, what: "query" });
  const newest: (TimeValue | undefined)[] = [];
  for (const partition of partitions) {
    const request = {
      index,
      keys: indexKeys,
      partition,
      since: undefined,
      startKey: undefined,
      limit: 1,
      isBackwards: true,
    };
    const { items } = await requests.page(async () => await client.query(request));
    const [start, end] = items.places;
    const item = start === undefined || end === undefined ? undefined : items.bytes.subarray(start, end);
    const value = item === undefined ? undefined : valueOf(item, new Map(membersAt(item, 0)).get(indexKeys[1]));
    newest.push(value === undefined || microsOf(value) === undefined ? undefined : value);
  }
  return newest;
}
