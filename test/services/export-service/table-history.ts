import type { Item } from "../../builders/dynamodb-item.ts";
import { askLocal, type Json } from "./local-dynamodb.ts";

/** A write, as the table's stream told of it. */
export interface Write {
  readonly sequence: string;
  /** Microseconds since 1970 of the service's clock; each write has its own. */
  readonly micros: number;
  readonly keys: Item;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

interface StreamRecord {
  readonly SequenceNumber: string;
  readonly Keys: Item;
  readonly OldImage?: Item;
  readonly NewImage?: Item;
}

/** Everything that was ever written to a table whose stream is as old as it is: what point-in-time recovery knows. */
export class TableHistory {
  readonly writes: Write[] = [];
  readonly #endpoint: string;
  readonly #streamArn: string;
  readonly #read = new Map<string, string>();

  constructor(endpoint: string, streamArn: string) {
    this.#endpoint = endpoint;
    this.#streamArn = streamArn;
  }

  /** Reads what was written since, as of now: what is read together was written just before. */
  async catchUp(nowMs: number): Promise<void> {
    const fresh: Omit<Write, "micros">[] = [];
    for (const shard of await this.#shards()) fresh.push(...(await this.#rest(shard)));
    const last = this.writes.at(-1)?.micros ?? 0;
    const first = Math.max(last + 1, nowMs * 1_000 - fresh.length);
    this.writes.push(...fresh.map((write, index) => ({ ...write, micros: first + index })));
  }

  /** When a record of the stream was written, in ms of the service's clock. */
  timeOf(sequence: string): number | undefined {
    const micros = this.writes.find((write) => write.sequence === sequence)?.micros;
    return micros === undefined ? undefined : Math.floor(micros / 1_000);
  }

  /** The table as of a moment. */
  itemsAt(timeMs: number): readonly Item[] {
    const items = new Map<string, Item>();
    for (const { micros, keys, after } of this.writes) {
      if (micros >= timeMs * 1_000) break;
      if (after === undefined) items.delete(JSON.stringify(keys));
      else items.set(JSON.stringify(keys), after);
    }
    return [...items.values()];
  }

  /** Net changes of a window, one a key: nothing of keys that came and went. */
  changes(fromMs: number, toMs: number): readonly Write[] {
    const net = new Map<string, Write>();
    for (const write of this.writes) {
      if (write.micros < fromMs * 1_000 || write.micros >= toMs * 1_000) continue;
      const key = JSON.stringify(write.keys);
      net.set(key, { ...write, before: net.has(key) ? net.get(key)?.before : write.before });
    }
    return [...net.values()].filter(({ before, after }) => before !== undefined || after !== undefined);
  }

  async #shards(): Promise<readonly string[]> {
    const { StreamDescription } = await this.#ask("DescribeStream", { StreamArn: this.#streamArn });
    return (StreamDescription as { readonly Shards: readonly { readonly ShardId: string }[] }).Shards.map(
      ({ ShardId }) => ShardId,
    );
  }

  async #rest(shard: string): Promise<readonly Omit<Write, "micros">[]> {
    const after = this.#read.get(shard);
    const place = { StreamArn: this.#streamArn, ShardId: shard };
    const from =
      after === undefined
        ? { ShardIteratorType: "TRIM_HORIZON" }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after };
    let { ShardIterator: iterator } = await this.#ask("GetShardIterator", { ...place, ...from });
    const writes: Omit<Write, "micros">[] = [];
    while (iterator !== undefined && iterator !== null) {
      const page = await this.#ask("GetRecords", { ShardIterator: iterator });
      const records = page["Records"] as readonly { readonly dynamodb: StreamRecord }[];
      if (records.length === 0) break;
      for (const { dynamodb } of records) {
        const { SequenceNumber: sequence, Keys: keys, OldImage: before, NewImage: after_ } = dynamodb;
        writes.push({ sequence, keys, before, after: after_ });
        this.#read.set(shard, sequence);
      }
      iterator = page["NextShardIterator"];
    }
    return writes;
  }

  async #ask(action: string, body: Json): Promise<Json> {
    return await askLocal(this.#endpoint, `DynamoDBStreams_20120810.${action}`, body);
  }
}
