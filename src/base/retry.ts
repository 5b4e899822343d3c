import { isFailure } from "./failures.ts";
import type { World } from "./world.ts";

export interface RetryPolicy {
  readonly attemptsMax: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** Eight tries over some six seconds: a throttled prefix or a busy disk recovers within that. */
export const STORAGE_RETRY: RetryPolicy = { attemptsMax: 8, baseDelayMs: 50, maxDelayMs: 2_000 };

/** Tries again on retryable failures, with exponential back-off and full jitter. The last failure is thrown as it is. */
export async function withRetry<T>(world: World, policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isFailure(error) || !error.retryable || tried >= policy.attemptsMax) throw error;
      await world.sleep(jitteredDelayMs(world, policy, tried));
    }
  }
}

export function jitteredDelayMs(world: World, policy: RetryPolicy, tried: number): number {
  return world.random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (tried - 1));
}
