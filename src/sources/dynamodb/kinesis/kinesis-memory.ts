import type { World } from "../../../base/index.ts";
import type { KinesisClient, KinesisStream } from "./kinesis-client.ts";

/** A process that stays looks for new shards so often; what comes behind a shard that has ended it looks for at once. */
const LOOK_MS = 60_000;

interface Look {
  readonly stream: KinesisStream;
  readonly seenMs: number;
}

/** What a process knows of a stream while it lives. All of it can be found out again: nothing of it is kept. */
export class KinesisMemory {
  /** Iterators that are still good, by shard. */
  readonly iterators = new Map<string, { readonly iterator: string; readonly after: string | undefined }>();
  /** When each shard was asked last. */
  readonly asked = new Map<string, number>();
  #look: Look | undefined;
  #fed: { readonly isFed: boolean | undefined; readonly seenMs: number } | undefined;

  /** The stream and its shards; where `mayBeKnown`, as they were a moment ago. Fails with the fault `missing` where it is not there. */
  async look(client: KinesisClient, world: World, mayBeKnown: boolean): Promise<Look> {
    const seenMs = world.nowMs();
    if (mayBeKnown && this.#look !== undefined && seenMs < this.#look.seenMs + LOOK_MS) return this.#look;
    this.#look = undefined;
    this.#look = { stream: await client.describe(), seenMs };
    return this.#look;
  }

  async isFed(client: KinesisClient, world: World, mayBeKnown: boolean): Promise<boolean | undefined> {
    const seenMs = world.nowMs();
    if (mayBeKnown && this.#fed !== undefined && seenMs < this.#fed.seenMs + LOOK_MS) return this.#fed.isFed;
    this.#fed = { isFed: await client.isFed(), seenMs };
    return this.#fed.isFed;
  }

  /** A shard was read to its end: others come behind it. */
  end(shard: string): void {
    this.iterators.delete(shard);
    this.asked.delete(shard);
    this.#look = undefined;
  }
}
