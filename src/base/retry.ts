import { isFailure } from "./failures.ts";
import type { World } from "./world.ts";

export interface RetryPolicy {
  readonly attemptsMax: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** Eight tries over at most five seconds: a throttled prefix or a busy disk recovers within that. */
export const STORAGE_RETRY: RetryPolicy = { attemptsMax: 8, baseDelayMs: 50, maxDelayMs: 2_000 };

/**
 * Tries again on retryable failures, with exponential back-off and full jitter. The last failure is thrown as it is.
 * An interruption is never tried again: trying again is up to the user.
 */
export async function withRetry<T>(world: World, policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayHelp(error) || tried >= policy.attemptsMax) throw error;
      await world.sleep(jitteredDelayMs(world, policy, tried));
    }
  }
}

function mayHelp(error: unknown): boolean {
  return isFailure(error) && error.retryable && error.code !== "run.interrupted";
}

export function jitteredDelayMs(world: World, policy: RetryPolicy, tried: number): number {
  return world.random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (tried - 1));
}
