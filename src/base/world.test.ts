import { describe, expect, test, vi } from "vitest";
import { realWorld, seededRandom, simulatedWorld, type World } from "./world.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe.each<[string, () => World]>([
  ["real", realWorld],
  ["simulated", () => simulatedWorld(1)],
])("the %s world", (_name, make) => {
  test("random numbers fill the unit interval evenly and never reach one", () => {
    const world = make();
    const drawn = Array.from({ length: 20_000 }, () => world.random());
    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const count = drawn.filter((value) => Math.floor(value * 10) === tenth).length;
      expect(Math.abs(count - 2_000)).toBeLessThan(300);
    }
  });

  test("identifiers are random UUIDs and do not repeat", () => {
    const world = make();
    const identifiers = Array.from({ length: 2_000 }, () => world.uuid());
    for (const identifier of identifiers) expect(identifier).toMatch(UUID);
    expect(new Set(identifiers).size).toBe(2_000);
  });

  test("sleeping takes at least its time", async () => {
    const world = make();
    const startMs = world.nowMs();
    await world.sleep(20);
    expect(world.nowMs() - startMs).toBeGreaterThanOrEqual(19);
  });

  test("an aborted sleep rejects", async () => {
    await expect(make().sleep(10, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  });
});

test("a sleep longer than the platform's timers is still that long, and can be aborted", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  try {
    const abort = new AbortController();
    const state = { isOver: false };
    const sleep = realWorld()
      .sleep(60 * 86_400_000, abort.signal)
      .catch(() => {
        state.isOver = true;
      });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(state.isOver).toBe(false);
    abort.abort();
    await sleep;
    expect(state.isOver).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test("a simulated world follows from its seed", () => {
  expect(trace(7)).toEqual(trace(7));
  expect(trace(7)).not.toEqual(trace(8));
});

test("a simulated clock moves by sleeping, and one millisecond a look", async () => {
  const world = simulatedWorld(1, 1_000);
  expect(world.nowMs()).toBe(1_000);
  await world.sleep(86_400_000);
  expect(world.nowMs()).toBe(86_401_001);
});

test("seeds that are neighbours give unlike numbers", () => {
  const first = Array.from({ length: 1_000 }, (_, seed) => seededRandom(seed)());
  expect(new Set(first).size).toBe(1_000);
});

function trace(seed: number): unknown[] {
  const world = simulatedWorld(seed);
  return [world.nowMs(), world.random(), world.uuid(), world.nowMs(), world.random()];
}
