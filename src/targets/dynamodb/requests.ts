import { RateLimit, answerOf, jitteredDelayMs, troubleOf, type RetryPolicy, type World } from "../../base/index.ts";
import { targetFailure, verdictOf } from "./answer.ts";
import type { Connection } from "./connection.ts";

/** A refused request comes back after at most so long: the table's capacity is counted by the second. */
const SLOWER: RetryPolicy = { attemptsMax: 60, baseDelayMs: 50, maxDelayMs: 10_000 };
/** Eight tries over some five seconds: a lost connection or a failing host is another one by then. */
const AGAIN: RetryPolicy = { attemptsMax: 8, baseDelayMs: 50, maxDelayMs: 3_200 };

export interface RequestOptions {
  /** For messages: `write to`. */
  readonly verb: string;
  /** Units of write capacity that it will probably use; without them it does not count. */
  readonly units?: number;
  /** Comes before every try; what it throws is thrown. */
  readonly keep?: () => Promise<void>;
}

/** What the answer to a write says about its cost. */
interface Costing {
  readonly $metadata: object;
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number | undefined } | undefined;
}

/** Requests to one table, each repeated until it is answered, within its limit of capacity a second. */
export class Requests {
  readonly connection: Connection;
  readonly table: string;
  readonly #world: World;
  readonly #signal: AbortSignal | undefined;
  #limit: RateLimit | undefined;

  constructor(
    connection: Connection,
    {
      table,
      world,
      signal,
    }: { readonly table: string; readonly world: World; readonly signal: AbortSignal | undefined },
  ) {
    this.connection = connection;
    this.table = table;
    this.#world = world;
    this.#signal = signal;
  }

  /** From now on at most so many units a second. */
  limitWrites(perSecond: number): void {
    this.#limit = new RateLimit(this.#world, { perSecond });
  }

  /** The answer; fails as `targetFailure` says. `ConditionalCheckFailedException` is thrown as it is: to whom asks, it is an answer. */
  async send<Output extends Costing>(
    ask: (options: { readonly abortSignal?: AbortSignal }) => Promise<Output>,
    { verb, units, keep }: RequestOptions,
  ): Promise<Output> {
    for (let tried = 1; ; tried += 1) {
      this.#signal?.throwIfAborted();
      if (units !== undefined) await this.#limit?.take(units, this.#signal);
      await keep?.();
      try {
        const output = await ask(this.#signal === undefined ? {} : { abortSignal: this.#signal });
        const used = output.ConsumedCapacity?.CapacityUnits;
        if (units !== undefined && used !== undefined) this.#limit?.settle({ estimated: units, used });
        return output;
      } catch (error) {
        await this.#again(error, tried, verb);
      }
    }
  }

  /** Resolves after a pause where another try may help, else throws. */
  async #again(error: unknown, tried: number, verb: string): Promise<void> {
    this.#signal?.throwIfAborted();
    const answer = answerOf(error);
    if (answer.code === "ConditionalCheckFailedException") throw error;
    const verdict = verdictOf(troubleOf(answer));
    const policy = verdict === "slower" ? SLOWER : AGAIN;
    if (verdict === "refused" || tried >= policy.attemptsMax) throw targetFailure(error, verb, this.table);
    if (verdict === "slower") this.#limit?.slowDown();
    await this.#world.sleep(jitteredDelayMs(this.#world, policy, Math.min(tried, 20)), this.#signal);
  }
}
