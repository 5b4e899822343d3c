import { fullBucket, refilled, settled, slowed, taken, type TokenBucket } from "./token-bucket.ts";
import type { World } from "./world.ts";

/** Complaints of this long after another one are about requests that were under way with it, and count once. */
const COMPLAINT_MS = 1_000;

/**
 * A limit of units a second that several workers keep together: each takes what it is about to use, and settles once it knows.
 *
 * @example
 * await limit.take(estimated, signal);
 * const { used } = await request();
 * limit.settle({ estimated, used });
 */
export class RateLimit {
  readonly #world: World;
  #bucket: TokenBucket;
  #complainedMs = Number.NEGATIVE_INFINITY;

  /** `burst`: units that may be used at once after a pause; default those of a second. */
  constructor(world: World, limit: { readonly perSecond: number; readonly burst?: number }) {
    this.#world = world;
    this.#bucket = fullBucket(limit, world.nowMs());
  }

  /** Resolves when so many units may be used, in the order of the calls. Rejects with the signal's abort; the units are then free again. */
  async take(units: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { bucket, waitMs } = taken(this.#bucket, units, this.#world.nowMs());
    this.#bucket = bucket;
    if (waitMs === 0) return;
    try {
      await this.#world.sleep(waitMs, signal);
    } catch (error) {
      this.settle({ estimated: units, used: 0 });
      throw error;
    }
  }

  settle(use: { readonly estimated: number; readonly used: number }): void {
    this.#bucket = settled(this.#bucket, use);
  }

  /** The other side asks for less: half the units from now on, slowly as many again. */
  slowDown(): void {
    const nowMs = this.#world.nowMs();
    if (nowMs - this.#complainedMs < COMPLAINT_MS) return;
    this.#complainedMs = nowMs;
    this.#bucket = slowed(this.#bucket, nowMs);
  }

  /** Units that come in a second at present. */
  get perSecond(): number {
    const { perSecond, share } = refilled(this.#bucket, this.#world.nowMs());
    return perSecond * share;
  }
}
