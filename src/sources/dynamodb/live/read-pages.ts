import { must, type RateLimit } from "../../../base/index.ts";
import type { ItemFilter } from "../../../contract/index.ts";
import type { StageContext } from "../../source.ts";
import { BATCH_BYTES } from "../options.ts";
import type { LiveNeeds, ScanOptions } from "./scan-channel.ts";
import type { RaisedRead } from "./raised-read.ts";
import { withPage, type ScanState } from "./scan-state.ts";
import { filterExpression, type FilterExpression } from "./filter-expression.ts";
import { ImageFilter } from "./filtered-image.ts";
import { hasMarker, isOwn } from "./own-writes.ts";
import { Spool, type Spooled } from "./spool.ts";
import { PagedRequests } from "./paged-requests.ts";
import type { JsonItems, ScanPage } from "./table-client.ts";

const ITEM_HEAD = Buffer.from('{"Item":');
const ITEM_TAIL = Buffer.from("}");

/** Pages under way at a time: each is 1 MB, and the scanner takes less time than the network. */
const PAGES_AT_ONCE = 8;
/** What a unit reads at most, eventually consistent. */
const UNIT_BYTES = 8_192;

/** What was read: items in a file of the folder, and where the scan is behind them. */
export interface PagesRead {
  readonly spooled: Spooled;
  readonly state: ScanState;
}

export interface PageNeeds extends Pick<LiveNeeds, "client" | "world"> {
  readonly context: StageContext;
  readonly readLimit?: RateLimit;
  readonly raised?: Pick<RaisedRead, "keep">;
}

/**
 * Reads pages of the segments that are not through, in turns, until the batch is full or everything is read. Each page's items go to the
 * spool as they came; where each segment goes on is in the state.
 */
export async function readPages(start: ScanState, options: ScanOptions, needs: PageNeeds): Promise<PagesRead> {
  const { context } = needs;
  const spool = await Spool.create(context.folder, `scan-${Date.parse(start.time)}-${start.items}.ndjson`);
  const reader = new PageReader(start, needs, options.filter);
  try {
    const open = start.segments.flatMap((at, segment) => (at === null ? [] : [segment]));
    const full = options.batchBytes ?? BATCH_BYTES;
    // A filter may let little through: what was looked at is kept all the same.
    const unitsMax = options.filter === undefined ? Infinity : full / UNIT_BYTES;
    const put = async (segment: number, page: ScanPage): Promise<void> => {
      addItems(spool, page.items, reader.sieve);
      reader.advance(segment, page);
      context.onProgress?.({ records: reader.state.items - start.items, bytes: spool.sizeBytes });
      await spool.flush();
    };
    const drain = async (): Promise<void> => {
      // A segment each, and the next one where it is through: a partition is not read by all at once.
      for (let segment = open.shift(); segment !== undefined; segment = open.shift()) {
        while (reader.isOpen(segment)) {
          if (spool.sizeBytes >= full || reader.units >= unitsMax) return;
          await put(segment, await reader.page(segment));
        }
      }
    };
    const workers = Array.from({ length: Math.min(PAGES_AT_ONCE, open.length) }, drain);
    const done = await Promise.allSettled(workers.map(async (work) => await work.catch(stopOthers(open))));
    const failed = done.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return { spooled: await spool.finish(), state: reader.state };
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

/** When one fails, no other segment is begun. */
function stopOthers(open: number[]): (error: unknown) => never {
  return (error) => {
    open.length = 0;
    throw error;
  };
}

/** What is to be done with the items of a page. */
interface Sieve {
  readonly filter: ImageFilter | undefined;
  /** Whether the table gave those only that match. */
  readonly isMatched: boolean;
}

function addItems(spool: Spool, { bytes, places }: JsonItems, { filter, isMatched }: Sieve): void {
  for (let at = 0; at < places.length; at += 2) {
    const place = [places[at] ?? 0, places[at + 1] ?? 0] as const;
    if (isOwn(bytes, { newImage: place })) continue;
    if (!isMatched && filter?.matches(bytes, place) === false) continue;
    const image = filter === undefined ? [bytes.subarray(...place)] : filter.image(bytes, place);
    spool.line([ITEM_HEAD, ...image, ITEM_TAIL]);
  }
}

class PageReader {
  state: ScanState;
  /** Used so far. */
  units = 0;
  readonly #needs: PageNeeds;
  readonly #filter: ImageFilter | undefined;
  /** The part of the filter that the table applies. */
  #pushed: FilterExpression | undefined;
  /** The same, with items whole. */
  readonly #whole: FilterExpression | undefined;
  readonly #requests: PagedRequests;

  constructor(start: ScanState, needs: PageNeeds, filter: ItemFilter | undefined) {
    this.state = start;
    this.#needs = needs;
    this.#filter = filter === undefined ? undefined : new ImageFilter(filter);
    this.#pushed = filter === undefined ? undefined : filterExpression(filter);
    this.#whole = filter === undefined ? undefined : filterExpression({ where: filter.where });
    this.#requests = new PagedRequests({ ...needs, what: "scan", where: needs.client.where });
  }

  get sieve(): Sieve {
    return { filter: this.#filter, isMatched: this.#pushed !== undefined };
  }

  isOpen(segment: number): boolean {
    return this.state.segments[segment] !== null;
  }

  advance(segment: number, page: ScanPage): void {
    this.state = withPage(this.state, { segment, lastKey: page.lastKey, items: page.scanned });
  }

  async page(segment: number): Promise<ScanPage> {
    for (;;) {
      const asked = this.#pushed;
      const page = await this.#ask(segment, asked);
      this.units += page.units;
      if (!this.#lacksAttributes(page, asked)) return page;
    }
  }

  /** An item that we wrote ourselves is known by all of its attributes: from now on they are asked for. */
  #lacksAttributes({ items }: ScanPage, asked: FilterExpression | undefined): boolean {
    if (asked?.ProjectionExpression === undefined || !hasMarker(items.bytes)) return false;
    this.#pushed = this.#whole;
    return true;
  }

  async #ask(segment: number, asked: FilterExpression | undefined): Promise<ScanPage> {
    await this.#needs.raised?.keep();
    const { segments } = this.state;
    const from = must(segments[segment], "an open segment has a place");
    const filter = asked === undefined ? {} : { filter: asked };
    const request = { segment, segments: segments.length, startKey: from === "" ? undefined : from, ...filter };
    return await this.#requests.page(async (limit) => await this.#needs.client.scan({ ...request, ...limit }));
  }
}
