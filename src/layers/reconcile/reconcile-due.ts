export interface ReconcileClock {
  /** When the last complete comparison began; undefined: there was none. */
  readonly lastMs: number | undefined;
  readonly everyMs: number;
  readonly nowMs: number;
}

/** When a table is to be compared with its source; not after now: it is due. By what is recorded alone, so that it is the same after a restart. */
export function reconcileDueMs({ lastMs, everyMs, nowMs }: ReconcileClock): number {
  // One that began so far in the future began by a wrong clock, and would put off the next one for ever.
  if (lastMs === undefined || lastMs > nowMs + everyMs) return nowMs;
  return lastMs + everyMs;
}

const AGAIN_MS = 60_000;
const AGAIN_MS_MAX = 6 * 3_600_000;

/** How long after so many failures in a row (1: the first) it is tried again: it reads the whole table each time. With jitter, never more seldom than it is due. */
export function reconcileAgainMs(times: number, everyMs: number, random: () => number): number {
  const waitMs = Math.min(AGAIN_MS_MAX, everyMs, AGAIN_MS * 2 ** Math.min(20, times - 1));
  return waitMs * (0.5 + random() / 2);
}
