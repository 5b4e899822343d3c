/** Units used at a time. */
export interface Use {
  readonly atMs: number;
  readonly units: number;
}

/** The most that was used within so long, wherever it begins. */
export function mostIn(uses: readonly Use[], lengthMs: number): number {
  return Math.max(...uses.map(({ atMs }) => usedFrom(uses, atMs, lengthMs)));
}

/** The least that was used within so long, from a time on and before the last use. */
export function leastIn(uses: readonly Use[], lengthMs: number, fromMs: number): number {
  const endMs = (uses.at(-1)?.atMs ?? 0) - lengthMs;
  // The least begins just behind a use.
  const starts = [fromMs, ...uses.map(({ atMs }) => atMs + 0.001)].filter((atMs) => atMs >= fromMs && atMs <= endMs);
  if (starts.length === 0) throw new Error(`The last use is less than ${lengthMs} ms after ${fromMs} ms`);
  return Math.min(...starts.map((atMs) => usedFrom(uses, atMs, lengthMs)));
}

function usedFrom(uses: readonly Use[], fromMs: number, lengthMs: number): number {
  return uses.reduce((sum, { atMs, units }) => (atMs >= fromMs && atMs < fromMs + lengthMs ? sum + units : sum), 0);
}
