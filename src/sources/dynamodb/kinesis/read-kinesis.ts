import { SluiceError, eachAtOnce, type World } from "../../../base/index.ts";
import type { StageContext, UnreadableLine } from "../../source.ts";
import { eventLine } from "../envelope/event-line.ts";
import { NoRecord, readEnvelope } from "../envelope/read-envelope.ts";
import { RecordCutter } from "../envelope/record-cutter.ts";
import { unreadableRecord } from "../envelope/unreadable-record.ts";
import type { ImageFilter } from "../live/filtered-image.ts";
import { Spool, type Spooled } from "../live/spool.ts";
import { isFault } from "../live/table-client.ts";
import type { KinesisClient, KinesisPage, KinesisRecord, KinesisShard } from "./kinesis-client.ts";
import type { KinesisMemory } from "./kinesis-memory.ts";
import { listedKinesis } from "./kinesis-order.ts";
import type { KinesisShardState, KinesisState } from "./kinesis-state.ts";
import { lostFromKinesis } from "./kinesis-gaps.ts";

export interface KinesisReading {
  readonly client: KinesisClient;
  readonly world: World;
  readonly context: StageContext;
  readonly memory: KinesisMemory;
  readonly table: string;
  readonly filter?: ImageFilter | undefined;
  /** Shards that nothing was taken from yet are read from here on; from the oldest record unless told. */
  readonly sinceMs?: number | undefined;
  /** Bytes after which the batch is full. */
  readonly bytesMax: number;
}

export interface ReadKinesis {
  readonly spooled: Spooled;
  readonly state: KinesisState;
  /** Whether every shard was read up to its present end. */
  readonly isDrained: boolean;
  readonly newestMs: number | undefined;
  readonly unreadable: readonly UnreadableLine[];
  /** Of each line of the spool the shard and the number of its record. */
  readonly places: readonly string[];
}

/** Each answer has up to 10 MB. */
const SHARDS_AT_ONCE = 8;
/** AWS, "GetRecords": five a second and shard, for all who read it. */
const PAUSE_MS = 200;

/** Reads every shard that may be read, one that is closed to its end and then those after it; the changes of the table go to a spool. */
export async function readKinesis(start: KinesisState, reading: KinesisReading): Promise<ReadKinesis> {
  const spool = await Spool.create(reading.context.folder, `kinesis-${reading.world.uuid()}.ndjson`);
  try {
    const pass = new Pass(start, spool, reading);
    const isDrained = await pass.drain();
    const { state, newestMs, unreadable, places } = pass;
    return { spooled: await spool.finish(), state, isDrained, newestMs, unreadable, places };
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

class Pass {
  state: KinesisState;
  newestMs: number | undefined;
  readonly unreadable: UnreadableLine[] = [];
  readonly places: string[] = [];
  readonly #spool: Spool;
  readonly #reading: KinesisReading;
  /** Shards that are up to date. */
  readonly #idle = new Set<string>();

  constructor(start: KinesisState, spool: Spool, reading: KinesisReading) {
    this.state = start;
    this.#spool = spool;
    this.#reading = reading;
  }

  async drain(): Promise<boolean> {
    for (;;) {
      const shards = (await this.#look()).filter(({ id }) => !this.#idle.has(id));
      if (shards.length === 0) return true;
      await eachAtOnce(
        shards,
        SHARDS_AT_ONCE,
        async (shard) => await this.#read(shard),
        () => this.#isFull,
      );
      if (this.#isFull) return false;
    }
  }

  get #isFull(): boolean {
    return this.#spool.sizeBytes >= this.#reading.bytesMax;
  }

  async #look(): Promise<KinesisShard[]> {
    const { client, world, memory, context } = this.#reading;
    const { stream, seenMs } = await memory.look(client, world, context.pace !== undefined);
    const { state, readable, lost } = listedKinesis(this.state, stream, { seenMs, nowMs: world.nowMs() });
    if (lost.length > 0) throw lostFromKinesis(this.state, lost);
    this.state = state;
    return [...readable];
  }

  /** Until the shard is up to date, or at its end. */
  async #read({ id }: KinesisShard): Promise<void> {
    const { context, memory, world } = this.#reading;
    while (!this.#isFull) {
      if (context.signal?.aborted === true) throw interrupted();
      const waitMs = (memory.asked.get(id) ?? 0) + PAUSE_MS - world.nowMs();
      if (waitMs > 0) await world.sleep(waitMs, context.signal);
      const page = await this.#page(id);
      this.#take(id, page);
      await this.#spool.flush();
      if (page.next === undefined) return;
      // An answer may be empty though there is more; how far behind it is tells.
      if (page.behindMs === 0) {
        this.#idle.add(id);
        return;
      }
    }
  }

  #take(id: string, { records, next, behindMs }: KinesisPage): void {
    const { memory, context, world } = this.#reading;
    for (const record of records) this.#record(id, record);
    const { isCurrent: _isCurrent, ...before } = this.#of(id);
    const after = records.at(-1)?.sequence ?? before.after;
    const state: KinesisShardState = {
      ...before,
      ...placesOf(before, records),
      // What was there before the first look is more than was asked for.
      readToMs: Math.max(before.readToMs, world.nowMs() - behindMs),
      ...(next === undefined ? { isDone: true } : behindMs === 0 ? { isCurrent: true } : {}),
    };
    this.state = { ...this.state, shards: { ...this.state.shards, [id]: state } };
    if (next === undefined) memory.end(id);
    else memory.iterators.set(id, { iterator: next, after });
    context.onProgress?.({ records: this.#spool.lines, bytes: this.#spool.sizeBytes });
  }

  /** A record holds one JSON object. */
  #record(shard: string, { data, sequence, arrivedMs }: KinesisRecord): void {
    const place = `${this.state.streamArn.slice(this.state.streamArn.lastIndexOf("/") + 1)}/${shard}/${sequence}`;
    const cutter = new RecordCutter({
      record: (bytes, start, end) => {
        try {
          this.#change(bytes.subarray(0, end), start, { place, arrivedMs });
          return undefined;
        } catch (error) {
          if (error instanceof NoRecord) return error.message;
          throw error;
        }
      },
      refuse: (raw, offset, reason) => {
        this.unreadable.push(unreadableRecord(place, { number: 1, offset, raw, reason }));
      },
    });
    cutter.push(data);
    cutter.end();
  }

  #change(bytes: Uint8Array, start: number, from: { readonly place: string; readonly arrivedMs: number }): void {
    const envelope = readEnvelope(bytes, start);
    const { table, filter } = this.#reading;
    if (envelope.table !== undefined && envelope.table !== table) return;
    if (this.state.sinceMs === undefined)
      this.state = { ...this.state, sinceMs: Math.max(this.state.lookedMs, from.arrivedMs) };
    this.newestMs = Math.max(this.newestMs ?? 0, Math.floor(envelope.micros / 1_000));
    const meta = `${envelope.meta},"place":${JSON.stringify(from.place)}`;
    const line = eventLine(bytes, { ...envelope, meta }, { table, filter, epoch: this.state.epoch });
    if (line === undefined) return;
    this.#spool.line(line);
    this.places.push(from.place);
  }

  async #page(id: string): Promise<KinesisPage> {
    const { client, memory, world } = this.#reading;
    for (;;) {
      const iterator = await this.#iterator(id);
      memory.asked.set(id, world.nowMs());
      try {
        return await client.records(iterator);
      } catch (error) {
        // Whatever is wrong with it, a new one tells.
        memory.iterators.delete(id);
        if (isFault(error, "missing", "trimmed")) throw lostFromKinesis(this.state, [`shard ${id}`], error);
        if (!isFault(error, "iterator-expired")) throw error;
      }
    }
  }

  async #iterator(id: string): Promise<string> {
    const { client, memory, sinceMs } = this.#reading;
    const { after } = this.#of(id);
    const kept = memory.iterators.get(id);
    if (kept !== undefined && kept.after === after) return kept.iterator;
    try {
      const from = after !== undefined ? { after } : sinceMs === undefined ? {} : { sinceMs };
      return await client.iterator({ shard: id, ...from });
    } catch (error) {
      if (isFault(error, "missing", "trimmed")) throw lostFromKinesis(this.state, [`shard ${id}`], error);
      throw error;
    }
  }

  #of(id: string): KinesisShardState {
    return this.state.shards[id] ?? { readToMs: this.state.lookedMs };
  }
}

/** Between which records a shard was read, once these are in. */
function placesOf(
  before: KinesisShardState,
  records: readonly KinesisRecord[],
): Pick<KinesisShardState, "first" | "after" | "afterMs"> {
  const [first, last] = [records.at(0), records.at(-1)];
  if (first === undefined || last === undefined) return {};
  // What an older version read has no first record that is known.
  const isFirst = before.after === undefined;
  return {
    ...(isFirst ? { first: { sequence: first.sequence, arrivedMs: first.arrivedMs } } : {}),
    after: last.sequence,
    afterMs: last.arrivedMs,
  };
}

function interrupted(): SluiceError {
  return new SluiceError("run.interrupted", "Cannot finish reading the Kinesis stream: the run was interrupted");
}
