import { looked, nextLookMs, type ShardLook, type ShardPoll } from "./poll-plan.ts";
import type { StreamState } from "./stream-state.ts";
import type { StreamFacts } from "./table-client.ts";

/** What a process knows of a stream while it lives. All of it can be found out again: nothing of it is kept. */
export class ShardMemory {
  /** Iterators that are still good, by shard: a shard that was read before goes on without asking for a new one. */
  readonly iterators = new Map<string, { readonly iterator: string; readonly after: string | undefined }>();
  readonly polls = new Map<string, ShardPoll>();
  /** When somebody came who reads once, batch after batch. */
  cameMs: number | undefined;
  #stream: StreamFacts | undefined;
  #look: ShardLook | undefined;

  /** The list of shards, unless it is time for a new one. */
  seen(state: StreamState, nowMs: number): { readonly stream: StreamFacts; readonly seenMs: number } | undefined {
    if (this.#stream?.arn !== state.streamArn || this.#look === undefined) return undefined;
    if (nowMs >= nextLookMs(this.#look, childless(state, this.#stream))) return undefined;
    return { stream: this.#stream, seenMs: this.#look.seenMs };
  }

  /** Keeps a list of shards. */
  see(state: StreamState, stream: StreamFacts, seenMs: number): void {
    const before = this.#stream?.arn === stream.arn ? this.#look : undefined;
    this.#look = looked(before, childless(state, stream), seenMs);
    this.#stream = stream;
    const listed = new Set(stream.shards.map(({ id }) => id));
    for (const id of this.polls.keys()) if (!listed.has(id)) this.polls.delete(id);
    for (const id of this.iterators.keys()) if (!listed.has(id)) this.iterators.delete(id);
  }

  forget(): void {
    this.iterators.clear();
    this.polls.clear();
    this.#stream = undefined;
    this.#look = undefined;
  }

  /** Shards that were refused again and again: somebody else reads them, too. */
  get contended(): readonly string[] {
    return [...this.polls].filter(([, poll]) => poll.refused >= CONTENDED).map(([id]) => id);
  }
}

/** Refusals in a row, over some ten seconds. */
const CONTENDED = 7;

function childless({ shards: known }: StreamState, { shards }: StreamFacts): string {
  const parents = new Set(shards.map(({ parent }) => parent));
  return shards.flatMap(({ id }) => (known[id]?.isDone === true && !parents.has(id) ? [id] : [])).join();
}
