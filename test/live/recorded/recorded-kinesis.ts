import type { World } from "../../../src/base/index.ts";
import type {
  KinesisClient,
  KinesisPage,
  KinesisStream,
} from "../../../src/sources/dynamodb/kinesis/kinesis-client.ts";
import { SourceFault } from "../../../src/sources/dynamodb/live/table-client.ts";
import { kinesisRecord, type Change } from "../../builders/change-record.ts";
import { item } from "../../builders/dynamodb-item.ts";

const ITERATOR_MS = 5 * 60_000;
const PAGE_RECORDS = 3;

interface Shard {
  readonly id: string;
  readonly parents: readonly string[];
  /** Keys go to the open shard whose number their hash falls upon. */
  readonly records: { readonly sequence: string; readonly arrivedMs: number; readonly data: Uint8Array }[];
  closedMs: number | undefined;
}

export interface KinesisMischief {
  readonly random: () => number;
  readonly throttles?: number;
  readonly empties?: number;
  /** How often a change is put twice. */
  readonly doubles?: number;
  /** How long a change may be under way to the stream. */
  readonly delayMs?: number;
}

/**
 * A table and the Kinesis stream that it sends its changes to, in memory and with a clock of the test's own: changes come late, twice and in
 * another order; shards split and merge; what is older than the retention goes, and nobody says so.
 */
export class RecordedKinesis implements KinesisClient {
  readonly where = "a recorded stream";
  readonly items = new Map<string, string>();
  /** Every change that was ever made, by its time: that of its event, too. */
  readonly changes: { readonly atMs: number; readonly micros: number }[] = [];
  onRequest: () => void = () => undefined;
  keptMs = 24 * 3_600_000;
  fed: boolean | undefined = true;
  readonly #world: World;
  readonly #mischief: KinesisMischief;
  #createdMs: number;
  #shards: Shard[] = [];
  #sequence = 1_000;
  #micros = 0;
  #under: { readonly key: string; readonly data: Uint8Array; readonly dueMs: number }[] = [];

  constructor(world: World, mischief: KinesisMischief) {
    this.#world = world;
    this.#mischief = mischief;
    this.#createdMs = world.nowMs();
    this.#open([]);
    this.#open([]);
  }

  put(key: string, value: string): void {
    const before = this.items.get(key);
    this.items.set(key, value);
    this.#send(key, before, value);
  }

  delete(key: string): void {
    const before = this.items.get(key);
    if (before === undefined) return;
    this.items.delete(key);
    this.#send(key, before, undefined);
  }

  /** Bytes of somebody else. */
  putBytes(data: Uint8Array): void {
    this.#deliver();
    this.#arrive("other", data, this.#world.nowMs());
  }

  split(): void {
    this.#deliver();
    const shard = this.#any();
    if (shard === undefined || this.#openShards().length > 6) return;
    shard.closedMs = this.#world.nowMs();
    this.#open([shard.id]);
    this.#open([shard.id]);
  }

  merge(): void {
    this.#deliver();
    const [one, other] = this.#openShards();
    if (one === undefined || other === undefined) return;
    for (const shard of [one, other]) shard.closedMs = this.#world.nowMs();
    this.#open([one.id, other.id]);
  }

  /** The stream is deleted and made anew under its name. */
  remake(): void {
    this.#createdMs = this.#world.nowMs();
    this.#shards = [];
    this.#open([]);
  }

  async describe(): Promise<KinesisStream> {
    await this.#ask();
    const shards = this.#shards.map(({ id, parents }) => ({ id, parents }));
    return {
      arn: "arn:aws:kinesis:eu-central-1:1:stream/orders",
      createdMs: this.#createdMs,
      keptMs: this.keptMs,
      shards,
    };
  }

  async isFed(): Promise<boolean | undefined> {
    await this.#ask();
    return this.fed;
  }

  async iterator({ shard, after, sinceMs }: { shard: string; after?: string; sinceMs?: number }): Promise<string> {
    await this.#ask();
    const { records } = this.#find(shard);
    // A position that is gone goes on with what is left.
    const at = records.findIndex(({ sequence, arrivedMs }) => (after === undefined ? arrivedMs >= (sinceMs ?? 0) : sequence > after)); // prettier-ignore
    const from = at < 0 ? String(this.#sequence) : (records[at]?.sequence ?? "");
    return `${shard}|${from}|${this.#world.nowMs() + ITERATOR_MS}`;
  }

  async records(iterator: string): Promise<KinesisPage> {
    await this.#ask();
    const [id = "", from = "", untilMs = ""] = iterator.split("|");
    const nowMs = this.#world.nowMs();
    if (nowMs > Number(untilMs)) throw new SourceFault("iterator-expired", "the iterator has expired");
    const shard = this.#find(id);
    const left = shard.records.filter(({ sequence }) => sequence >= from);
    const isEmpty = left.length > 0 && this.#mischief.random() < (this.#mischief.empties ?? 0);
    const records = isEmpty ? [] : left.slice(0, PAGE_RECORDS);
    const last = records.at(-1);
    const next = left[records.length]?.sequence ?? String(this.#sequence);
    const isThrough = left.length === records.length;
    const behindMs = isThrough ? 0 : Math.max(1, nowMs - (last?.arrivedMs ?? left[0]?.arrivedMs ?? nowMs));
    const isEnd = isThrough && shard.closedMs !== undefined;
    return { records, next: isEnd ? undefined : `${id}|${next}|${nowMs + ITERATOR_MS}`, behindMs };
  }

  close(): void {
    // Nothing is open.
  }

  #send(key: string, before: string | undefined, after: string | undefined): void {
    const nowMs = this.#world.nowMs();
    this.#micros = Math.max(this.#micros + 1, nowMs * 1_000);
    this.changes.push({ atMs: nowMs, micros: this.#micros });
    const image = (value: string | undefined): Change["after"] =>
      value === undefined ? undefined : item({ id: key, v: Number(value) });
    const change = { id: key, micros: this.#micros, before: image(before), after: image(after) };
    const { random, doubles = 0, delayMs = 0 } = this.#mischief;
    for (let times = random() < doubles ? 2 : 1; times > 0; times -= 1) {
      const data = Buffer.from(JSON.stringify(kinesisRecord(change, { eventId: `${this.#micros}-${times}` })));
      this.#under.push({ key, data, dueMs: nowMs + random() * delayMs });
    }
  }

  /** What was under way long enough is there, from the moment on at which it arrived. */
  #deliver(): void {
    const nowMs = this.#world.nowMs();
    const due = this.#under.filter(({ dueMs }) => dueMs <= nowMs).toSorted((left, right) => left.dueMs - right.dueMs);
    this.#under = this.#under.filter(({ dueMs }) => dueMs > nowMs);
    for (const { key, data, dueMs } of due) this.#arrive(key, data, dueMs);
  }

  #arrive(key: string, data: Uint8Array, arrivedMs: number): void {
    const open = this.#openShards();
    const hash = Buffer.from(key).reduce((sum, byte) => sum + byte, 0);
    const shard = open[hash % open.length] as Shard;
    this.#sequence += 1;
    shard.records.push({ sequence: String(this.#sequence), arrivedMs, data });
  }

  async #ask(): Promise<void> {
    this.onRequest();
    await Promise.resolve();
    this.#deliver();
    const nowMs = this.#world.nowMs();
    for (const shard of this.#shards) {
      const firstKept = shard.records.findIndex(({ arrivedMs }) => nowMs - arrivedMs < this.keptMs);
      shard.records.splice(0, firstKept < 0 ? shard.records.length : firstKept);
    }
    this.#shards = this.#shards.filter(({ closedMs }) => closedMs === undefined || nowMs - closedMs < this.keptMs);
    if (this.#mischief.random() < (this.#mischief.throttles ?? 0)) throw new SourceFault("throttled", "slow down");
  }

  #find(id: string): Shard {
    const shard = this.#shards.find((one) => one.id === id);
    if (shard === undefined) throw new SourceFault("missing", "no such shard");
    return shard;
  }

  #openShards(): readonly Shard[] {
    return this.#shards.filter(({ closedMs }) => closedMs === undefined);
  }

  #any(): Shard | undefined {
    const open = this.#openShards();
    return open[Math.floor(this.#mischief.random() * open.length)];
  }

  #open(parents: readonly string[]): void {
    this.#sequence += 1;
    this.#shards.push({ id: `shard-${this.#sequence}`, parents, records: [], closedMs: undefined });
  }
}
