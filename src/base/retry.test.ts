import fc from "fast-check";
import { expect, test } from "vitest";
import { FAILURES, SluiceError, type FailureCode } from "./failures.ts";
import { STORAGE_RETRY, jitteredDelayMs, withRetry } from "./retry.ts";
import { simulatedWorld, type World } from "./world.ts";

function observedWorld(): { world: World; sleptMs: number[] } {
  const sleptMs: number[] = [];
  const world = simulatedWorld(1);
  const sleep = async (ms: number): Promise<void> => {
    sleptMs.push(ms);
    await world.sleep(ms);
  };
  return { world: { ...world, sleep }, sleptMs };
}

/** Work that fails so often, then gives its number of tries. */
function failing(times: number, error: unknown): () => Promise<number> {
  let tried = 0;
  return async () => {
    tried += 1;
    if (tried <= times) throw error;
    return tried;
  };
}

test("work is tried again until it succeeds, with a pause before each try but the first", async () => {
  const { world, sleptMs } = observedWorld();
  const busy = new SluiceError("storage.unavailable", "Cannot read it");
  expect(await withRetry(world, STORAGE_RETRY, failing(3, busy))).toBe(4);
  expect(sleptMs).toHaveLength(3);
});

test("the last failure is thrown as it is when the tries are used up", async () => {
  const { world, sleptMs } = observedWorld();
  const busy = new SluiceError("storage.unavailable", "Cannot read it");
  await expect(withRetry(world, STORAGE_RETRY, failing(100, busy))).rejects.toBe(busy);
  expect(sleptMs).toHaveLength(STORAGE_RETRY.attemptsMax - 1);
});

test("only failures that another try may cure are tried again, an interruption never", async () => {
  const codes = Object.keys(FAILURES) as FailureCode[];
  for (const code of codes) {
    const { world, sleptMs } = observedWorld();
    const outcome = await withRetry(world, STORAGE_RETRY, failing(1, new SluiceError(code, "Cannot do it"))).catch(
      (error: SluiceError) => error.code,
    );
    const isCurable = FAILURES[code].retry && code !== "run.interrupted";
    expect([code, outcome, sleptMs.length]).toEqual(isCurable ? [code, 2, 1] : [code, code, 0]);
  }
  const { world } = observedWorld();
  const foreign = new TypeError("a defect");
  await expect(withRetry(world, STORAGE_RETRY, failing(1, foreign))).rejects.toBe(foreign);
});

test("pauses double up to their limit and are jittered down to nothing", () => {
  const policy = { attemptsMax: 9, baseDelayMs: 100, maxDelayMs: 1_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (tried, drawn) => {
        const most = Math.min(1_000, 100 * 2 ** (tried - 1));
        expect(jitteredDelayMs({ ...simulatedWorld(1), random: () => drawn }, policy, tried)).toBeCloseTo(most * drawn);
      },
    ),
  );
});
