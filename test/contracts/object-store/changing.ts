import { expect, test } from "vitest";
import { bytes, codeOf, pathsOf, sampling, textOf, type MakeStore } from "./looking.ts";

export function changingObjects(make: MakeStore): void {
  test("replacing writes an object whether or not it was there", async () => {
    const store = await make();
    await store.replace("state/channel.json", bytes("one"));
    expect(await textOf(store, "state/channel.json")).toBe("one");
    await store.replace("state/channel.json", bytes("2"));
    expect(await textOf(store, "state/channel.json")).toBe("2");
    expect(await pathsOf(store, "")).toEqual(["state/channel.json"]);
  });

  test("readers of an object that is replaced see one content whole", async () => {
    const store = await make();
    const contents = ["a", "b", "c"].map((letter, index) => letter.repeat(100_000 * (index + 1)));
    await store.replace("hint", bytes(contents[0] ?? ""));
    const seen = await sampling(
      () => textOf(store, "hint"),
      async () => {
        for (let round = 0; round < 30; round += 1) await store.replace("hint", bytes(contents[round % 3] ?? ""));
      },
    );
    expect(new Set([...seen, ...contents])).toEqual(new Set(contents));
  });

  test("removed objects are gone, and missing ones are fine", async () => {
    const store = await make();
    for (const path of ["a/1", "a/2", "a/3"]) await store.create(path, bytes(path));
    await store.remove(["a/1", "a/3", "a/9", "nowhere/x", "a/1", "a/2/deeper", "a"]);
    expect(await pathsOf(store, "")).toEqual(["a/2"]);
    await store.remove([]);
    expect(await store.create("a/1", bytes("again"))).toBe("created");
    expect(await textOf(store, "a/1")).toBe("again");
  });
}

export function beingBelow(make: MakeStore): void {
  test("a store below another one has the same objects under shorter paths", async () => {
    const store = await make();
    const table = store.below("bronze/orders");
    await table.create("_delta_log/0.json", bytes("zero"));
    await store.create("bronze/orders/_delta_log/1.json", bytes("one"));
    await store.create("bronze/orders2/x", bytes("other"));
    expect(await pathsOf(table, "")).toEqual(["_delta_log/0.json", "_delta_log/1.json"]);
    expect(await pathsOf(table, "_delta_log/", "_delta_log/0.json")).toEqual(["_delta_log/1.json"]);
    expect(await pathsOf(store, "bronze/orders/")).toHaveLength(2);
    expect(await textOf(table, "_delta_log/1.json")).toBe("one");
    expect((await table.stat("_delta_log/0.json"))?.path).toBe("_delta_log/0.json");
    await table.remove(["_delta_log/0.json"]);
    expect(await store.stat("bronze/orders/_delta_log/0.json")).toBeUndefined();
  });

  test("below twice is below the joined path, and knows the same place", async () => {
    const store = await make();
    const [twice, once] = [store.below("a b").below("c=d/"), store.below("a b/c=d")];
    await twice.create("object", bytes("x"));
    expect(await textOf(once, "object")).toBe("x");
    expect(twice.url).toBe(once.url);
    expect(twice.identity).toBe(once.identity);
    expect(once.identity).not.toBe(store.below("a b").identity);
    expect(twice.localFolder).toBe(once.localFolder);
    expect(once.url.startsWith(`${store.url}/`)).toBe(true);
    expect(once.url).not.toBe(store.below("a b").url);
    expect(store.below("").url).toBe(store.url);
  });

  test("nothing above is reached from below", async () => {
    const store = await make();
    await store.create("secret", bytes("x"));
    const table = store.below("table");
    expect(await codeOf(table.read("../secret"))).toBe("storage.invalid-path");
    expect(await codeOf(table.read("/secret"))).toBe("storage.invalid-path");
    expect(await codeOf(pathsOf(table, "../"))).toBe("storage.invalid-path");
    expect(await codeOf((async () => store.below("../x"))())).toBe("storage.invalid-path");
    expect(await codeOf((async () => table.below("/x"))())).toBe("storage.invalid-path");
  });

  test("two stores are two places", async () => {
    const [one, other] = [await make(), await make()];
    expect(one.url).not.toBe(other.url);
    await one.create("x", bytes("x"));
    expect(await other.stat("x")).toBeUndefined();
  });
}
