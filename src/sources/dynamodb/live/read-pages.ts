import { SluiceError, jitteredDelayMs, must, type RateLimit, type RetryPolicy } from "../../../base/index.ts";
import type { StageContext } from "../../source.ts";
import { BATCH_BYTES } from "../options.ts";
import type { LiveNeeds, ScanOptions } from "./scan-channel.ts";
import { withPage, type ScanState } from "./scan-state.ts";
import { isOwn } from "./own-writes.ts";
import { Spool, type Spooled } from "./spool.ts";
import { isFault, type JsonItems, type ScanPage } from "./table-client.ts";

const ITEM_HEAD = Buffer.from('{"Item":');
const ITEM_TAIL = Buffer.from("}");

/** Pages under way at a time: each is 1 MB, and the scanner takes less time than the network. */
const PAGES_AT_ONCE = 8;
/** Of one page, eventually consistent: 1 MB at 4 KB and a half unit. */
const PAGE_UNITS = 128;
/** A limited scan takes pages of about a quarter second of its budget, so that no minute is uneven. */
const PAGE_SECONDS = 0.25;
const THROTTLED: RetryPolicy = { attemptsMax: 12, baseDelayMs: 100, maxDelayMs: 10_000 };

export interface PageNeeds extends Pick<LiveNeeds, "client" | "world"> {
  readonly context: StageContext;
  readonly readLimit?: RateLimit;
}

/**
 * Reads pages of the segments that are not through, in turns, until the batch is full or everything is read. Each page's items go to the
 * spool as they came; where each segment goes on is in the state.
 */
export async function readPages(
  start: ScanState,
  options: ScanOptions,
  needs: PageNeeds,
): Promise<{ readonly spooled: Spooled; readonly state: ScanState }> {
  const { context } = needs;
  const spool = await Spool.create(context.folder, `scan-${Date.parse(start.time)}-${start.items}.ndjson`);
  const reader = new PageReader(start, needs);
  try {
    const open = start.segments.flatMap((at, segment) => (at === null ? [] : [segment]));
    const full = options.batchBytes ?? BATCH_BYTES;
    const put = async (segment: number, page: ScanPage): Promise<void> => {
      addItems(spool, page.items);
      reader.advance(segment, page);
      context.onProgress?.({ records: reader.state.items - start.items, bytes: spool.sizeBytes });
      await spool.flush();
    };
    const drain = async (): Promise<void> => {
      // A segment each, and the next one where it is through: a partition is not read by all at once.
      for (let segment = open.shift(); segment !== undefined; segment = open.shift()) {
        while (reader.isOpen(segment)) {
          if (spool.sizeBytes >= full) return;
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

function addItems(spool: Spool, { bytes, places }: JsonItems): void {
  for (let at = 0; at < places.length; at += 2) {
    const [start = 0, end = 0] = [places[at], places[at + 1]];
    if (!isOwn(bytes, { newImage: [start, end] })) spool.line([ITEM_HEAD, bytes.subarray(start, end), ITEM_TAIL]);
  }
}

class PageReader {
  state: ScanState;
  readonly #needs: PageNeeds;
  /** Units that an item took lately, with those that a filter leaves out. */
  #itemUnits: number;

  constructor(start: ScanState, needs: PageNeeds) {
    this.state = start;
    this.#needs = needs;
    this.#itemUnits = 1;
  }

  isOpen(segment: number): boolean {
    return this.state.segments[segment] !== null;
  }

  advance(segment: number, page: ScanPage): void {
    this.state = withPage(this.state, { segment, lastKey: page.lastKey, items: page.scanned });
  }

  async page(segment: number): Promise<ScanPage> {
    const { client, readLimit, world, context } = this.#needs;
    for (let tried = 1; ; tried += 1) {
      if (context.signal?.aborted === true) throw interrupted();
      try {
        return await this.#ask(segment);
      } catch (error) {
        if (!isFault(error, "throttled")) throw error;
        readLimit?.slowDown();
        if (tried >= THROTTLED.attemptsMax) throw tooBusy(client.where, error);
        await world.sleep(jitteredDelayMs(world, THROTTLED, tried), context.signal);
      }
    }
  }

  async #ask(segment: number): Promise<ScanPage> {
    const { client, readLimit, context } = this.#needs;
    const { segments } = this.state;
    const from = must(segments[segment], "an open segment has a place");
    const { limit, estimated } = this.#size(readLimit?.perSecond);
    const request = { segment, segments: segments.length, startKey: from === "" ? undefined : from };
    await readLimit?.take(estimated, context.signal);
    let used = 0;
    try {
      const page = await client.scan(limit === undefined ? request : { ...request, limit });
      used = page.units;
      if (page.scanned > 0) this.#itemUnits = Math.max(0.5, page.units / page.scanned);
      return page;
    } finally {
      readLimit?.settle({ estimated, used });
    }
  }

  /** How many items to ask for, and the units that they will take. */
  #size(perSecond: number | undefined): { readonly limit?: number; readonly estimated: number } {
    if (perSecond === undefined) return { estimated: PAGE_UNITS };
    const units = Math.min(PAGE_UNITS, Math.max(1, perSecond * PAGE_SECONDS));
    const limit = Math.max(1, Math.floor(units / this.#itemUnits));
    return { limit, estimated: Math.min(PAGE_UNITS, limit * this.#itemUnits) };
  }
}

function interrupted(): SluiceError {
  return new SluiceError("run.interrupted", "Cannot finish scanning the table: the run was interrupted");
}

function tooBusy(where: string, cause: Error): SluiceError {
  return new SluiceError("source.unavailable", "Cannot go on scanning the table: it is throttled", {
    facts: { at: where, tries: THROTTLED.attemptsMax },
    advice: "Run again later: it goes on from here. Lower `readCapacity` of the scan, or raise the table's.",
    cause,
  });
}
