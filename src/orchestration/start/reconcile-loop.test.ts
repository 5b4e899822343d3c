import { expect, test } from "vitest";
import { Slots, SluiceError, simulatedWorld, type FailureCode } from "../../base/index.ts";
import type { Reconciliation } from "../../layers/index.ts";
import { ReconcileLoop, type Compared } from "./reconcile-loop.ts";
import type { StartEvent } from "./start-event.ts";

const HOUR_MS = 3_600_000;

/** What is recorded, which outlives a process; and a comparison that takes half an hour, unless it is told to fail or is held. */
class Bench {
  readonly world = simulatedWorld(3);
  readonly startedMs: number[] = [];
  readonly events: StartEvent[] = [];
  over = new AbortController();
  isLoaded = true;
  fails: FailureCode | undefined;
  heldMs: number | undefined;
  lastMs: number | undefined;

  /** A process, until so much time has passed. */
  async live(ms: number): Promise<void> {
    const endsMs = this.world.nowMs() + ms;
    this.over = new AbortController();
    const sleep = async (waitMs: number): Promise<void> => {
      await this.world.sleep(Math.min(waitMs, Math.max(0, endsMs - this.world.nowMs())));
      if (this.world.nowMs() >= endsMs) this.over.abort();
    };
    const loop = new ReconcileLoop({
      table: "bronze.orders",
      schedule: { everyMs: 24 * HOUR_MS, readCapacity: 100 },
      world: { ...this.world, sleep },
      signal: this.over.signal,
      lookMs: 60_000,
      slots: new Slots(1),
      lastMs: async () => await Promise.resolve(this.lastMs),
      isLoaded: async () => await Promise.resolve(this.isLoaded),
      compare: async () => await this.#compare(sleep),
      onEvent: (event) => void this.events.push(event),
    });
    await loop.run();
  }

  async #compare(sleep: (ms: number) => Promise<void>): Promise<Compared> {
    const startedMs = this.world.nowMs();
    if (this.heldMs !== undefined && startedMs < this.heldMs) return { kind: "held", untilMs: this.heldMs };
    this.startedMs.push(startedMs);
    await sleep(HOUR_MS / 2);
    this.over.signal.throwIfAborted();
    if (this.fails !== undefined) throw new SluiceError(this.fails, "It failed");
    this.lastMs = startedMs;
    return {
      kind: "done",
      value: { table: "bronze.orders", startedMs, verdict: "equal" } as unknown as Reconciliation,
    };
  }

  get kinds(): readonly string[] {
    return this.events.map((event) => (event.kind === "failed" ? `${event.during} ${event.error.code}` : event.kind));
  }

  /** Hours from one beginning to the next. */
  get gaps(): readonly number[] {
    return this.startedMs.slice(1).map((ms, at) => Math.round((ms - (this.startedMs[at] ?? 0)) / HOUR_MS));
  }
}

test("is done at once, and then each time that it is due, counted from its beginning", async () => {
  const bench = new Bench();
  await bench.live(80 * HOUR_MS);
  expect(bench.gaps).toEqual([24, 24, 24]);
  expect(bench.kinds).toEqual(["reconciled", "reconciled", "reconciled", "reconciled"]);
});

test("a restart neither does it again nor skips it; one in the midst of it starts over", async () => {
  const bench = new Bench();
  for (let starts = 0; starts < 5; starts += 1) await bench.live(5 * HOUR_MS);
  expect(bench.gaps).toEqual([24]);
  await bench.live(23.25 * HOUR_MS);
  // The third was begun after two days, and not recorded.
  expect([bench.startedMs.length, bench.events.length]).toEqual([3, 2]);
  await bench.live(HOUR_MS);
  expect([bench.startedMs.length, bench.events.length]).toEqual([4, 3]);
  expect(bench.kinds).toEqual(["reconciled", "reconciled", "reconciled"]);
});

test("a long sleep makes it due once, not as often as it was missed", async () => {
  const bench = new Bench();
  await bench.live(HOUR_MS);
  await bench.world.sleep(1_000 * HOUR_MS);
  await bench.live(HOUR_MS);
  expect(bench.startedMs).toHaveLength(2);
});

test("what fails is told once, tried again more and more seldom, and never given up", async () => {
  const bench = new Bench();
  bench.fails = "source.denied";
  await bench.live(48 * HOUR_MS);
  expect(bench.kinds).toEqual(["reconcile source.denied"]);
  expect(bench.startedMs.length).toBeGreaterThan(8);
  expect(bench.startedMs.length).toBeLessThan(25);
  // What would stop a table for good does not stop this.
  bench.fails = "table.broken-invariant";
  await bench.live(24 * HOUR_MS);
  expect(bench.kinds.at(-1)).toBe("reconcile table.broken-invariant");
  const before = bench.startedMs.length;
  bench.fails = undefined;
  await bench.live(12 * HOUR_MS);
  expect(bench.startedMs.length).toBe(before + 1);
  expect(bench.kinds.at(-1)).toBe("reconciled");
});

test("waits until the table is loaded, and says so once", async () => {
  const bench = new Bench();
  bench.isLoaded = false;
  await bench.live(3 * HOUR_MS);
  expect([bench.startedMs, bench.kinds]).toEqual([[], ["notice"]]);
  bench.isLoaded = true;
  await bench.live(HOUR_MS);
  expect(bench.kinds).toEqual(["notice", "reconciled"]);
});

test("where another process is at it, looks again when that could be over, and finds what it recorded", async () => {
  const bench = new Bench();
  bench.heldMs = bench.world.nowMs() + HOUR_MS;
  await bench.live(HOUR_MS - 60_000);
  expect([bench.startedMs, bench.kinds]).toEqual([[], []]);
  bench.lastMs = bench.heldMs - HOUR_MS / 2;
  await bench.live(2 * HOUR_MS);
  expect(bench.startedMs).toEqual([]);
  // The other one died: this one has its turn.
  bench.lastMs = undefined;
  await bench.live(HOUR_MS);
  expect(bench.kinds).toEqual(["reconciled"]);
});
