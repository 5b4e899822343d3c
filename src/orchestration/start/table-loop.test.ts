import { expect, test } from "vitest";
import { SluiceError, realWorld, type FailureCode, type World } from "../../base/index.ts";
import { TableLoop, type Round } from "./table-loop.ts";

/** A loop whose rounds a test tells, and whose sleeps are over when the test says so. */
class Bench {
  readonly said: string[] = [];
  readonly over = new AbortController();
  readonly loop: TableLoop;
  readonly #rounds: (Round | (() => Round))[];
  #nowMs = 0;
  #end: (() => void) | undefined;

  constructor(rounds: readonly (Round | (() => Round))[]) {
    this.#rounds = [...rounds];
    const world: World = {
      ...realWorld(),
      nowMs: () => this.#nowMs,
      random: () => 1,
      sleep: async (ms, signal) => {
        this.said.push(`sleeps ${ms}`);
        await new Promise<void>((resolve, reject) => {
          this.#end = () => {
            this.#nowMs += ms;
            resolve();
          };
          signal?.addEventListener("abort", () => reject(new Error("aborted")));
        });
      },
    };
    this.loop = new TableLoop({
      table: "silver.orders",
      world,
      signal: this.over.signal,
      round: async () => {
        this.said.push("works");
        const next = this.#rounds.shift();
        return await Promise.resolve(typeof next === "function" ? next() : (next ?? well(Infinity)));
      },
      onFailure: (error, againMs) => void this.said.push(`${error.code} ${againMs ?? "for good"}`),
      onRecovery: () => void this.said.push("well again"),
    });
  }

  async sleepOver(): Promise<void> {
    this.#end?.();
    await settled();
  }
}

const well = (againMs: number, restMs = 0): Round => ({ error: undefined, againMs, restMs });
const ill = (code: FailureCode): Round => ({ error: new SluiceError(code, "It failed") });
const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

test("works when its time has come, and when it is woken, also while it works", async () => {
  const bench: Bench = new Bench([well(1_000), () => (bench.loop.wake(), well(2_000)), well(9_000), well(9_000)]);
  const run = bench.loop.run();
  await settled();
  expect(bench.said).toEqual(["works", "sleeps 1000"]);
  await bench.sleepOver();
  expect(bench.said.slice(2)).toEqual(["works", "works", "sleeps 8000"]);
  bench.loop.wake();
  await settled();
  expect(bench.said.slice(5)).toEqual(["works", "sleeps 8000"]);
  bench.over.abort();
  await run;
});

test("a table that rests is not woken, and works afterwards", async () => {
  const bench = new Bench([well(9_000, 500)]);
  const run = bench.loop.run();
  await settled();
  bench.loop.wake();
  await settled();
  expect(bench.said).toEqual(["works", "sleeps 500"]);
  await bench.sleepOver();
  expect(bench.said.at(2)).toBe("works");
  bench.over.abort();
  await run;
});

test("a failure is told once, and its end; nothing wakes a table that failed", async () => {
  const bench = new Bench([ill("source.unavailable"), ill("source.unavailable"), well(9_000)]);
  const run = bench.loop.run();
  await settled();
  bench.loop.wake();
  await settled();
  expect(bench.said).toEqual(["works", "source.unavailable 1000", "sleeps 1000"]);
  expect(bench.loop.isFailing).toBe(true);
  await bench.sleepOver();
  expect(bench.said.slice(3)).toEqual(["works", "sleeps 2000"]);
  await bench.sleepOver();
  expect(bench.said.slice(5, 7)).toEqual(["works", "well again"]);
  expect(bench.loop.isFailing).toBe(false);
  bench.over.abort();
  await run;
});

test("a broken table is told of and given up: the loop ends", async () => {
  const bench = new Bench([ill("table.broken-invariant")]);
  await bench.loop.run();
  expect(bench.said).toEqual(["works", "table.broken-invariant for good"]);
  expect(bench.loop.isFailing).toBe(true);
});

test("the signal ends a sleep, and a round that was interrupted is no failure", async () => {
  const sleeping = new Bench([well(9_000)]);
  const run = sleeping.loop.run();
  await settled();
  sleeping.over.abort();
  await run;
  expect(sleeping.said).toEqual(["works", "sleeps 9000"]);
  const reading = new Bench([ill("run.interrupted")]);
  await reading.loop.run();
  expect(reading.said).toEqual(["works"]);
});
