import { jitteredDelayMs, type RetryPolicy, type World } from "../../base/index.ts";

/** Eight tries: 50, 100, … 3,200 ms at most between them, drawn from zero (full jitter). A throttled prefix recovers within that. */
const S3_RETRY: RetryPolicy = { attemptsMax: 8, baseDelayMs: 50, maxDelayMs: 3_200 };

/** Tries that may be under way beyond the first ones; a success gives a part of one back. */
const BUDGET_MAX = 100;
const SUCCESS_GIVES_BACK = 0.2;

/**
 * Whether to try again, and the pause before it. The budget is shared by all requests of a store: when the store is down,
 * thousands of requests do not become eight times as many, and the run ends soon.
 */
export class Attempts {
  readonly #world: World;
  readonly #policy: RetryPolicy;
  #budget = BUDGET_MAX;

  constructor(world: World, policy: RetryPolicy = S3_RETRY) {
    this.#world = world;
    this.#policy = policy;
  }

  /** False when the tries are used up; else true, after a pause. */
  async again(tried: number): Promise<boolean> {
    if (tried >= this.#policy.attemptsMax || this.#budget < 1) return false;
    this.#budget -= 1;
    await this.#world.sleep(jitteredDelayMs(this.#world, this.#policy, tried));
    return true;
  }

  succeeded(): void {
    this.#budget = Math.min(BUDGET_MAX, this.#budget + SUCCESS_GIVES_BACK);
  }

  /** Work that may be done twice: tried again while `mayHelp`; the last error is thrown as it is. */
  async repeat<T>(work: () => Promise<T>, mayHelp: (error: unknown) => boolean): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        const result = await work();
        this.succeeded();
        return result;
      } catch (error) {
        if (!mayHelp(error) || !(await this.again(tried))) throw error;
      }
    }
  }
}
