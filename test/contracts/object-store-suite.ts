import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isFailure, type FailureCode } from "../../src/base/index.ts";
import { compareUtf8, type ObjectInfo, type ObjectStore } from "../../src/storage/index.ts";

/** What every adapter of the object store must do. `make` opens a new, empty store. */
export function objectStoreSuite(name: string, make: () => Promise<ObjectStore>): void {
  describe(`object store: ${name}`, () => {
    creating(make);
    reading(make);
    naming(make);
    listing(make);
    replacingAndRemoving(make);
    beingBelow(make);
  });
}

function creating(make: () => Promise<ObjectStore>): void {
  test("an object that was created is there, byte for byte", async () => {
    const store = await make();
    const body = randomBytes(70_000);
    expect(await store.create("a/b/object", body)).toBe("created");
    expect(Buffer.compare(await store.read("a/b/object"), body)).toBe(0);
    expect(await store.stat("a/b/object")).toMatchObject({ path: "a/b/object", sizeBytes: body.length });
  });

  test("an object of no bytes is an object", async () => {
    const store = await make();
    await store.create("nothing", bytes(""));
    expect(await store.read("nothing")).toHaveLength(0);
    expect((await store.stat("nothing"))?.sizeBytes).toBe(0);
  });

  test("creating never replaces", async () => {
    const store = await make();
    await store.create("log/0", bytes("first"));
    expect(await store.create("log/0", bytes("second"))).toBe("exists");
    expect(await textOf(store, "log/0")).toBe("first");
  });

  test("of twenty that create at once exactly one is told created, and its content stays", async () => {
    const store = await make();
    const bodies = Array.from({ length: 20 }, (_, index) => `writer ${index} `.repeat(5_000));
    const outcomes = await Promise.all(bodies.map((body) => store.create("log/1.json", bytes(body))));
    expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
    expect(await textOf(store, "log/1.json")).toBe(bodies[outcomes.indexOf("created")]);
    expect(await pathsOf(store, "")).toEqual(["log/1.json"]);
  });

  test("a reader sees a new object whole or not at all", async () => {
    const store = await make();
    const body = Buffer.alloc(3_000_000, "x");
    const creation = store.create("big", body);
    let isCreated = false;
    const watcher = (async () => {
      while (!isCreated) {
        const size = (await store.stat("big"))?.sizeBytes;
        expect([undefined, body.length]).toContain(size);
        await yieldTurn();
      }
    })();
    await creation;
    isCreated = true;
    await watcher;
  });

  test("the caller's bytes may change once the object is created", async () => {
    const store = await make();
    const body = bytes("kept");
    await store.create("object", body);
    body.fill(0);
    expect(await textOf(store, "object")).toBe("kept");
    (await store.read("object")).fill(0);
    expect(await textOf(store, "object")).toBe("kept");
  });

  describe("out of a file", () => {
    let folder = "";
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "sluice-staged-"));
    });
    afterAll(async () => {
      await rm(folder, { recursive: true });
    });

    test("the file becomes the object and is gone", async () => {
      const store = await make();
      const file = join(folder, "staged");
      await writeFile(file, "rows");
      expect(await store.createFromFile("data/part.parquet", file)).toBe("created");
      expect(await textOf(store, "data/part.parquet")).toBe("rows");
      expect(existsSync(file)).toBe(false);
      expect(await pathsOf(store, "")).toEqual(["data/part.parquet"]);
    });

    test("an object that is there stays, and the file is gone all the same", async () => {
      const store = await make();
      const file = join(folder, "late");
      await writeFile(file, "late");
      await store.create("part", bytes("early"));
      expect(await store.createFromFile("part", file)).toBe("exists");
      expect(await textOf(store, "part")).toBe("early");
      expect(existsSync(file)).toBe(false);
      expect(await pathsOf(store, "")).toEqual(["part"]);
    });

    test("a missing file creates nothing", async () => {
      const store = await make();
      await refused("storage.missing", store.createFromFile("part", join(folder, "nowhere")));
      expect(await store.stat("part")).toBeUndefined();
    });

    test("of twenty files that race for a name exactly one wins", async () => {
      const store = await make();
      const files = Array.from({ length: 20 }, (_, index) => join(folder, `racer-${index}`));
      await Promise.all(files.map((file) => writeFile(file, file)));
      const outcomes = await Promise.all(files.map((file) => store.createFromFile("won", file)));
      expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
      expect(await textOf(store, "won")).toBe(files[outcomes.indexOf("created")]);
    });
  });
}

function reading(make: () => Promise<ObjectStore>): void {
  test("a range reads what slicing the whole object gives", async () => {
    const store = await make();
    const body = randomBytes(1_000);
    await store.create("object", body);
    const bound = fc.integer({ min: 0, max: 1_100 });
    await fc.assert(
      fc.asyncProperty(bound, fc.option(bound, { nil: undefined }), async (start, end) => {
        const part = await store.read("object", end === undefined ? { start } : { start, end });
        expect(Buffer.compare(part, body.subarray(start, end))).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("a negative start counts from the end, and stops at the beginning", async () => {
    const store = await make();
    await store.create("object", bytes("0123456789"));
    expect(text(await store.read("object", { start: -4 }))).toBe("6789");
    expect(text(await store.read("object", { start: -4, end: 8 }))).toBe("67");
    expect(text(await store.read("object", { start: -40 }))).toBe("0123456789");
  });

  test("what is missing cannot be read, and has no size", async () => {
    const store = await make();
    await store.create("folder/object", bytes("x"));
    for (const path of ["nothing", "no/where", "folder", "folder/other"]) {
      await refused("storage.missing", store.read(path));
      expect(await store.stat(path)).toBeUndefined();
    }
  });

  test("the time of an object is the time of its writing, in whole milliseconds", async () => {
    const store = await make();
    await store.create("one", bytes("1"));
    await store.create("two", bytes("2"));
    const one = (await store.stat("one"))?.modifiedMs ?? 0;
    const two = (await store.stat("two"))?.modifiedMs ?? 0;
    expect(Number.isInteger(one) && one > Date.UTC(2020, 0, 1)).toBe(true);
    expect(two).toBeGreaterThanOrEqual(one);
  });
}

function naming(make: () => Promise<ObjectStore>): void {
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
    await refused("storage.invalid-path", store.read(path));
    await refused("storage.invalid-path", store.stat(path));
    await refused("storage.invalid-path", store.create(path, bytes("x")));
    await refused("storage.invalid-path", store.createFromFile(path, "/nowhere"));
    await refused("storage.invalid-path", store.replace(path, bytes("x")));
    await refused("storage.invalid-path", store.remove([path]));
    expect(await pathsOf(store, "")).toEqual([]);
  });

  test.each(["/", "/a", "../", "a/../", "a/../b", "a//", "./", "nul\0"])("the prefix %j is refused", async (prefix) => {
    const store = await make();
    await refused("storage.invalid-path", pathsOf(store, prefix));
  });
}

function listing(make: () => Promise<ObjectStore>): void {
  // Few characters around `/` (0x2f) and both sides of the surrogates: collisions of prefixes and of orders are common.
  const segment = fc.string({
    unit: fc.constantFrom("a", "b", "-", ".", "0", " ", "!", "\uE000", "😀", "é"),
    minLength: 1,
    maxLength: 3,
  });
  const path = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .map((segments) => segments.join("/"))
    .filter((text) => !text.split("/").some((one) => one === "." || one === ".."));

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

function replacingAndRemoving(make: () => Promise<ObjectStore>): void {
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
    let isOver = false;
    const readers = Array.from({ length: 3 }, async () => {
      while (!isOver) expect(contents).toContain(await textOf(store, "hint"));
    });
    for (let round = 0; round < 30; round += 1) await store.replace("hint", bytes(contents[round % 3] ?? ""));
    isOver = true;
    await Promise.all(readers);
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

function beingBelow(make: () => Promise<ObjectStore>): void {
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
    expect(twice.localFolder).toBe(once.localFolder);
    expect(once.url.startsWith(`${store.url}/`)).toBe(true);
    expect(once.url).not.toBe(store.below("a b").url);
    expect(store.below("").url).toBe(store.url);
  });

  test("nothing above is reached from below", async () => {
    const store = await make();
    await store.create("secret", bytes("x"));
    const table = store.below("table");
    await refused("storage.invalid-path", table.read("../secret"));
    await refused("storage.invalid-path", table.read("/secret"));
    await refused("storage.invalid-path", pathsOf(table, "../"));
    await expect((async () => store.below("../x"))()).rejects.toMatchObject({ code: "storage.invalid-path" });
    await expect((async () => table.below("/x"))()).rejects.toMatchObject({ code: "storage.invalid-path" });
  });

  test("two stores are two places", async () => {
    const [one, other] = [await make(), await make()];
    expect(one.url).not.toBe(other.url);
    await one.create("x", bytes("x"));
    expect(await other.stat("x")).toBeUndefined();
  });
}

export async function listOf(store: ObjectStore, prefix: string, after?: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const one of store.list(prefix, after)) found.push(one);
  return found;
}

export async function pathsOf(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  return (await listOf(store, prefix, after)).map((found) => found.path);
}

export async function textOf(store: ObjectStore, path: string): Promise<string> {
  return text(await store.read(path));
}

export async function refused(code: FailureCode, work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => (isFailure(error) ? error.code : { error }),
  );
  expect(outcome).toBe(code);
}

export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function text(content: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
}

/** The order by its definition, beside the fast one of the product. */
function bytewise(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function inOrder(paths: readonly string[]): string[] {
  const sorted = paths.toSorted(bytewise);
  expect(paths.toSorted(compareUtf8)).toEqual(sorted);
  return sorted;
}

/** A beginning of the text that does not end within a surrogate pair. */
function wellFormedCut(source: string, length: number): string {
  const cut = source.slice(0, length);
  return /\p{Surrogate}/u.test(cut) ? source.slice(0, length - 1) : cut;
}

async function yieldTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
