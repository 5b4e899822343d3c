import type { SluiceError, World } from "../../base/index.ts";

export interface CatchUpParts {
  readonly world: World;
  /** Has the table look at once. */
  readonly wake: () => void;
  readonly signal?: AbortSignal;
}

/** Rounds that nothing is missed in: an open shard may have something and answer with nothing, but for so many times in a row. */
const ROUNDS = 5;
/** An idle shard is asked no more often. */
const PAUSE_MS = 5_500;
/** A table that fails so often does not catch up: the comparison is for later. */
const FAILURES_MAX = 10;

/** Tells when a table that is read all the time has everything that its stream had at a moment. */
export class CatchUp {
  #waiting: { readonly after: number; readonly tell: (error: SluiceError | undefined) => void }[] = [];
  #begun = 0;
  #over: SluiceError | undefined;

  /** A round of the table begins; gives its number. */
  begin(): number {
    this.#begun += 1;
    return this.#begun;
  }

  /** The round of that number is over. */
  end(round: number, error: SluiceError | undefined): void {
    const told = this.#waiting.filter(({ after }) => after < round);
    this.#waiting = this.#waiting.filter(({ after }) => after >= round);
    for (const { tell } of told) tell(error);
  }

  /** There are no more rounds. */
  stop(error: SluiceError): void {
    this.#over = error;
    this.end(Number.POSITIVE_INFINITY, error);
  }

  /** Resolves once the table has what was in its stream at the call; rejects with what it fails with again and again, and when the signal fires. */
  async caughtUp({ world, wake, signal }: CatchUpParts): Promise<void> {
    let failures = 0;
    for (let rounds = 0; rounds < ROUNDS;) {
      await world.sleep(PAUSE_MS, signal);
      if (this.#over !== undefined) throw this.#over;
      const next = this.#next(signal);
      wake();
      const error = await next;
      if (error === undefined) rounds += 1;
      else if (this.#over !== undefined || ++failures === FAILURES_MAX) throw error;
    }
  }

  /** What a round that begins from now on fails with. */
  async #next(signal: AbortSignal | undefined): Promise<SluiceError | undefined> {
    signal?.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(signal?.reason);
      };
      const waiting = {
        after: this.#begun,
        tell: (error: SluiceError | undefined): void => {
          signal?.removeEventListener("abort", abort);
          resolve(error);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiting);
    });
  }
}
