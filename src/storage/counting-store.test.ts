import { expect, test } from "vitest";
import { bytes, pathsOf } from "../../test/contracts/object-store/looking.ts";
import { objectStoreSuite } from "../../test/contracts/object-store-suite.ts";
import { simulatedWorld } from "../base/index.ts";
import { countingStore } from "./counting-store.ts";
import { memoryStore } from "./memory/memory-store.ts";

objectStoreSuite("counting", async () =>
  countingStore(memoryStore({ world: simulatedWorld(1), url: `memory://${crypto.randomUUID()}` })),
);

test("every call counts with what it moved, also below", async () => {
  const store = countingStore(memoryStore({ world: simulatedWorld(1) }));
  await store.create("table/a", bytes("12345"));
  await store.below("table").replace("b", bytes("123"));
  await store.below("table").read("a", { start: -2 });
  await store.stat("none");
  await pathsOf(store, "table/");
  await store.remove(["table/a", "none"]);
  expect(store.counts).toEqual({
    read: 1,
    stat: 1,
    create: 1,
    createFromFile: 0,
    replace: 1,
    list: 1,
    remove: 1,
    listed: 2,
    removed: 2,
    bytesRead: 2,
    bytesWritten: 8,
  });
  store.reset();
  expect(Object.values(store.counts).every((count) => count === 0)).toBe(true);
});
