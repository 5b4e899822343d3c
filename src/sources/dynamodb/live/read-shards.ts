import { SluiceError, eachAtOnce, type World } from "../../../base/index.ts";
import type { StageContext } from "../../source.ts";
import { answered, upToDateMs, nextPoll, refused, type NextPoll, type ShardPoll } from "./poll-plan.ts";
import type { ShardMemory } from "./shard-memory.ts";
import { listed } from "./shard-order.ts";
import { lostRecords } from "./stream-gaps.ts";
import { begun } from "./stream-horizon.ts";
import { Spool, type Spooled } from "./spool.ts";
import type { ImageFilter } from "./filtered-image.ts";
import { addRecords } from "./stream-lines.ts";
import { KEPT_MS, type ShardState, type StreamState } from "./stream-state.ts";
import { isFault, type RecordsPage, type ShardFacts, type StreamView, type TableClient } from "./table-client.ts";

/** So much of a batch's bytes is kept free for an item that is fetched: that of one read unit. */
const ITEM_BYTES = 4_096;

export interface ShardReading {
  readonly client: TableClient;
  /** The same, but it does not ask again when it is refused; undefined: there is time to wait. */
  readonly impatient?: TableClient;
  readonly world: World;
  readonly context: StageContext;
  readonly memory: ShardMemory;
  /** Bytes after which the batch is full. */
  readonly bytesMax: number;
  /** Whether items are fetched for records without new images: each counts for more bytes than its own. */
  readonly fetchesItems?: boolean;
  /** undefined: every record is taken in whole. */
  readonly filter?: ImageFilter | undefined;
}

export interface ReadShards {
  readonly spooled: Spooled;
  readonly state: StreamState;
  /** Whether every shard was read up to its present end. */
  readonly isDrained: boolean;
  /** When the newest of the records happened, by the source's clock; undefined without any. */
  readonly newestMs: number | undefined;
  /** What the stream's records hold, by its own word. */
  readonly view: StreamView | undefined;
}

/** Shards read side by side; each page is 1 MB at most. */
const SHARDS_AT_ONCE = 16;
/** A process that stays reads for one flush interval, or for so long, before it commits what came. */
const READ_MS_LEAST = 1_000;
/** A record has happened after somebody came where it is younger by this: clocks differ, and its time is in whole seconds. */
const AHEAD_MS = 2_000;
/** Where times are in whole minutes (DynamoDB Local), as many answers that are not full tell the same. */
const COARSE_MS = 65_000;
const SHORT_PAGES = 5;

/**
 * Reads every shard that may be read, a closed one to its end and then those after it, an open one up to what it has at present; the
 * records go to a spool. Stops when the batch is full. A process that stays (`context.pace`) asks those shards whose time has come, and
 * commits after each flush interval.
 */
export async function readShards(start: StreamState, reading: ShardReading): Promise<ReadShards> {
  const spool = await Spool.create(reading.context.folder, `stream-${reading.world.uuid()}.ndjson`);
  try {
    const pass = new Pass(start, spool, reading);
    const isDrained = await pass.drain();
    return { spooled: await spool.finish(), state: pass.state, isDrained, newestMs: pass.newestMs, view: pass.view };
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

class Pass {
  state: StreamState;
  newestMs: number | undefined;
  view: StreamView | undefined;
  readonly #spool: Spool;
  readonly #reading: ShardReading;
  readonly #polls: Map<string, ShardPoll>;
  readonly #endsMs: number;
  /**
   * Shards in which something newer was met than the reading is: who reads once would never end otherwise, and who stays would
   * keep what came first waiting for what still comes.
   */
  readonly #passed = new Set<string>();
  readonly #enoughMs: number;
  /** Answers in a row with young records and room for more. */
  readonly #short = new Map<string, number>();

  constructor(start: StreamState, spool: Spool, reading: ShardReading) {
    this.state = start;
    this.#spool = spool;
    this.#reading = reading;
    const { memory, context, world } = reading;
    this.#polls = context.pace === undefined ? new Map() : memory.polls;
    this.#endsMs =
      context.pace === undefined ? Infinity : world.nowMs() + Math.max(READ_MS_LEAST, context.pace.flushMs);
    this.#enoughMs =
      context.pace === undefined ? (memory.cameMs ?? world.nowMs()) + AHEAD_MS : world.nowMs() + READ_MS_LEAST;
  }

  async drain(): Promise<boolean> {
    for (;;) {
      const readable = await this.#look();
      const nowMs = this.#reading.world.nowMs();
      const dueMs = new Map(readable.map((shard) => [shard, this.#next(shard).atMs]));
      const shards = readable
        .filter((shard) => !this.#passed.has(shard.id) && (dueMs.get(shard) ?? 0) <= nowMs)
        // Who waits longest comes first: nobody starves where there is no time for all.
        .toSorted((one, other) => (dueMs.get(one) ?? 0) - (dueMs.get(other) ?? 0));
      if (shards.length === 0) return true;
      await eachAtOnce(
        shards,
        SHARDS_AT_ONCE,
        async (shard) => await this.#read(shard),
        () => this.#isFull,
      );
      if (this.#isFull) return readable.every(({ id }) => this.#passed.has(id));
    }
  }

  /** Full, or read for long enough. */
  get #isFull(): boolean {
    const { bytesMax, fetchesItems, world } = this.#reading;
    const moreBytes = fetchesItems === true ? this.#spool.lines * ITEM_BYTES : 0;
    return this.#spool.sizeBytes + moreBytes >= bytesMax || world.nowMs() >= this.#endsMs;
  }

  /** The shards that may be read now. */
  async #look(): Promise<readonly ShardFacts[]> {
    const { client, world, memory, context } = this.#reading;
    const known = context.pace === undefined ? undefined : memory.seen(this.state, world.nowMs());
    const seenMs = known?.seenMs ?? world.nowMs();
    const stream = known?.stream ?? (await client.describeStream(this.state.streamArn));
    this.view = stream.view;
    const { state, readable, lost } = listed(this.state, stream, seenMs);
    if (lost.length > 0) throw lostRecords(this.state, lost);
    this.state = state;
    if (known === undefined) memory.see(state, stream, seenMs);
    return readable;
  }

  #next({ id, isClosed }: ShardFacts): NextPoll {
    const { context, world } = this.#reading;
    return nextPoll(this.#polls.get(id), { pace: context.pace, isClosed, random: () => world.random() });
  }

  async #read(shard: ShardFacts): Promise<void> {
    const { context, world } = this.#reading;
    let ahead: Promise<RecordsPage | undefined> | undefined;
    while (!this.#isFull) {
      if (context.signal?.aborted === true) throw interrupted();
      const page = (await ahead) ?? (await this.#page(shard));
      if (page === undefined) return;
      // While the server looks for the next records, these are written.
      const isMore = context.pace === undefined ? countOf(page) > 0 : isFull(page);
      ahead = isMore && page.next !== undefined ? this.#ahead(page.next) : undefined;
      const next = this.#take(shard, page);
      await this.#spool.flush();
      if (page.next === undefined || next.isSettled) return;
      const waitMs = next.atMs - world.nowMs();
      if (waitMs > 0) await world.sleep(waitMs, context.signal);
    }
  }

  /** Takes in an answer, and decides when the shard is to be asked again. */
  #take(shard: ShardFacts, page: RecordsPage): NextPoll {
    const { memory, context, world, filter, fetchesItems } = this.#reading;
    const { epoch, streamArn } = this.state;
    const label = streamArn.slice(streamArn.lastIndexOf("/") + 1);
    const before = this.#of(shard.id);
    const place = { epoch, label, shard: shard.id, filter, fetchesItems };
    const after = addRecords(this.#spool, page.records, place, before);
    if (page.next === undefined) memory.iterators.delete(shard.id);
    else memory.iterators.set(shard.id, { iterator: page.next, after: after.after });
    context.onProgress?.({ records: this.#spool.lines, bytes: this.#spool.sizeBytes });
    const nowMs = world.nowMs();
    const records = countOf(page);
    const newestMs = records === 0 ? undefined : after.seconds * 1_000;
    if (newestMs !== undefined) this.newestMs = Math.max(this.newestMs ?? 0, newestMs);
    const activeMs = before.seconds === 0 ? undefined : before.seconds * 1_000;
    const poll = answered(this.#polls.get(shard.id), { records, isFull: isFull(page), newestMs, nowMs }, activeMs);
    this.#polls.set(shard.id, poll);
    const upToMs = upToDateMs(poll);
    const caughtUp = upToMs === undefined ? {} : { caughtUpMs: upToMs };
    const hasNews = records > 0 || upToMs !== undefined || page.next === undefined;
    if (hasNews) this.#set(shard.id, page.next === undefined ? { ...after, isDone: true } : { ...after, ...caughtUp });
    if (shard.isClosed || !this.#isPassed(shard, page, newestMs)) return this.#next(shard);
    this.#passed.add(shard.id);
    return { atMs: Infinity, isSettled: true };
  }

  /** Whether what was in the shard at the beginning is read for sure, and others go on adding to it. */
  #isPassed({ id }: ShardFacts, page: RecordsPage, newestMs: number | undefined): boolean {
    if (newestMs === undefined) return false;
    if (newestMs >= this.#enoughMs) return true;
    const isLate = this.#reading.world.nowMs() >= this.#enoughMs && newestMs >= this.#enoughMs - COARSE_MS;
    const short = isLate && !isFull(page) ? (this.#short.get(id) ?? 0) + 1 : 0;
    this.#short.set(id, short);
    return short >= SHORT_PAGES;
  }

  /** Undefined where the shard is left for later, since others read it. */
  async #page(shard: ShardFacts): Promise<RecordsPage | undefined> {
    const { client, impatient, context, memory, world } = this.#reading;
    for (;;) {
      const iterator = await this.#iterator(shard);
      try {
        return await (context.pace === undefined ? client : (impatient ?? client)).records(iterator);
      } catch (error) {
        if (context.pace !== undefined && isFault(error, "throttled")) {
          this.#polls.set(shard.id, refused(this.#polls.get(shard.id), world.nowMs()));
          return undefined;
        }
        // Whatever is wrong with it, a new one tells.
        memory.iterators.delete(shard.id);
        if (isFault(error, "trimmed")) this.#forgive(shard, error);
        else if (isFault(error, "missing")) throw lostRecords(this.state, [`shard ${shard.id}`]);
        else if (!isFault(error, "iterator-expired")) throw error;
      }
    }
  }

  /** A page asked for before it is needed: where that goes wrong, it is asked for again when its turn comes. */
  async #ahead(iterator: string): Promise<RecordsPage | undefined> {
    try {
      return await this.#reading.client.records(iterator);
    } catch {
      return undefined;
    }
  }

  async #iterator(shard: ShardFacts): Promise<string> {
    const { client, memory } = this.#reading;
    const { after } = this.#of(shard.id);
    const kept = memory.iterators.get(shard.id);
    if (kept !== undefined && kept.after === after) return kept.iterator;
    const { streamArn } = this.state;
    const request = { streamArn, shard: shard.id };
    if (after === undefined) this.#begin(shard);
    try {
      return await client.iterator(after === undefined ? request : { ...request, after });
    } catch (error) {
      if (isFault(error, "missing")) throw lostRecords(this.state, [`shard ${shard.id}`]);
      if (!isFault(error, "trimmed")) throw error;
      this.#forgive(shard, error);
      return await client.iterator(request);
    }
  }

  /** A shard that nothing was taken from is read from what is left of it, and nobody says whether that is its beginning. */
  #begin(shard: ShardFacts): void {
    const { state, isLost } = begun(this.state, shard.id, this.#reading.world.nowMs());
    if (isLost) throw lostRecords(this.state, [`shard ${shard.id}, which nobody has read for a day`]);
    this.state = state;
  }

  /** A position that is gone matters only where something behind it may be gone, too. */
  #forgive(shard: ShardFacts, error: Error): void {
    const { caughtUpMs, seconds } = this.#of(shard.id);
    const { world } = this.#reading;
    if (caughtUpMs === undefined || world.nowMs() - caughtUpMs >= KEPT_MS) {
      throw lostRecords(this.state, [`shard ${shard.id}`], error);
    }
    this.#set(shard.id, { seconds, caughtUpMs });
  }

  #of(shard: string): ShardState {
    return this.state.shards[shard] ?? { seconds: 0 };
  }

  #set(shard: string, state: ShardState): void {
    this.state = { ...this.state, shards: { ...this.state.shards, [shard]: state } };
  }
}

function countOf({ records }: RecordsPage): number {
  return records.places.length / 2;
}

/** AWS, "GetRecords": at most a thousand records or 1 MB an answer. One that is near that has more behind it. */
function isFull(page: RecordsPage): boolean {
  return countOf(page) >= 1_000 || page.records.bytes.length >= FULL_BYTES;
}

const FULL_BYTES = 512 * 1_024;

function interrupted(): SluiceError {
  return new SluiceError("run.interrupted", "Cannot finish reading the stream: the run was interrupted");
}
