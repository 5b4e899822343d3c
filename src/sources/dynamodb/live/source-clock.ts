import type { World } from "../../../base/index.ts";
import type { Pace } from "../../source.ts";
import type { IndexClient } from "../increments/index-client.ts";
import type { TableClient } from "./table-client.ts";

/** By so much this machine's clock may differ from the table's and count as right: five minutes are allowed for (DESIGN, "Order"). */
const SLACK_MS = 30_000;

/**
 * The time of a table's channels. Rows of a scan stand at the moment at which it began, beside changes that DynamoDB itself dates: were this machine's
 * clock minutes ahead, they would stand above changes that are newer (FAULTS F12). So where the two differ, DynamoDB's counts.
 */
export class SourceClock {
  /** This machine's, with the table's time. */
  readonly world: World;
  readonly #own: World;
  #aheadMs = 0;

  constructor(own: World) {
    this.#own = own;
    this.world = {
      nowMs: () => own.nowMs() - this.#aheadMs,
      random: () => own.random(),
      uuid: () => own.uuid(),
      sleep: async (ms, signal) => await own.sleep(ms, signal),
    };
  }

  /** A client whose descriptions of the table set the clock. */
  setBy(client: TableClient): TableClient {
    return {
      where: client.where,
      describeTable: async () => await this.#heard(async () => await client.describeTable()),
      scan: async (request) => await client.scan(request),
      getItems: async (keys) => await client.getItems(keys),
      describeStream: async (arn) => await client.describeStream(arn),
      iterator: async (request) => await client.iterator(request),
      records: async (iterator) => await client.records(iterator),
      capacity: client.capacity,
      close: () => client.close(),
    };
  }

  /** The same of an index. */
  setByIndex(client: IndexClient): IndexClient {
    return {
      describeIndex: async (index) => await this.#heard(async () => await client.describeIndex(index)),
      query: async (request) => await client.query(request),
      close: () => client.close(),
    };
  }

  /** The pace of a process that stays, in the table's time. */
  paced(pace: Pace | undefined): { readonly pace?: Pace } {
    return pace === undefined ? {} : { pace: { ...pace, roundMs: pace.roundMs - this.#aheadMs } };
  }

  async #heard<T extends { readonly atMs?: number } | undefined>(ask: () => Promise<T>): Promise<T> {
    const askedMs = this.#own.nowMs();
    const answer = await ask();
    if (answer?.atMs !== undefined) this.#set(answer.atMs, { askedMs, answeredMs: this.#own.nowMs() });
    return answer;
  }

  /** The answer was made between the two looks at our clock, in the second that begins at `atMs`. */
  #set(atMs: number, { askedMs, answeredMs }: { readonly askedMs: number; readonly answeredMs: number }): void {
    const [leastMs, mostMs] = [askedMs - (atMs + 1_000), answeredMs - atMs];
    const isRight = leastMs <= SLACK_MS && mostMs >= -SLACK_MS;
    // The later one: a scan that is dated a moment too early is overtaken by changes that it has seen, never the other way round.
    this.#aheadMs = isRight ? 0 : mostMs;
  }
}
