import { expect, test } from "vitest";
import { simulatedWorld, type World } from "../base/index.ts";
import { withLease } from "./lease.ts";
import { memoryStore } from "./memory/memory-store.ts";
import { openNote, type Note } from "./note.ts";

/** A clock that a test moves, and sleepers that it wakes. */
class Clock {
  nowMs = 1_000_000;
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  readonly world: World = {
    ...simulatedWorld(1),
    nowMs: () => this.nowMs,
    sleep: async (ms, signal) =>
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => reject(new Error("aborted"));
        const wake = (): void => {
          signal?.removeEventListener("abort", abort);
          resolve();
        };
        this.#sleepers.add({ atMs: this.nowMs + ms, wake });
        signal?.addEventListener("abort", abort);
      }),
  };

  async move(ms: number): Promise<void> {
    this.nowMs += ms;
    for (const one of this.#sleepers) {
      if (one.atMs > this.nowMs) continue;
      this.#sleepers.delete(one);
      one.wake();
    }
    for (let at = 0; at < 20; at += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

function benchOf(): { readonly clock: Clock; readonly note: Note } {
  return { clock: new Clock(), note: openNote(memoryStore({ world: simulatedWorld(1) }), "leases/one") };
}

/** Work that ends when a test says so, or its signal fires. */
class LongWork {
  #end: ((value: string) => void) | undefined;
  readonly work = async (signal: AbortSignal): Promise<string> =>
    await new Promise((resolve, reject) => {
      this.#end = resolve;
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    });

  end(value: string): void {
    this.#end?.(value);
  }
}

const MINUTE_MS = 60_000;

test("one works, the other is told until when, and has his turn as soon as it is over", async () => {
  const { clock, note } = benchOf();
  const long = new LongWork();
  const first = withLease(note, { world: clock.world, holder: "a" }, long.work);
  await clock.move(0);
  const other = async () => await withLease(note, { world: clock.world, holder: "b" }, async () => "mine");
  expect(await other()).toEqual({ kind: "held", untilMs: clock.nowMs + 5 * MINUTE_MS });
  // It is renewed while the work lasts, however long.
  for (let minutes = 0; minutes < 30; minutes += 1) await clock.move(MINUTE_MS);
  expect(await other()).toMatchObject({ kind: "held" });
  long.end("done");
  expect(await first).toEqual({ kind: "done", value: "done" });
  expect(await other()).toEqual({ kind: "done", value: "mine" });
});

test("who dies holds it for five minutes more", async () => {
  const { clock, note } = benchOf();
  const dead = new Clock();
  void withLease(note, { world: dead.world, holder: "dead" }, new LongWork().work);
  await dead.move(0);
  const other = async () => await withLease(note, { world: clock.world, holder: "b" }, async () => "mine");
  await clock.move(5 * MINUTE_MS - 1);
  expect(await other()).toMatchObject({ kind: "held" });
  await clock.move(1);
  expect(await other()).toMatchObject({ kind: "done" });
});

test("who slept while another one took over stops when he wakes up, and leaves the other's lease alone", async () => {
  const { clock, note } = benchOf();
  const asleep = new Clock();
  const sleeper = withLease(note, { world: asleep.world, holder: "a" }, new LongWork().work);
  await asleep.move(0);
  await clock.move(6 * MINUTE_MS);
  const long = new LongWork();
  const taken = withLease(note, { world: clock.world, holder: "b" }, long.work);
  await clock.move(0);
  await asleep.move(6 * MINUTE_MS);
  expect(await sleeper).toMatchObject({ kind: "held" });
  expect(await note.read()).toContain('"holder":"b"');
  long.end("done");
  expect(await taken).toMatchObject({ kind: "done" });
});

test("what the work fails with is told, and it is free again", async () => {
  const { clock, note } = benchOf();
  const failing = withLease(note, { world: clock.world, holder: "a" }, async () => {
    await Promise.resolve();
    throw new Error("it failed");
  });
  await expect(failing).rejects.toThrow("it failed");
  expect(await withLease(note, { world: clock.world, holder: "b" }, async () => 1)).toMatchObject({ kind: "done" });
});
