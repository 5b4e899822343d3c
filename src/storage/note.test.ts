import fc from "fast-check";
import { expect, test } from "vitest";
import { simulatedWorld } from "../base/index.ts";
import { memoryStore } from "./memory/memory-store.ts";
import { openNote, type NoteStore } from "./note.ts";

const SEED = process.env["SLUICE_SEED"];
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 5_000 : 200;
const TEXT = new TextEncoder();

/** Lets one call of several processes through after the other, in an order that a test gives. */
function inOrder(store: NoteStore, order: () => number): (process: number) => NoteStore {
  const waiting = new Map<number, () => void>();
  const turn = async (process: number): Promise<void> =>
    await new Promise<void>((resolve) => {
      waiting.set(process, resolve);
      setImmediate(() => {
        const all = [...waiting.keys()].toSorted((one, other) => one - other);
        const next = all[order() % Math.max(1, all.length)];
        const go = next === undefined ? undefined : waiting.get(next);
        if (next !== undefined) waiting.delete(next);
        go?.();
      });
    });
  return (process) => ({
    read: async (path) => (await turn(process), await store.read(path)),
    create: async (path, body) => (await turn(process), await store.create(path, body)),
    remove: async (paths) => (await turn(process), await store.remove(paths)),
    list: async function* (prefix, after) {
      await turn(process);
      yield* store.list(prefix, after);
    },
  });
}

test("what several processes add at once is there, each once, whatever the order of their requests", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 4 }), fc.infiniteStream(fc.nat()), async (processes, order) => {
      const store = memoryStore({ world: simulatedWorld(1) });
      const of = inOrder(store, () => Number(order.next().value));
      const add = async (process: number): Promise<void> => {
        const note = openNote(of(process), "notes/one");
        for (const times of [0, 1]) {
          const mine = `${process}.${times}`;
          await note.change((now) => {
            const all = now === undefined ? [] : now.split(" ");
            return all.includes(mine) ? undefined : [...all, mine].join(" ");
          });
        }
      };
      await Promise.all(Array.from({ length: processes }, async (_, process) => await add(process)));
      const left = (await openNote(store, "notes/one").read())?.split(" ") ?? [];
      expect(left.toSorted()).toEqual(
        Array.from({ length: processes }, (_, process) => [`${process}.0`, `${process}.1`]).flat(),
      );
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});

test("a process that slept while others went on, and what it had read was removed, has changed nothing", async () => {
  const store = memoryStore({ world: simulatedWorld(1) });
  const note = openNote(store, "notes/one");
  await note.change(() => "1");
  const slow = openNote(
    {
      read: async (at) => await store.read(at),
      remove: async (paths) => await store.remove(paths),
      list: (prefix) => store.list(prefix),
      create: async (path, body) => {
        // Between its looking and its writing two others write.
        if (path.endsWith("2.json")) for (const next of ["2", "3"]) await note.change(() => next);
        return await store.create(path, body);
      },
    },
    "notes/one",
  );
  const seen: (string | undefined)[] = [];
  expect(await slow.change((now) => (seen.push(now), `${now} and mine`))).toBe("3 and mine");
  expect(seen).toEqual(["1", "3"]);
  expect(await note.read()).toBe("3 and mine");
});

test("is one object, and others in the folder do not count", async () => {
  const store = memoryStore({ world: simulatedWorld(1) });
  const note = openNote(store, "notes/one");
  expect(await note.read()).toBeUndefined();
  await store.create("notes/one/x.json", TEXT.encode("no"));
  for (const text of ["a", "b", "b", "c"]) await note.change(() => text);
  const paths: string[] = [];
  for await (const { path } of store.list("notes/")) paths.push(path);
  expect(paths).toEqual(["notes/one/000000000003.json", "notes/one/x.json"]);
});
