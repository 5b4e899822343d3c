import type { SluiceError, Slots, World } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import type { ReconcileSchedule } from "../../definition/index.ts";
import { reconcileAgainMs, reconcileDueMs, type Reconciliation } from "../../layers/index.ts";
import { asFailure } from "../as-failure.ts";
import type { StartEvent } from "./start-event.ts";

/** What came of a comparison. */
export type Compared =
  | { readonly kind: "done"; readonly value: Reconciliation }
  /** Another process is at it, until then at least. */
  | { readonly kind: "held"; readonly untilMs: number };

export interface ReconcileLoopParts {
  readonly table: TableName;
  readonly schedule: ReconcileSchedule;
  readonly world: World;
  readonly signal: AbortSignal;
  /** Looks so often whether a table that is being loaded is. */
  readonly lookMs: number;
  /** One comparison after the other. */
  readonly slots: Slots;
  /** When the last complete one began, as it is recorded. */
  readonly lastMs: () => Promise<number | undefined>;
  /** Whether the table has what its source had: what it lacks before is no difference. */
  readonly isLoaded: () => Promise<boolean>;
  /** Compares, and records it, unless another process is at it. */
  readonly compare: () => Promise<Compared>;
  readonly onEvent: (event: StartEvent) => void;
}

/**
 * Compares a table with its source when that is due, beside everything else: whatever goes wrong in it is told once and tried again later,
 * and the table goes on.
 */
export class ReconcileLoop {
  readonly #parts: ReconcileLoopParts;
  #times = 0;
  #told: string | undefined;

  constructor(parts: ReconcileLoopParts) {
    this.#parts = parts;
  }

  /** Resolves when the signal fires. */
  async run(): Promise<void> {
    const { world, signal, slots } = this.#parts;
    while (!signal.aborted) {
      const againMs = await slots.run(async () => await this.round());
      try {
        await world.sleep(Math.max(0, againMs - world.nowMs()), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  /** Compares if it is time, and gives when it is to be looked at again. Never throws. */
  async round(): Promise<number> {
    const { world, signal } = this.#parts;
    try {
      return await this.#round();
    } catch (error) {
      // Whoever ends the process ends this, too: that is no failure.
      return signal.aborted ? world.nowMs() : this.#fail(asFailure(error, { signal }));
    }
  }

  async #round(): Promise<number> {
    const { table, schedule, world, signal, lookMs, lastMs, isLoaded, compare, onEvent } = this.#parts;
    signal.throwIfAborted();
    const { everyMs } = schedule;
    const dueMs = reconcileDueMs({ lastMs: await lastMs(), everyMs, nowMs: world.nowMs() });
    if (dueMs > world.nowMs()) return dueMs;
    if (!(await isLoaded())) return this.#wait(lookMs);
    const done = await compare();
    // Whoever holds it may have died: then it is free afterwards.
    if (done.kind === "held") return Math.max(done.untilMs, world.nowMs() + lookMs);
    this.#times = 0;
    this.#told = undefined;
    onEvent({ kind: "reconciled", atMs: world.nowMs(), table, report: done.value });
    return done.value.startedMs + everyMs;
  }

  #wait(lookMs: number): number {
    const { table, world, onEvent } = this.#parts;
    const notice = { what: `comparison of ${table} with its source`, why: "waits until the table is loaded" };
    if (this.#isNew(notice.why)) onEvent({ kind: "notice", atMs: world.nowMs(), table, notice });
    return world.nowMs() + lookMs;
  }

  #fail(error: SluiceError): number {
    const { table, schedule, world, onEvent } = this.#parts;
    this.#times += 1;
    const againMs = reconcileAgainMs(this.#times, schedule.everyMs, () => world.random());
    const isNew = this.#isNew(error.code);
    if (isNew) onEvent({ kind: "failed", atMs: world.nowMs(), table, during: "reconcile", error, againMs });
    return world.nowMs() + againMs;
  }

  #isNew(what: string): boolean {
    const isNew = this.#told !== what;
    this.#told = what;
    return isNew;
  }
}
