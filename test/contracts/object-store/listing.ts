import fc from "fast-check";
import { expect, test } from "vitest";
import { bytes, bytewise, inOrder, listOf, pathsOf, type MakeStore } from "./looking.ts";

export function listingObjects(make: MakeStore): void {
  // Few characters around `/` (0x2f) and both sides of the surrogates: collisions of prefixes and of orders are common.
  const segment = fc.string({
    unit: fc.constantFrom("a", "b", "-", ".", "0", " ", "!", "\uE000", "😀", "é"),
    minLength: 1,
    maxLength: 3,
  });
  const path = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .filter((segments) => !segments.includes(".") && !segments.includes(".."))
    .map((segments) => segments.join("/"));

  test("a listing is what filtering and sorting all paths by their UTF-8 bytes gives", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path, { maxLength: 25 }),
        fc.nat(),
        fc.option(path, { nil: undefined }),
        async (wanted, cut, after) => {
          const store = await make();
          const paths = wanted.filter((one) => !wanted.some((other) => other.startsWith(`${one}/`)));
          for (const one of paths) await store.create(one, bytes(one));
          const source = paths[cut % Math.max(1, paths.length)] ?? "";
          for (const prefix of ["", wellFormedCut(source, cut % (source.length + 1))]) {
            const expected = paths.filter((one) => one.startsWith(prefix));
            const rest = expected.filter((one) => after === undefined || bytewise(one, after) > 0);
            expect(await pathsOf(store, prefix, after)).toEqual(inOrder(rest));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("every cut of a listing goes on where it stopped", async () => {
    const store = await make();
    const paths = ["a", "a b", "a!/x", "a-b/x", "a.b", "a/b", "a/b.c", "a0/b", "ab/c/d", "ab/c0", "b"].filter(
      (one) => one !== "a",
    );
    for (const one of paths) await store.create(one, bytes(""));
    const sorted = inOrder(paths);
    for (const [index, one] of sorted.entries()) {
      expect(await pathsOf(store, "", one)).toEqual(sorted.slice(index + 1));
    }
    expect(await pathsOf(store, "a/", "a/b")).toEqual(["a/b.c"]);
    expect(await pathsOf(store, "a/", "zzz")).toEqual([]);
    expect(await pathsOf(store, "ab/", "aa")).toEqual(["ab/c/d", "ab/c0"]);
  });

  test("a listing tells sizes and times as a look at the object does", async () => {
    const store = await make();
    for (let index = 0; index < 70; index += 1) await store.create(`many/${index}`, bytes("x".repeat(index)));
    for (const found of await listOf(store, "many/")) expect(found).toEqual(await store.stat(found.path));
  });

  test("a prefix without objects, or of a missing folder, lists nothing", async () => {
    const store = await make();
    await store.create("a/b", bytes(""));
    for (const prefix of ["c", "a/c", "a/b/", "x/y/z/", "a/b/c"]) expect(await pathsOf(store, prefix)).toEqual([]);
  });

  test("a listing survives objects that go while it runs", async () => {
    const store = await make();
    const paths = Array.from({ length: 200 }, (_, index) => `p/${String(index).padStart(3, "0")}`);
    for (const one of paths) await store.create(one, bytes(""));
    const seen: string[] = [];
    for await (const found of store.list("p/")) {
      if (seen.length === 0) await store.remove(paths.slice(100));
      seen.push(found.path);
    }
    expect(seen.slice(0, 100)).toEqual(paths.slice(0, 100));
    expect(new Set(seen).size).toBe(seen.length);
  });
}

/** A beginning of the text that does not end within a surrogate pair. */
function wellFormedCut(source: string, length: number): string {
  const cut = source.slice(0, length);
  return /\p{Surrogate}/u.test(cut) ? source.slice(0, length - 1) : cut;
}
