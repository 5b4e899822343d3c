import { SluiceError, type World } from "../../../base/index.ts";
import type { StageContext } from "../../source.ts";
import { listed } from "./shard-order.ts";
import { lostRecords } from "./stream-gaps.ts";
import { begun } from "./stream-horizon.ts";
import { Spool, type Spooled } from "./spool.ts";
import { addRecords } from "./stream-lines.ts";
import { KEPT_MS, type ShardState, type StreamState } from "./stream-state.ts";
import { isFault, type RecordsPage, type ShardFacts, type TableClient } from "./table-client.ts";

/** Iterators that are still good, by shard: a shard that was read before goes on without asking for a new one. */
export type IteratorMemory = Map<string, { readonly iterator: string; readonly after: string | undefined }>;

export interface ShardReading {
  readonly client: TableClient;
  readonly world: World;
  readonly context: StageContext;
  readonly iterators: IteratorMemory;
  /** Bytes after which the batch is full. */
  readonly bytesMax: number;
}

export interface ReadShards {
  readonly spooled: Spooled;
  readonly state: StreamState;
  /** Whether every shard was read up to its present end. */
  readonly isDrained: boolean;
}

/** Shards read side by side; each page is 1 MB at most. */
const SHARDS_AT_ONCE = 16;
/** An open shard may answer with nothing though there is something: only so many such answers in a row mean its end. */
const EMPTY_PAGES = 5;
const EMPTY_PAUSE_MS = 100;

/**
 * Reads every shard that may be read, a closed one to its end and then those after it, an open one up to what it has at present; the
 * records go to a spool. Stops when the batch is full.
 */
export async function readShards(start: StreamState, reading: ShardReading): Promise<ReadShards> {
  const spool = await Spool.create(reading.context.folder, `stream-${reading.world.uuid()}.ndjson`);
  try {
    const pass = new Pass(start, spool, reading);
    const isDrained = await pass.drain();
    return { spooled: await spool.finish(), state: pass.state, isDrained };
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

class Pass {
  state: StreamState;
  readonly #spool: Spool;
  readonly #reading: ShardReading;
  /** Shards that are up to date. */
  readonly #idle = new Set<string>();

  constructor(start: StreamState, spool: Spool, reading: ShardReading) {
    this.state = start;
    this.#spool = spool;
    this.#reading = reading;
  }

  async drain(): Promise<boolean> {
    for (;;) {
      const shards = (await this.#look()).filter(({ id }) => !this.#idle.has(id));
      if (shards.length === 0) return true;
      const queue = [...shards];
      const work = async (): Promise<void> => {
        try {
          for (let shard = queue.shift(); shard !== undefined && !this.#isFull; shard = queue.shift())
            await this.#read(shard);
        } catch (error) {
          queue.length = 0;
          throw error;
        }
      };
      const done = await Promise.allSettled(Array.from({ length: Math.min(SHARDS_AT_ONCE, shards.length) }, work));
      const failed = done.find((one) => one.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      if (this.#isFull) return false;
    }
  }

  get #isFull(): boolean {
    return this.#spool.sizeBytes >= this.#reading.bytesMax;
  }

  /** The shards that may be read now. */
  async #look(): Promise<readonly ShardFacts[]> {
    const { client, world } = this.#reading;
    const askedMs = world.nowMs();
    const facts = await client.describeStream(this.state.streamArn);
    const { state, readable, lost } = listed(this.state, facts, askedMs);
    if (lost.length > 0) throw lostRecords(this.state, lost);
    this.state = state;
    return readable;
  }

  async #read(shard: ShardFacts): Promise<void> {
    const { context, world } = this.#reading;
    let empty = 0;
    let quietMs = 0;
    let ahead: Promise<RecordsPage | undefined> | undefined;
    while (!this.#isFull) {
      if (context.signal?.aborted === true) throw interrupted();
      const page = (await ahead) ?? (await this.#page(shard));
      const count = page.records.places.length / 2;
      // While the server looks for the next records, these are written.
      ahead = count === 0 || page.next === undefined ? undefined : this.#ahead(page.next);
      await this.#take(shard, page);
      if (page.next === undefined) return;
      empty = count === 0 ? empty + 1 : 0;
      // What is older would have come with one of the pages asked for from now on.
      if (empty === 1) quietMs = world.nowMs();
      if (empty < EMPTY_PAGES) {
        if (empty > 0) await world.sleep(EMPTY_PAUSE_MS, context.signal);
        continue;
      }
      this.#idle.add(shard.id);
      this.#set(shard.id, { ...this.#of(shard.id), caughtUpMs: quietMs });
      return;
    }
  }

  async #take(shard: ShardFacts, page: RecordsPage): Promise<void> {
    const { iterators, context } = this.#reading;
    const { epoch, streamArn } = this.state;
    const label = streamArn.slice(streamArn.lastIndexOf("/") + 1);
    const after = addRecords(this.#spool, page.records, { epoch, label, shard: shard.id }, this.#of(shard.id));
    this.#set(shard.id, page.next === undefined ? { ...after, isDone: true } : after);
    if (page.next === undefined) iterators.delete(shard.id);
    else iterators.set(shard.id, { iterator: page.next, after: after.after });
    context.onProgress?.({ records: this.#spool.lines, bytes: this.#spool.sizeBytes });
    await this.#spool.flush();
  }

  async #page(shard: ShardFacts): Promise<RecordsPage> {
    const { client } = this.#reading;
    for (;;) {
      const iterator = await this.#iterator(shard);
      try {
        return await client.records(iterator);
      } catch (error) {
        // Whatever is wrong with it, a new one tells.
        this.#reading.iterators.delete(shard.id);
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
    const { client, iterators } = this.#reading;
    const { after } = this.#of(shard.id);
    const kept = iterators.get(shard.id);
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

function interrupted(): SluiceError {
  return new SluiceError("run.interrupted", "Cannot finish reading the stream: the run was interrupted");
}
