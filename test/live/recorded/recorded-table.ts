import type { World } from "../../../src/base/index.ts";
import { matchesFilter, projectItem, type AttributeMap, type ItemFilter } from "../../../src/contract/index.ts";
import {
  SourceFault,
  type JsonItems,
  type ShardFacts,
  type StreamView,
  type TableClient,
} from "../../../src/sources/dynamodb/live/table-client.ts";

const KEPT_MS = 24 * 3_600_000;
const ITERATOR_MS = 15 * 60_000;

interface Shard {
  readonly id: string;
  readonly parent: string | undefined;
  /** Keys whose hash ends in these bits are written here. */
  readonly bits: string;
  readonly records: { readonly sequence: number; readonly atMs: number; readonly json: string }[];
  closedMs: number | undefined;
}

export interface Mischief {
  /** Uniform in [0, 1): what the table does of its own accord follows from it. */
  readonly random: () => number;
  /** How often a request is refused, a page is empty, or the whole time of the stream seems to go back. */
  readonly throttles?: number;
  readonly empties?: number;
  /** A scan shows each page as it was at most so long ago: it is eventually consistent. */
  readonly staleMs?: number;
  /** How often a shard may split in two, from the first one on. Four times unless told. */
  readonly splits?: number;
  /** What the stream's records hold. New and old images unless told. */
  readonly view?: StreamView;
}

/**
 * A table with its stream, in memory and with a clock of the test's own: shards that split, close and are trimmed after a day, iterators
 * that expire, pages without records, requests that are refused. Stands where DynamoDB's own emulator has none of these.
 */
export class RecordedTable implements TableClient {
  readonly where = "a recorded table";
  readonly items = new Map<string, string>();
  /** Asked before each request: where others write meanwhile. */
  onRequest: () => void = () => undefined;
  requests = 0;
  /** Every change that was made, with the number of its record in the stream, if there was a stream. */
  readonly changes: { readonly atMs: number; readonly sequence: number | undefined }[] = [];
  /** What the filter of a scan's request means. */
  filter: ItemFilter | undefined;
  #arn = "arn:recorded/stream/1";
  #createdMs: number;
  #streamMs: number;
  #shards: Shard[] = [];
  #old: { readonly arn: string; readonly shards: Shard[]; readonly createdMs: number } | undefined;
  #sequence = 1_000;
  readonly #writes: { readonly atMs: number; readonly key: string; readonly value: string | undefined }[] = [];
  #made = 0;
  readonly #world: World;
  readonly #mischief: Mischief;

  constructor(world: World, mischief: Mischief) {
    this.#world = world;
    this.#mischief = mischief;
    this.#createdMs = world.nowMs();
    this.#streamMs = this.#createdMs;
    this.#open(undefined, "");
  }

  put(key: string, value: string): void {
    const before = this.items.get(key);
    this.items.set(key, value);
    this.#writes.push({ atMs: this.#world.nowMs(), key, value });
    this.#record(key, before === undefined ? "INSERT" : "MODIFY", { before, after: value });
  }

  delete(key: string): void {
    const before = this.items.get(key);
    if (before === undefined) return;
    this.items.delete(key);
    this.#writes.push({ atMs: this.#world.nowMs(), key, value: undefined });
    this.#record(key, "REMOVE", { before, after: undefined });
  }

  /** An open shard goes over into two. */
  split(): void {
    const open = this.#shards.filter((shard) => shard.closedMs === undefined);
    const shard = open[Math.floor(this.#mischief.random() * open.length)];
    if (shard === undefined || shard.bits.length > (this.#mischief.splits ?? 4)) return;
    shard.closedMs = this.#world.nowMs();
    this.#open(shard.id, `0${shard.bits}`);
    this.#open(shard.id, `1${shard.bits}`);
  }

  get openShards(): number {
    return this.#shards.filter(({ closedMs }) => closedMs === undefined).length;
  }

  /** The open shard that a key is written to. */
  shardOf(key: string): string | undefined {
    return this.#openFor(key)?.id;
  }

  /** The stream is switched off and on again; `write` happens in between. */
  restart(write: () => void = () => undefined): void {
    const nowMs = this.#world.nowMs();
    for (const shard of this.#shards) shard.closedMs ??= nowMs;
    this.#old = { arn: this.#arn, shards: this.#shards, createdMs: this.#streamMs };
    this.#shards = [];
    write();
    this.#streamMs = this.#world.nowMs();
    this.#arn = `arn:recorded/stream/${this.#streamMs}`;
    this.#open(undefined, "");
  }

  /** The table is deleted, with its stream, and made again under its name. */
  recreate(): void {
    this.items.clear();
    this.#writes.length = 0;
    this.#old = undefined;
    this.#shards = [];
    this.#createdMs = this.#world.nowMs();
    this.#streamMs = this.#createdMs;
    this.#arn = `arn:recorded/stream/${this.#streamMs}`;
    this.#open(undefined, "");
  }

  async describeTable(): ReturnType<TableClient["describeTable"]> {
    this.#request();
    const stream = { arn: this.#arn, view: this.#view };
    const size = this.items.size;
    return {
      arn: "arn:recorded",
      id: `recorded-${this.#createdMs}`,
      keys: ["id"],
      createdMs: this.#createdMs,
      items: size,
      sizeBytes: size * 100,
      capacity: { kind: "on-demand" as const, readMost: undefined },
      stream,
      atMs: Math.floor(this.#world.nowMs() / 1_000) * 1_000,
    };
  }

  async scan({
    segment,
    segments,
    startKey,
    filter,
  }: Parameters<TableClient["scan"]>[0]): ReturnType<TableClient["scan"]> {
    this.#request();
    const items = this.#itemsLately();
    const mine = [...items.keys()].filter((key) => hashOf(key) % segments === segment).toSorted();
    const from = startKey === undefined ? "" : (JSON.parse(startKey) as { id: { S: string } }).id.S;
    const page = mine.filter((key) => key > from).slice(0, 3);
    const last = page.at(-1);
    const isEnd = last === undefined || last === mine.at(-1);
    return {
      items: itemsOf(
        this.#shown(
          page.map((key) => imageOf(key, items.get(key) ?? "")),
          filter !== undefined,
        ),
      ),
      scanned: page.length,
      units: 1,
      lastKey: isEnd ? undefined : JSON.stringify({ id: { S: last } }),
    };
  }

  /** Some of the keys at a time, as where they are many or the table is busy. */
  async getItems(keys: readonly string[]): ReturnType<TableClient["getItems"]> {
    this.#request();
    const some = Math.ceil(keys.length * this.#mischief.random());
    const found = keys.slice(0, some).flatMap((key) => {
      const { id } = JSON.parse(key) as { id: { S: string } };
      const value = this.items.get(id.S);
      return value === undefined ? [] : [imageOf(id.S, value)];
    });
    return { items: itemsOf(found), units: some, left: keys.slice(some) };
  }

  #itemsLately(): ReadonlyMap<string, string> {
    const { staleMs = 0, random } = this.#mischief;
    if (staleMs === 0) return this.items;
    const untilMs = this.#world.nowMs() - random() * staleMs;
    const items = new Map<string, string>();
    for (const { atMs, key, value } of this.#writes) {
      if (atMs > untilMs) break;
      if (value === undefined) items.delete(key);
      else items.set(key, value);
    }
    return items;
  }

  /** What a scan gives of items; with a filter in the request as `filter` says. */
  #shown(images: readonly string[], isFiltered: boolean): readonly string[] {
    const { filter } = this;
    if (!isFiltered || filter === undefined) return images;
    return images
      .map((image) => JSON.parse(image) as AttributeMap)
      .filter((item) => matchesFilter(filter, item))
      .map((item) => JSON.stringify(projectItem(filter, item)));
  }

  async describeStream(arn: string): ReturnType<TableClient["describeStream"]> {
    this.#request();
    const { shards, createdMs } = this.#streamNamed(arn);
    const listed = shards.map(({ id, parent, closedMs }): ShardFacts => ({
      id,
      ...(parent === undefined ? {} : { parent }),
      isClosed: closedMs !== undefined,
    }));
    return { arn, createdMs, view: this.#view, shards: listed };
  }

  async iterator({ streamArn, shard: id, after }: Parameters<TableClient["iterator"]>[0]): Promise<string> {
    this.#request();
    const shard = this.#shard(streamArn, id);
    const isGone = after !== undefined && !shard.records.some((record) => record.sequence === Number(after));
    if (isGone) throw new SourceFault("trimmed", "The position is gone");
    return JSON.stringify({
      streamArn,
      id,
      after: after === undefined ? 0 : Number(after),
      madeMs: this.#world.nowMs(),
    });
  }

  async records(iterator: string): ReturnType<TableClient["records"]> {
    this.#request();
    const given = JSON.parse(iterator) as { streamArn: string; id: string; after: number; madeMs: number };
    if (this.#world.nowMs() - given.madeMs > ITERATOR_MS) throw new SourceFault("iterator-expired", "Too old");
    const shard = this.#shard(given.streamArn, given.id);
    const isEmpty = this.#mischief.random() < (this.#mischief.empties ?? 0);
    const page = isEmpty ? [] : shard.records.filter(({ sequence }) => sequence > given.after).slice(0, 3);
    const after = page.at(-1)?.sequence ?? given.after;
    const isEnd = !isEmpty && shard.closedMs !== undefined && !shard.records.some(({ sequence }) => sequence > after);
    return {
      records: itemsOf(page.map((record) => record.json)),
      next: isEnd ? undefined : JSON.stringify({ ...given, after, madeMs: this.#world.nowMs() }),
    };
  }

  /** Paid by the request: there is nothing to change. */
  readonly capacity: TableClient["capacity"] = {
    change: async () => await Promise.resolve("later"),
    raisedFrom: async () => await Promise.resolve(undefined),
    keep: async () => await Promise.resolve(),
    tableReadMost: async () => await Promise.resolve(undefined),
  };

  close(): void {}

  get #view(): StreamView {
    return this.#mischief.view ?? "NEW_AND_OLD_IMAGES";
  }

  #request(): void {
    this.requests += 1;
    this.onRequest();
    this.#trim();
    if (this.#mischief.random() < (this.#mischief.throttles ?? 0)) throw new SourceFault("throttled", "Slow down");
  }

  /** What is older than a day goes, and closed shards that nothing is left of. */
  #trim(): void {
    const fromMs = this.#world.nowMs() - KEPT_MS;
    for (const shards of [this.#shards, this.#old?.shards ?? []]) {
      for (const shard of shards) {
        const first = shard.records.findIndex(({ atMs }) => atMs >= fromMs);
        shard.records.splice(0, first < 0 ? shard.records.length : first);
      }
      const left = shards.filter(({ closedMs }) => closedMs === undefined || closedMs >= fromMs);
      shards.splice(0, shards.length, ...left);
    }
  }

  #streamNamed(arn: string): { readonly shards: readonly Shard[]; readonly createdMs: number } {
    if (arn === this.#arn) return { shards: this.#shards, createdMs: this.#streamMs };
    if (arn === this.#old?.arn && this.#old.shards.length > 0) return this.#old;
    throw new SourceFault("missing", "There is no such stream");
  }

  #shard(arn: string, id: string): Shard {
    const shard = this.#streamNamed(arn).shards.find((one) => one.id === id);
    if (shard === undefined) throw new SourceFault("missing", "There is no such shard");
    return shard;
  }

  #open(parent: string | undefined, bits: string): void {
    this.#made += 1;
    this.#shards.push({ id: `shardId-${this.#made}`, parent, bits, records: [], closedMs: undefined });
  }

  #openFor(key: string): Shard | undefined {
    const hash = hashOf(key).toString(2).padStart(8, "0");
    return this.#shards.find(({ bits, closedMs }) => closedMs === undefined && hash.endsWith(bits));
  }

  #record(
    key: string,
    eventName: string,
    { before, after }: { before: string | undefined; after: string | undefined },
  ): void {
    const shard = this.#openFor(key);
    const atMs = this.#world.nowMs();
    if (shard !== undefined) this.#sequence += 1;
    this.changes.push({ atMs, sequence: shard === undefined ? undefined : this.#sequence });
    if (shard === undefined) return;
    // Approximate: the seconds of neighbours may stand in the wrong order.
    const seconds = Math.floor(atMs / 1_000) - Math.floor(this.#mischief.random() * 3);
    const images = [
      ...(after === undefined || !this.#view.startsWith("NEW") ? [] : [`"NewImage":${imageOf(key, after)}`]),
      ...(before === undefined || !this.#view.includes("OLD") ? [] : [`"OldImage":${imageOf(key, before)}`]),
    ];
    const json = `{"eventID":"e${this.#sequence}","eventName":"${eventName}","dynamodb":{"ApproximateCreationDateTime":${seconds},"Keys":{"id":{"S":"${key}"}},${images.map((image) => `${image},`).join("")}"SequenceNumber":"${this.#sequence}"}}`;
    shard.records.push({ sequence: this.#sequence, atMs, json });
  }
}

function imageOf(key: string, value: string): string {
  return `{"id":{"S":"${key}"},"v":{"N":"${value}"},"even":{"BOOL":${Number(value) % 2 === 0}}}`;
}

function itemsOf(texts: readonly string[]): JsonItems {
  const bytes = Buffer.from(texts.join(","));
  const places: number[] = [];
  let at = 0;
  for (const text of texts) {
    places.push(at, at + Buffer.byteLength(text));
    at += Buffer.byteLength(text) + 1;
  }
  return { bytes, places };
}

function hashOf(key: string): number {
  let hash = 7;
  for (const character of key) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 251;
  return hash;
}
