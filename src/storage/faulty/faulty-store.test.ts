import { describe, expect, test } from "vitest";
import { bytes, codeOf, pathsOf, textOf } from "../../../test/contracts/object-store/looking.ts";
import { objectStoreSuite } from "../../../test/contracts/object-store-suite.ts";
import { simulatedWorld } from "../../base/index.ts";
import { memoryStore } from "../memory/memory-store.ts";
import type { ObjectStore } from "../object-store.ts";
import { SimulatedCrash, type Effect, type Fault } from "./fault.ts";
import { faultyStore, type FaultyStore } from "./faulty-store.ts";

objectStoreSuite("faulty, without faults", async () => {
  const world = simulatedWorld(1);
  return faultyStore(memoryStore({ world, url: `memory://${crypto.randomUUID()}` }), { world });
});

function withPlan(...plan: Fault[]): { inner: ObjectStore; store: FaultyStore } {
  const world = simulatedWorld(1);
  const inner = memoryStore({ world });
  return { inner, store: faultyStore(inner, { world, plan }) };
}

async function isCrash(work: Promise<unknown>): Promise<boolean> {
  return await work.then(
    () => false,
    (error: unknown) => error instanceof SimulatedCrash,
  );
}

describe("failing", () => {
  test("before the effect nothing happened, after it everything did, and the caller cannot tell (F16)", async () => {
    for (const when of ["before", "after"] as const) {
      const { inner, store } = withPlan({ at: 1, operation: "create", effect: { kind: "fail", when } });
      expect(await codeOf(store.create("log/0", bytes("mine")))).toBe("storage.unavailable");
      expect(await pathsOf(inner, "")).toEqual(when === "before" ? [] : ["log/0"]);
      expect(await store.create("log/0", bytes("mine"))).toBe(when === "before" ? "created" : "exists");
    }
  });

  test("only the calls that match are struck, as often as planned", async () => {
    const { store } = withPlan({
      at: 2,
      times: 2,
      operation: "replace",
      path: /^state\//,
      effect: { kind: "fail", when: "before", code: "storage.full" },
    });
    const outcomes: string[] = [];
    for (const path of ["state/a", "other", "state/b", "state/c", "state/d"]) {
      await store.create(`created/${path}`, bytes("x"));
      outcomes.push(
        await store.replace(path, bytes("x")).then(
          () => "done",
          () => "failed",
        ),
      );
    }
    expect(outcomes).toEqual(["done", "done", "failed", "failed", "done"]);
    expect(store.calls).toBe(10);
  });

  test("a removal may fail half done, a listing half delivered", async () => {
    const { inner, store } = withPlan(
      { at: 1, operation: "remove", effect: { kind: "fail", when: "during" } },
      { at: 1, operation: "list", effect: { kind: "fail", when: "during" } },
    );
    for (const path of ["a", "b", "c", "d"]) await store.create(path, bytes(path));
    const seen: string[] = [];
    const listing = (async () => {
      for await (const found of store.list("")) seen.push(found.path);
    })();
    expect(await codeOf(listing)).toBe("storage.unavailable");
    expect(seen).toEqual(["a"]);
    expect(await codeOf(store.remove(["a", "b", "c", "d"]))).toBe("storage.unavailable");
    expect(await pathsOf(inner, "")).toEqual(["c", "d"]);
  });
});

describe("dying", () => {
  test("a dead process never hears of a call under way, which may still land", async () => {
    const world = simulatedWorld(1);
    const slow = faultyStore(memoryStore({ world }), {
      world,
      plan: [{ at: 1, path: /^a$/, effect: { kind: "pause", when: "before" } }],
    });
    const store = faultyStore(slow, { world, plan: [{ at: 2, effect: { kind: "crash", when: "before" } }] });
    const underWay = isCrash(store.create("a", bytes("a")));
    await slow.paused();
    expect(await isCrash(store.create("b", bytes("b")))).toBe(true);
    slow.release();
    expect(await underWay).toBe(true);
    expect(await pathsOf(slow, "")).toEqual(["a"]);
    expect(store.crashedAt).toEqual({ operation: "create", path: "b" });
  });

  test("after its death every call of a process ends in a crash, also below", async () => {
    const { inner, store } = withPlan({ at: 1, effect: { kind: "crash", when: "after" } });
    expect(await isCrash(store.create("a", bytes("a")))).toBe(true);
    expect(await pathsOf(inner, "")).toEqual(["a"]);
    const below = store.below("deeper");
    const calls = [
      store.read("a"),
      store.stat("a"),
      store.replace("a", bytes("b")),
      store.remove(["a"]),
      pathsOf(store, ""),
      below.create("c", bytes("c")),
      pathsOf(below, ""),
    ];
    expect(new Set(await Promise.all(calls.map(isCrash)))).toEqual(new Set([true]));
    expect(await pathsOf(inner, "")).toEqual(["a"]);
  });

  test("a listing under way ends with its process", async () => {
    const { store } = withPlan();
    await store.create("a", bytes("a"));
    await store.create("b", bytes("b"));
    const seen: string[] = [];
    const listing = (async () => {
      for await (const found of store.list("")) {
        seen.push(found.path);
        store.kill();
      }
    })();
    expect(await isCrash(listing)).toBe(true);
    expect(seen).toEqual(["a"]);
  });

  test("a loop over every call meets each once, before and after its effect", async () => {
    for (const when of ["before", "after"] as const) {
      for (let at = 1; ; at += 1) {
        const { inner, store } = withPlan({ at, effect: { kind: "crash", when } });
        const died = await isCrash(
          (async () => {
            for (const path of ["1", "2", "3"]) await store.create(path, bytes(path));
          })(),
        );
        const done = died ? at - (when === "before" ? 1 : 0) : 3;
        expect(await pathsOf(inner, "")).toHaveLength(done);
        expect(died).toBe(at <= 3);
        if (!died) break;
      }
    }
  });
});

describe("stopping", () => {
  test("a stopped process waits with every call until it goes on, while others work (F11)", async () => {
    const { inner, store } = withPlan({ at: 1, operation: "create", effect: { kind: "pause", when: "before" } });
    const late = store.create("log/1", bytes("paused"));
    await store.paused();
    const reading = store.read("log/1");
    expect(await inner.create("log/1", bytes("successor"))).toBe("created");
    store.release();
    expect(await late).toBe("exists");
    expect(new TextDecoder().decode(await reading)).toBe("successor");
  });

  test("stopped after its effect it learns of it later, or never when it is killed", async () => {
    for (const isKilled of [false, true]) {
      const { inner, store } = withPlan({ at: 1, operation: "create", effect: { kind: "pause", when: "after" } });
      const late = isCrash(store.create("log/1", bytes("x")));
      await store.paused();
      expect(await pathsOf(inner, "")).toEqual(["log/1"]);
      if (isKilled) store.kill();
      else store.release();
      expect(await late).toBe(isKilled);
    }
  });
});

describe("answers that are not right", () => {
  test("damaged bytes differ from what is kept in one bit, or lack the last byte (F20)", async () => {
    const { store } = withPlan(
      { at: 1, operation: "read", effect: { kind: "damage", how: "flip" } },
      { at: 2, operation: "read", effect: { kind: "damage", how: "truncate" } },
    );
    const body = Uint8Array.from({ length: 64 }, (_, index) => index);
    await store.create("part", body);
    const flipped = await store.read("part");
    const differing = flipped.map((byte, index) => byte ^ (body[index] ?? 0)).filter((bits) => bits !== 0);
    expect(differing).toHaveLength(1);
    expect(Math.log2(differing[0] ?? 0) % 1).toBe(0);
    expect(await store.read("part")).toEqual(body.slice(0, -1));
    expect(await store.read("part")).toEqual(body);
  });

  test("a late listing does not know the last objects, though they can be read (F27)", async () => {
    const { store } = withPlan({ at: 1, operation: "list", effect: { kind: "stale", missing: 2 } });
    for (const path of ["1", "2", "3"]) await store.create(path, bytes(path));
    expect(await pathsOf(store, "")).toEqual(["1"]);
    expect(await textOf(store, "3")).toBe("3");
    expect(await pathsOf(store, "")).toEqual(["1", "2", "3"]);
  });

  test("a slow answer takes the world's time", async () => {
    const world = simulatedWorld(1);
    const plan: Fault[] = [{ at: 1, effect: { kind: "delay", ms: 5_000 } }];
    const store = faultyStore(memoryStore({ world }), { world, plan });
    const startMs = world.nowMs();
    await store.stat("x");
    expect(world.nowMs() - startMs).toBeGreaterThan(5_000);
  });
});

test("random faults come as often as asked, and equally from the same seed", async () => {
  const effects: Effect[] = [
    { kind: "fail", when: "before" },
    { kind: "fail", when: "after" },
  ];
  const outcomesOf = async (seed: number): Promise<string> => {
    const world = simulatedWorld(seed);
    const store = faultyStore(memoryStore({ world }), { world, random: { chance: 0.3, effects } });
    const outcomes: string[] = [];
    for (let call = 0; call < 400; call += 1) {
      outcomes.push(
        await store.replace(`${call}`, bytes("")).then(
          () => ".",
          () => "x",
        ),
      );
    }
    return outcomes.join("");
  };
  const outcomes = await outcomesOf(3);
  const failed = outcomes.split("x").length - 1;
  expect(failed).toBeGreaterThan(80);
  expect(failed).toBeLessThan(160);
  expect(await outcomesOf(3)).toBe(outcomes);
  expect(await outcomesOf(4)).not.toBe(outcomes);
});
