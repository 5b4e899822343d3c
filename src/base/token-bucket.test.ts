import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";
import { fullBucket, refilled, settled, slowed, taken, type TokenBucket } from "./token-bucket.ts";
import type { World } from "./world.ts";

type Step =
  | { readonly kind: "take"; readonly units: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "slow" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("take" as const), units: fc.double({ min: 0.5, max: 500, noNaN: true }) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({ kind: fc.constant("slow" as const) }),
);
const limits = fc.record({
  perSecond: fc.double({ min: 1, max: 5_000, noNaN: true }),
  burst: fc.double({ min: 1, max: 5_000, noNaN: true }),
});

interface Use {
  readonly atMs: number;
  readonly units: number;
}

function play(limit: { perSecond: number; burst: number }, steps: readonly Step[]): Use[] {
  const uses: Use[] = [];
  let bucket = fullBucket(limit, 0);
  let nowMs = 0;
  for (const one of steps) {
    if (one.kind === "wait") nowMs += one.ms;
    else if (one.kind === "slow") bucket = slowed(bucket, nowMs);
    else {
      const { bucket: next, waitMs } = taken(bucket, one.units, nowMs);
      bucket = next;
      uses.push({ atMs: nowMs + waitMs, units: one.units });
    }
  }
  return uses;
}

describe("a token bucket", () => {
  test("never lets more through than burst and rate allow, over any stretch of time", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 40 }), (limit, steps) => {
        const uses = play(limit, steps).toSorted((one, other) => one.atMs - other.atMs);
        for (const [from, first] of uses.entries()) {
          let units = 0;
          for (const use of uses.slice(from)) {
            units += use.units;
            const seconds = (use.atMs - first.atMs) / 1_000;
            // What is taken is used at one moment: the first of a stretch may have been saved up for before it.
            expect(units).toBeLessThanOrEqual(limit.burst + first.units + limit.perSecond * (seconds + 0.002) + 1e-6);
          }
        }
      }),
    );
  });

  test("makes nobody wait longer than it takes for the units to come in", () => {
    fc.assert(
      fc.property(
        limits,
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 400 }),
        (limit, steps, units) => {
          let bucket: TokenBucket = fullBucket(limit, 0);
          let nowMs = 0;
          for (const one of steps) {
            if (one.kind === "wait") nowMs += one.ms;
            else if (one.kind === "slow") bucket = slowed(bucket, nowMs);
            else bucket = taken(bucket, one.units, nowMs).bucket;
          }
          const { bucket: after, waitMs } = taken(bucket, units, nowMs);
          if (waitMs === 0) return;
          const uncapped = { ...after, burst: Number.POSITIVE_INFINITY };
          expect(refilled(uncapped, nowMs + waitMs).level).toBeGreaterThanOrEqual(-1e-6);
          if (waitMs > 1) expect(refilled(uncapped, nowMs + waitMs - 1).level).toBeLessThan(1e-6);
        },
      ),
    );
  });

  test("keeps no more than its burst, however long nothing is taken", () => {
    const bucket = refilled(fullBucket({ perSecond: 100, burst: 30 }, 0), 3_600_000);
    expect(bucket.level).toBe(30);
    expect(settled(bucket, { estimated: 5, used: 1 }).level).toBe(30);
  });

  test("what was used beyond the estimate is waited for by whoever comes next", () => {
    let { bucket } = taken(fullBucket({ perSecond: 10 }, 0), 10, 0);
    bucket = settled(bucket, { estimated: 10, used: 30 });
    expect(taken(bucket, 10, 0).waitMs).toBe(3_000);
    expect(taken(settled(bucket, { estimated: 30, used: 10 }), 10, 0).waitMs).toBe(1_000);
  });

  test("a complaint halves it, and ten seconds without one make it whole", () => {
    const bucket = slowed(fullBucket({ perSecond: 100 }, 0), 0);
    expect(taken(bucket, 1, 0).waitMs).toBeGreaterThanOrEqual(19);
    expect(refilled(bucket, 10_000).share).toBe(1);
    let worst = bucket;
    for (let count = 0; count < 50; count += 1) worst = slowed(worst, 0);
    expect(worst.share).toBeGreaterThan(0.01);
  });

  test("a clock that goes back gives nothing and takes nothing", () => {
    const bucket = taken(fullBucket({ perSecond: 10 }, 5_000), 4, 5_000).bucket;
    expect(refilled(bucket, 1_000)).toEqual(bucket);
  });
});

/** A clock of its own: whoever sleeps is woken in the order of time, nothing else moves it. */
function virtualWorld(): World & { readonly run: (work: readonly Promise<unknown>[]) => Promise<void> } {
  const sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    random: () => 0.5,
    uuid: () => "",
    sleep: async (ms, signal) => {
      await new Promise<void>((resolve, reject) => {
        sleepers.push({ untilMs: nowMs + ms, wake: resolve });
        signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    },
    run: async (work) => {
      const state = { isDone: false };
      const all = Promise.all(work).then(() => (state.isDone = true));
      for (;;) {
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
        if (state.isDone) break;
        sleepers.sort((one, other) => one.untilMs - other.untilMs);
        const next = sleepers.shift();
        if (next === undefined) break;
        nowMs = Math.max(nowMs, next.untilMs);
        next.wake();
      }
      await all;
    },
  };
}

describe("a rate limit", () => {
  test("sixteen workers together stay at the limit, and use it", async () => {
    const world = virtualWorld();
    const limit = new RateLimit(world, { perSecond: 100 });
    let used = 0;
    const worker = async (): Promise<void> => {
      for (let count = 0; count < 50; count += 1) {
        await limit.take(1);
        limit.settle({ estimated: 1, used: 2 });
        used += 2;
        await world.sleep(3);
      }
    };
    await world.run(Array.from({ length: 16 }, worker));
    expect(used).toBe(1_600);
    // 1,600 units at 100 a second, of which 100 were there at the beginning; the last 16 are settled after their use.
    expect(world.nowMs()).toBeGreaterThan(14_500);
    expect(world.nowMs()).toBeLessThan(15_500);
  });

  test("complaints about requests that were under way together count once", () => {
    const world = virtualWorld();
    const limit = new RateLimit(world, { perSecond: 100 });
    for (let count = 0; count < 20; count += 1) limit.slowDown();
    expect(limit.perSecond).toBe(50);
  });

  test("who gives up waiting gives back what it has taken", async () => {
    const world = virtualWorld();
    const limit = new RateLimit(world, { perSecond: 10 });
    await limit.take(10);
    const abort = new AbortController();
    const waiting = limit.take(50, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow("aborted");
    await expect(limit.take(1, abort.signal)).rejects.toMatchObject({ name: "AbortError" });
    const next = limit.take(10);
    await world.run([next]);
    expect(world.nowMs()).toBe(1_000);
  });
});
