import { isFailure, type SluiceError, type World } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import { afterFailure } from "./after-failure.ts";

/** One go at a table's work. */
export type Round =
  /** What went wrong; what was done before it stands. */
  | { readonly error: SluiceError }
  | {
      readonly error: undefined;
      /** When it is to be looked at again, though nothing woke it; in ms since the epoch. */
      readonly againMs: number;
      /** So long it is left alone, whatever wakes it. */
      readonly restMs?: number;
    };

export interface LoopParts {
  readonly table: TableName;
  readonly world: World;
  readonly signal: AbortSignal;
  /** Never throws. */
  readonly round: () => Promise<Round>;
  /** Told once a failure: when it is new, and when it is over. `againMs` in ms from now; undefined: never again. */
  readonly onFailure: (error: SluiceError, againMs: number | undefined) => void;
  readonly onRecovery: () => void;
}

/**
 * Works on one table again and again: when something it reads has moved, and when its time has come. One that fails is out until the cause
 * may be gone; what waiting does not help stops it. Other tables go on.
 */
export class TableLoop {
  readonly #parts: LoopParts;
  #wake: (() => void) | undefined;
  #isWoken = true;
  #times = 0;
  #told: string | undefined;
  isWorking = false;
  isStopped = false;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  get table(): TableName {
    return this.#parts.table;
  }

  /** Whether the table failed and was not yet well again. */
  get isFailing(): boolean {
    return this.#times > 0 || this.isStopped;
  }

  /** Something that the table reads has moved. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Resolves when the signal fires, or when nothing more can be done. */
  async run(): Promise<void> {
    const { world, signal, round } = this.#parts;
    while (!signal.aborted) {
      this.#isWoken = false;
      this.isWorking = true;
      const done = await round();
      this.isWorking = false;
      const { error } = done;
      if (error === undefined) {
        this.#recover();
        await this.#rest(done.restMs ?? 0, false);
        await this.#rest(done.againMs - world.nowMs(), true);
        continue;
      }
      if (isFailure(error, "run.interrupted")) return;
      const waitMs = this.#fail(error);
      if (waitMs === undefined) return;
      // Who failed is not woken: what it reads may move all the time.
      await this.#rest(waitMs, false);
    }
  }

  #recover(): void {
    if (this.#told !== undefined) this.#parts.onRecovery();
    this.#times = 0;
    this.#told = undefined;
  }

  /** How long to wait; undefined: for ever. */
  #fail(error: SluiceError): number | undefined {
    this.#times += 1;
    const remedy = afterFailure(error, this.#times, () => this.#parts.world.random());
    this.isStopped = remedy.kind === "stop";
    const isTold = remedy.kind === "stop" || remedy.isTold;
    // Once: the next one only where it is another.
    const name = `${error.code} ${remedy.kind}`;
    if (isTold && name !== this.#told) {
      this.#told = name;
      this.#parts.onFailure(error, remedy.kind === "stop" ? undefined : remedy.afterMs);
    }
    return remedy.kind === "stop" ? undefined : remedy.afterMs;
  }

  async #rest(ms: number, mayBeWoken: boolean): Promise<void> {
    const { world, signal } = this.#parts;
    if (ms <= 0 || signal.aborted || (mayBeWoken && this.#isWoken)) return;
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener("abort", end);
    if (mayBeWoken) this.#wake = end;
    try {
      await world.sleep(ms, over.signal);
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      this.#wake = undefined;
      signal.removeEventListener("abort", end);
    }
  }
}
