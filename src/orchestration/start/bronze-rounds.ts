import { isFailure, type SluiceError, type World } from "../../base/index.ts";
import type { AttemptOptions } from "../run-lake.ts";
import type { TableReport } from "../run-report.ts";
import { afterFailure } from "./after-failure.ts";
import type { Round } from "./table-loop.ts";

export interface BronzeRoundsParts {
  readonly world: World;
  readonly hasLive: boolean;
  readonly flushMs: number;
  readonly lookMs: number;
  readonly attempt: (follow: Pick<NonNullable<AttemptOptions["follow"]>, "onlyLive">) => Promise<TableReport>;
  /** Nothing that is known of the channels counts any more. */
  readonly forget: () => void;
  /** Told of a failure of the other channels: the live ones go on. `againMs`: from now. */
  readonly onFailure: (error: SluiceError, againMs: number | undefined) => void;
  readonly onRecovery: () => void;
}

/**
 * The rounds of a Bronze table: its live channels each flush interval, the others more seldom. Where one of these is stopped – by a hole
 * between exports, say – what is live goes on.
 */
export class BronzeRounds {
  readonly #parts: BronzeRoundsParts;
  #looksMs = 0;
  #times = 0;
  #told: string | undefined;

  constructor(parts: BronzeRoundsParts) {
    this.#parts = parts;
  }

  async round(): Promise<Round> {
    const { world, hasLive, flushMs, lookMs, attempt, forget } = this.#parts;
    const startedMs = world.nowMs();
    const onlyLive = startedMs < this.#looksMs;
    const { error } = await attempt({ onlyLive });
    if (error !== undefined) forget();
    if (error !== undefined && (onlyLive || !hasLive || isFailure(error, "run.interrupted"))) return { error };
    if (!onlyLive) {
      this.#looksMs = startedMs + lookMs;
      if (error === undefined) this.#recover();
      else return await this.#goOn(error);
    }
    return { error: undefined, againMs: hasLive ? startedMs + flushMs : this.#looksMs };
  }

  /** Something failed: if it was not a live channel, those go on alone. */
  async #goOn(error: SluiceError): Promise<Round> {
    const { world, flushMs, attempt, forget, onFailure } = this.#parts;
    const startedMs = world.nowMs();
    const live = await attempt({ onlyLive: true });
    if (live.error !== undefined) {
      forget();
      this.#looksMs = 0;
      return { error: live.error };
    }
    this.#times += 1;
    const remedy = afterFailure(error, this.#times, () => world.random());
    const againMs = remedy.kind === "stop" ? undefined : remedy.afterMs;
    this.#looksMs = againMs === undefined ? Infinity : world.nowMs() + againMs;
    const isTold = remedy.kind === "stop" || remedy.isTold;
    if (isTold && this.#told !== error.code) {
      this.#told = error.code;
      onFailure(error, againMs);
    }
    return { error: undefined, againMs: startedMs + flushMs };
  }

  #recover(): void {
    if (this.#told !== undefined) this.#parts.onRecovery();
    this.#times = 0;
    this.#told = undefined;
  }
}
