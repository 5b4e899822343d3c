import { expect, test } from "vitest";
import { bytes, codeOf, inOrder, pathsOf, textOf, type MakeStore } from "./looking.ts";

export function namingObjects(make: MakeStore): void {
  test("names are taken literally", async () => {
    const store = await make();
    const characters = Array.from({ length: 0xe0 }, (_, index) => String.fromCodePoint(0x20 + index));
    const named = characters.filter((character) => character !== "/").map((character) => `char/a${character}z`);
    const awkward = [
      "day=2026-01-01/part 1.parquet",
      "time=2026-01-01 00%3A00%3A00/x",
      "%2F",
      "a%252Fb",
      "c:d",
      "😀/\u{10FFFF}\uE000",
      "back\\slash",
      "..hidden",
      "...",
      "tilde~/*?[x]",
      "e\u0301",
      "\u00e9",
      " lead and trail ",
    ];
    const paths = [...named, ...awkward];
    await Promise.all(paths.map((path) => store.create(path, bytes(path))));
    expect(await pathsOf(store, "")).toEqual(inOrder(paths));
    for (const path of paths) expect(await textOf(store, path)).toBe(path);
  });

  test.each([
    "",
    "/",
    "/etc/passwd",
    "..",
    "../x",
    "a/../b",
    "a/..",
    ".",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "nul\0",
    "\ud800",
  ])("the path %j is refused by every operation", async (path) => {
    const store = await make();
    expect(await codeOf(store.read(path))).toBe("storage.invalid-path");
    expect(await codeOf(store.stat(path))).toBe("storage.invalid-path");
    expect(await codeOf(store.create(path, bytes("x")))).toBe("storage.invalid-path");
    expect(await codeOf(store.createFromFile(path, "/nowhere"))).toBe("storage.invalid-path");
    expect(await codeOf(store.replace(path, bytes("x")))).toBe("storage.invalid-path");
    expect(await codeOf(store.remove([path]))).toBe("storage.invalid-path");
    expect(await pathsOf(store, "")).toEqual([]);
  });

  test.each(["/", "/a", "../", "a/../", "a/../b", "a//", "./", "nul\0"])("the prefix %j is refused", async (prefix) => {
    const store = await make();
    expect(await codeOf(pathsOf(store, prefix))).toBe("storage.invalid-path");
  });
}
