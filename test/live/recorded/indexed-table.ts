import type { World } from "../../../src/base/index.ts";
import type { IndexClient, IndexPage, IndexQuery } from "../../../src/sources/dynamodb/increments/index-client.ts";
import { SourceFault, type JsonItems, type TableClient } from "../../../src/sources/dynamodb/live/table-client.ts";

interface Stored {
  readonly id: string;
  readonly value: number;
  /** What the writer's clock said. */
  readonly changed: string;
  readonly partition: string;
  readonly atMs: number;
}

/** A table with an index over the time of change: it lags, its writers' clocks differ, and it has no stream. */
export class IndexedTable {
  readonly items = new Map<string, Stored>();
  readonly world: World;
  isWhole = true;
  onRequest: () => void = () => undefined;
  requests = 0;
  readonly #random: () => number;
  readonly #changed = new Map<string, number>();
  /** What the index shows, later than the table does. */
  readonly #index: { readonly atMs: number; readonly id: string; readonly item: Stored | undefined }[] = [];

  constructor(world: World, random: () => number) {
    this.world = world;
    this.#random = random;
  }

  put(id: string, value: number, { skewMs = 0, form = "2026-01-01T00:00:00.000Z" } = {}): void {
    const atMs = this.world.nowMs();
    // A writer does not set back what another one wrote, though its clock may be behind.
    // Where the index has not all of an item, nothing but another time tells that it changed.
    const leastMs = (this.#changed.get(id) ?? 0) + (this.isWhole ? 0 : 1);
    const ms = Math.max(atMs + skewMs, leastMs);
    this.#changed.set(id, ms);
    const item = {
      id,
      value,
      atMs,
      changed: timeIn(form, ms),
      partition: `s${value % 2}`,
    };
    this.items.set(id, item);
    this.#show(id, item);
  }

  delete(id: string): void {
    this.items.delete(id);
    this.#show(id, undefined);
  }

  /** An item is seen in the index so long after it was written, in the order of its changes. */
  #show(id: string, item: Stored | undefined): void {
    const newest = this.#index.findLast((one) => one.id === id)?.atMs ?? 0;
    this.#index.push({ atMs: Math.max(newest, this.world.nowMs() + this.#random() * 30_000), id, item });
  }

  #shown(): readonly Stored[] {
    const shown = new Map<string, Stored | undefined>();
    for (const { atMs, id, item } of this.#index) if (atMs <= this.world.nowMs()) shown.set(id, item);
    return [...shown.values()].filter((item) => item !== undefined);
  }

  readonly index: IndexClient = {
    describeIndex: async (index) => {
      await Promise.resolve();
      return index === "changed" ? { tableId: "t", keys: ["partition", "changed"], isWhole: this.isWhole } : undefined;
    },
    query: async ({ partition, since, startKey, isBackwards = false, limit = 3 }: IndexQuery): Promise<IndexPage> => {
      this.#request();
      const { S: wanted } = JSON.parse(partition) as { readonly S: string };
      const mine = this.#shown().filter(
        (item) => item.partition === wanted && (since === undefined || item.changed >= since.text),
      );
      const sorted = mine.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
      if (isBackwards) sorted.reverse();
      const rest = startKey === undefined ? sorted : sorted.filter((item) => placeOf(item) > startKey);
      const page = rest.slice(0, Math.min(limit, 3));
      const last = page.at(-1);
      const isEnd = last === undefined || last === rest.at(-1);
      await Promise.resolve();
      return {
        items: itemsOf(page.map((item) => (this.isWhole ? imageOf(item) : keysOf(item)))),
        scanned: page.length,
        units: 1,
        lastKey: isEnd ? undefined : placeOf(last),
      };
    },
    close: () => undefined,
  };

  get client(): TableClient {
    return {
      where: "here",
      describeTable: async () => {
        await Promise.resolve();
        const capacity = { kind: "on-demand", readMost: undefined } as const;
        return { arn: "arn", id: "t", keys: ["id"], createdMs: 0, items: this.items.size, sizeBytes: 1, capacity };
      },
      scan: async ({ segment, segments, startKey = "", filter }: Parameters<TableClient["scan"]>[0]) => {
        this.#request();
        await Promise.resolve();
        const mine = [...this.items.values()].filter(({ id }) => Number(id.slice(1)) % segments === segment);
        const rest = mine.toSorted((one, other) => (one.id < other.id ? -1 : 1)).filter(({ id }) => id > startKey);
        const page = rest.slice(0, 2);
        const lastKey = page.at(-1) === rest.at(-1) ? undefined : page.at(-1)?.id;
        const shown = filter === undefined ? page : page.filter(({ value }) => value < 50);
        return { items: itemsOf(shown.map(imageOf)), scanned: page.length, units: 1, lastKey };
      },
      getItems: async (keys: readonly string[]) => {
        this.#request();
        await Promise.resolve();
        const found = keys.flatMap((key) => this.items.get((JSON.parse(key) as { id: { S: string } }).id.S) ?? []);
        return { items: itemsOf(found.map(imageOf)), units: 1, left: [] };
      },
    } as unknown as TableClient;
  }

  #request(): void {
    this.requests += 1;
    this.onRequest();
    if (this.#random() < 0.03) throw new SourceFault("throttled", "Slow down");
  }
}

/** A time in the form of another one: a number of milliseconds or seconds, or as much of the text as that has. */
function timeIn(form: string, ms: number): string {
  if (/^\d+$/.test(form)) return String(Math.floor(ms / 10 ** (13 - form.length)));
  const text = new Date(ms).toISOString().slice(0, form.replace("Z", "").length);
  return form.endsWith("Z") ? `${text}Z` : text;
}

function placeOf({ changed, id }: Stored): string {
  return `${changed}/${id}`;
}

function imageOf({ id, value, changed, partition }: Stored): string {
  const tag = /^\d+$/.test(changed) ? "N" : "S";
  return `{"id":{"S":"${id}"},"v":{"N":"${value}"},"changed":{"${tag}":"${changed}"},"partition":{"S":"${partition}"}}`;
}

function keysOf(item: Stored): string {
  return imageOf(item).replace(/"v":\{"N":"\d+"\},/, "");
}

function itemsOf(texts: readonly string[]): JsonItems {
  const places = texts.flatMap((text, at) => {
    const start = texts.slice(0, at).join("").length;
    return [start, start + text.length];
  });
  return { bytes: Buffer.from(texts.join("")), places };
}
