import type { BatchManifest, StructType } from "../../contract/index.ts";
import type { Channel } from "../../sources/index.ts";

/** Where a channel is: by its last commit, and by what it learnt since without taking a record in. */
export interface ChannelPosition {
  /** The number of its newest batch that is in; -1 before the first. */
  readonly position: number;
  readonly last: BatchManifest | undefined;
  readonly moved: string | undefined;
}

/** What is known of a channel's newest batch. */
export type NewestBatch = Pick<BatchManifest, "channel" | "epoch" | "createdMs">;

/** After so long a process looks whether the table is still where it left it: others may have written to it, or restored it. */
const LOOK_MS = 60_000;
/**
 * What a channel learnt without a record is written down so often. It is needed once nobody has read the channel for a day, and what
 * is lost of it makes that a few minutes earlier.
 */
const REMEMBER_MS = 5 * 60_000;

/** What a process that stays knows of a table's channels, so that a round with nothing new asks the store for nothing. */
export class ChannelMemory {
  readonly #known = new Map<string, ChannelPosition & { readonly atMs: number }>();
  readonly #remembered = new Map<string, number>();
  #newest: { readonly batches: readonly NewestBatch[]; readonly atMs: number } | undefined;
  #schema: { readonly schema: StructType; readonly atMs: number } | undefined;

  /** `isFresh`: it need not be looked up again. */
  of({ name }: Channel, nowMs: number): (ChannelPosition & { readonly isFresh: boolean }) | undefined {
    const known = this.#known.get(name);
    return known === undefined ? undefined : { ...known, isFresh: nowMs < known.atMs + LOOK_MS };
  }

  set({ name }: Channel, position: ChannelPosition, nowMs: number): void {
    this.#known.set(name, { ...position, atMs: nowMs });
    // Until something is written down, a channel's beginning is due at once.
    const isWritten = position.last !== undefined || position.moved !== undefined;
    if (isWritten && !this.#remembered.has(name)) this.#remembered.set(name, nowMs);
  }

  /** The channel moved without a record: it is where it was, and nobody has looked. */
  move({ name }: Channel, moved: string): void {
    const known = this.#known.get(name);
    if (known !== undefined) this.#known.set(name, { ...known, moved });
  }

  /** The table's schema, unless somebody may have changed it. */
  schema(nowMs: number): StructType | undefined {
    return this.#schema !== undefined && nowMs < this.#schema.atMs + LOOK_MS ? this.#schema.schema : undefined;
  }

  keepSchema(schema: StructType, nowMs: number): void {
    this.#schema = { schema, atMs: nowMs };
  }

  /** The newest batch of each channel that the table ever had, unless it is time to look again. */
  newest(nowMs: number): readonly NewestBatch[] | undefined {
    return this.#newest !== undefined && nowMs < this.#newest.atMs + LOOK_MS ? this.#newest.batches : undefined;
  }

  keepNewest(batches: readonly NewestBatch[], nowMs: number): void {
    this.#newest = { batches, atMs: nowMs };
  }

  /** Whether what the channel learnt is to be written down. */
  isDue({ name }: Channel, nowMs: number): boolean {
    return nowMs >= (this.#remembered.get(name) ?? 0) + REMEMBER_MS;
  }

  written({ name }: Channel, nowMs: number): void {
    this.#remembered.set(name, nowMs);
  }

  /** Another process has gone on, or something failed: all, or what is known of one channel, is to be looked up again. */
  forget(channel?: Channel): void {
    if (channel !== undefined) this.#known.delete(channel.name);
    else this.#known.clear();
    this.#newest = undefined;
    this.#schema = undefined;
  }
}
