import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulatedWorld, type World } from "../base/index.ts";
import { memoryStore } from "./memory/memory-store.ts";
import { openNote, type NoteStore } from "./note.ts";
import { SharedLimit, type Limit, type PutBack } from "./shared-limit.ts";

const SEED = process.env["SLUICE_SEED"];
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 6_000 : 200;
const MINUTE_MS = 60_000;
const BEFORE = 10;

/** A table whose capacity several processes raise; each call of theirs waits for its turn. */
class Bench {
  units = BEFORE;
  nowMs = 1_000_000;
  /** As a tag of the table, which all see. */
  tag: number | undefined;
  readonly changes: string[] = [];
  readonly #store = memoryStore({ world: simulatedWorld(1) });
  /** Whose turn it is; undefined: nobody waits for one. */
  turn: ((process: number) => Promise<void>) | undefined;
  /** Who is between looking at the capacity and changing it. */
  readonly looking = new Set<number>();

  of(process: number): SharedLimit {
    const turn = async (): Promise<void> => await this.turn?.(process);
    const store = this.#store;
    const notes: NoteStore = {
      read: async (path) => (await turn(), await store.read(path)),
      create: async (path, body) => (await turn(), await store.create(path, body)),
      remove: async (paths) => (await turn(), await store.remove(paths)),
      list: async function* (prefix) {
        await turn();
        yield* store.list(prefix);
      },
    };
    const limit: Limit = {
      units: async () => {
        await turn();
        this.looking.add(process);
        return this.units;
      },
      set: async (units) => {
        await turn();
        this.looking.delete(process);
        this.units = units;
        this.changes.push(`${process}: ${units}`);
      },
      kept: async () => (await turn(), this.tag),
      keep: async (before) => {
        await turn();
        this.tag = before;
      },
      forget: async (isLast) => {
        await turn();
        this.looking.delete(process);
        if (isLast) this.tag = undefined;
      },
    };
    const world: World = { ...simulatedWorld(1), nowMs: () => this.nowMs };
    return new SharedLimit(openNote(notes, "capacity/read/t"), limit, { world, id: `p${process}` });
  }

  async work(process: number, raiseTo: number): Promise<void> {
    const limit = this.of(process);
    await limit.raise(raiseTo);
    await this.turn?.(process);
    await limit.keep();
    await limit.putBack();
  }
}

/** Lets processes go on one call at a time, in a given order; those that die go on no more. Resolves when nobody can. */
async function interleave(
  bench: Bench,
  works: readonly (() => Promise<void>)[],
  { order, dies, between }: { order: () => number; dies: ReadonlyMap<number, number>; between: (step: number) => void },
): Promise<void> {
  const waiting = new Map<number, () => void>();
  const calls = new Map<number, number>();
  bench.turn = async (process) =>
    await new Promise<void>((resolve) => {
      const call = (calls.get(process) ?? 0) + 1;
      calls.set(process, call);
      if (call !== dies.get(process)) waiting.set(process, resolve);
    });
  const failures: unknown[] = [];
  for (const work of works) work().catch((error: unknown) => failures.push(error));
  for (let step = 0; ; step += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    const all = [...waiting.keys()].toSorted((one, other) => one - other);
    const next = all[order() % Math.max(1, all.length)];
    if (next === undefined) break;
    between(step);
    const go = waiting.get(next);
    waiting.delete(next);
    go?.();
  }
  bench.turn = undefined;
  expect(failures).toEqual([]);
}

const anyWorks = fc.array(fc.constantFrom(100, 100, 200, 500), { minLength: 2, maxLength: 3 });
const options = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
const nothing = (): void => undefined;

describe("a capacity that several raise at once", () => {
  test("is what it was once all have ended, and those that died count no more, whatever the order of their calls", async () => {
    const anyDeaths = fc.dictionary(fc.constantFrom("0", "1", "2"), fc.integer({ min: 1, max: 24 }), { maxKeys: 2 });
    await fc.assert(
      fc.asyncProperty(anyWorks, anyDeaths, fc.infiniteStream(fc.nat()), async (works, deaths, stream) => {
        const bench = new Bench();
        const dies = new Map(Object.entries(deaths).map(([process, call]) => [Number(process), call]));
        const running = works.map((raiseTo, process) => async () => await bench.work(process, raiseTo));
        const order = (): number => Number(stream.next().value);
        await interleave(bench, running, { order, dies, between: nothing });
        if (dies.size === 0) expect([bench.units, bench.tag]).toEqual([BEFORE, undefined]);
        bench.nowMs += 6 * MINUTE_MS;
        await bench.of(9).putBack();
        expect(bench.units).toBe(BEFORE);
      }),
      options,
    );
  });

  test("is so, too, where those that work are taken for dead in their midst", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorks, fc.infiniteStream(fc.nat()), async (works, stream) => {
        const bench = new Bench();
        const running = works.map((raiseTo, process) => async () => await bench.work(process, raiseTo));
        const order = (): number => Number(stream.next().value);
        // Together less than a change of capacity may take to show.
        const sleeps = new Set([order() % 30, order() % 30]);
        const between = (step: number): void => {
          if (sleeps.has(step)) bench.nowMs += 6 * MINUTE_MS;
        };
        await interleave(bench, running, { order, dies: new Map(), between });
        bench.nowMs += 6 * MINUTE_MS;
        await bench.of(9).putBack();
        expect(bench.units).toBe(BEFORE);
      }),
      options,
    );
  });

  test("is left as somebody else set it meanwhile, but for the moment between our looking and our changing", async () => {
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(anyWorks, fc.nat(40), fc.infiniteStream(fc.nat()), async (works, at, stream) => {
        const bench = new Bench();
        const running = works.map((raiseTo, process) => async () => await bench.work(process, raiseTo));
        const order = (): number => Number(stream.next().value);
        let isTold = false;
        const between = (step: number): void => {
          if (step !== at || bench.looking.size > 0) return;
          [bench.units, isTold] = [77, true];
        };
        await interleave(bench, running, { order, dies: new Map(), between });
        if (isTold) changed += 1;
        expect(bench.units).toBe(isTold ? 77 : BEFORE);
      }),
      options,
    );
    expect(changed).toBeGreaterThan(0);
  });
});

describe("who raises a capacity", () => {
  test("works beside another one, whose end leaves it raised; the last one puts it back", async () => {
    const bench = new Bench();
    const [one, other] = [bench.of(1), bench.of(2)];
    await one.raise(100);
    await other.raise(200);
    const held: PutBack = { kind: "held", before: BEFORE, untilMs: bench.nowMs + 5 * MINUTE_MS };
    expect(await one.putBack()).toEqual(held);
    expect([bench.units, bench.tag]).toEqual([200, BEFORE]);
    expect(await other.putBack()).toEqual({ kind: "done" });
    expect([bench.units, bench.tag]).toEqual([BEFORE, undefined]);
    expect(bench.changes).toEqual(["1: 100", "2: 200", `2: ${BEFORE}`]);
  });

  test("counts as alive while he says so, and as dead five minutes after he said so last", async () => {
    const bench = new Bench();
    const [slow, next] = [bench.of(1), bench.of(2)];
    await slow.raise(100);
    for (let minutes = 0; minutes < 30; minutes += 1) {
      bench.nowMs += MINUTE_MS;
      await slow.keep();
    }
    expect(await next.left()).toEqual({ before: BEFORE, isHeld: true });
    bench.nowMs += 5 * MINUTE_MS;
    expect(await next.left()).toEqual({ before: BEFORE, isHeld: false });
    expect(await next.putBack()).toEqual({ kind: "done" });
    expect([bench.units, await next.left()]).toEqual([BEFORE, undefined]);
    expect(await slow.putBack()).toEqual({ kind: "done" });
    expect(bench.changes).toEqual(["1: 100", `2: ${BEFORE}`]);
  });

  test("takes no capacity that is still on its way back for the one of before", async () => {
    const bench = new Bench();
    await bench.work(1, 100);
    // What tells of it lags.
    bench.units = 100;
    const next = bench.of(2);
    await next.raise(200);
    bench.units = 200;
    expect(await next.putBack()).toEqual({ kind: "done" });
    expect(bench.units).toBe(BEFORE);
  });

  test("leaves what somebody else set, says so, and takes that for the capacity of before from then on", async () => {
    const bench = new Bench();
    const [one, other] = [bench.of(1), bench.of(2)];
    await one.raise(100);
    bench.units = 50;
    expect(await one.putBack()).toEqual({ kind: "changed", before: BEFORE, units: 50 });
    await one.raise(100);
    bench.units = 30;
    await other.raise(100);
    await one.putBack();
    await other.putBack();
    expect(bench.units).toBe(30);
  });

  test("finds what an older version, or another lake, wrote down of before", async () => {
    const bench = new Bench();
    [bench.units, bench.tag] = [100, BEFORE];
    expect(await bench.of(1).left()).toEqual({ before: BEFORE, isHeld: false });
    await bench.work(1, 200);
    expect([bench.units, bench.tag]).toEqual([BEFORE, undefined]);
  });
});
