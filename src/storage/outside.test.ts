import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../base/index.ts";
import { memoryStore } from "./memory/memory-store.ts";
import { absoluteUrl, objectAt, withOutside } from "./outside.ts";

const world = simulatedWorld(1);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a store with places beyond its root", () => {
  test("reads and looks at objects there, and does nothing else to them", async () => {
    const own = memoryStore({ world, url: "memory://own" });
    const other = memoryStore({ world, url: "memory://other/folder" });
    await own.create("a", bytes("own"));
    await other.create("b c", bytes("other"));
    const store = withOutside(own, [other]);
    const path = "/memory://other/folder/b c";
    expect(new TextDecoder().decode(await store.read("a"))).toBe("own");
    expect(new TextDecoder().decode(await store.read(path, { start: 1, end: 3 }))).toBe("th");
    expect(await store.stat(path)).toMatchObject({ path, sizeBytes: 5 });
    expect(await store.stat("/memory://other/folder/none")).toBeUndefined();
    expect(objectAt(store, path)).toEqual({ store: other, path: "b c" });
    expect(objectAt(store, "a").store).toBe(store);
    for (const write of [
      () => store.create(path, bytes("x")),
      () => store.replace(path, bytes("x")),
      () => store.remove([path]),
      () => store.createFromFile(path, "/nowhere"),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: "storage.invalid-path" });
    }
    const listed: string[] = [];
    for await (const info of store.list("")) listed.push(info.path);
    expect(listed).toEqual(["a"]);
    expect(new TextDecoder().decode(await other.read("b c"))).toBe("other");
  });

  test("refuses what lies in none of them", async () => {
    const store = withOutside(memoryStore({ world }), [memoryStore({ world, url: "memory://other/folder" })]);
    for (const path of [
      "/memory://other/x",
      "/memory://other/folderx/y",
      "/etc/passwd",
      "/memory://other/folder/../x",
    ]) {
      await expect(store.read(path)).rejects.toMatchObject({ code: "storage.invalid-path" });
    }
    await expect(memoryStore({ world }).read("/memory://other/folder/a")).rejects.toMatchObject({
      code: "storage.invalid-path",
    });
  });

  test("knows one place by all of its names", () => {
    for (const url of ["file:/a b", "file:///a%20b", "FILE:///a b", "/a b"])
      expect(absoluteUrl(url)).toBe("file:///a b");
    for (const url of ["s3://b/k", "s3a://b/k", "s3n://b/k"]) expect(absoluteUrl(url)).toBe("s3://b/k");
  });
});
