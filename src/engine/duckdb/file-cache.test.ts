import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { countingStore, faultyStore, localStore, memoryStore } from "../../storage/index.ts";
import { Database } from "./database.ts";
import { FileCache } from "./file-cache.ts";

const world = simulatedWorld(3);
const file = (path: string): { path: string; sizeBytes: number } => ({ path, sizeBytes: path.length });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the file cache", () => {
  let folder: string;
  let database: Database;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-cache-"));
    const spillFolder = join(folder, "spill");
    const folders = [join(folder, "inside")];
    database = await Database.open({ memoryBytes: 2 ** 27, threads: 1, spillFolder, folders, world });
  });
  afterEach(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  test("a file is fetched once, however many ask for it at the same time", async () => {
    const store = countingStore(memoryStore({ world }));
    await store.create("a", bytes("a"));
    const cache = new FileCache(database);
    const uses = await Promise.all(Array.from({ length: 8 }, async () => cache.use(store, [file("a"), file("a")])));
    expect(new Set(uses.flatMap(({ paths }) => paths)).size).toBe(1);
    expect(store.counts.read).toBe(1);
    expect(await readFile(uses[0]?.paths[0] ?? "", "utf8")).toBe("a");
  });

  test("the same path of another store is another file", async () => {
    const cache = new FileCache(database);
    for (const text of ["x", "y"]) {
      const store = memoryStore({ world });
      await store.create("a", bytes(text));
      const { paths } = await cache.use(store, [file("a")]);
      expect(await readFile(paths[0] ?? "", "utf8")).toBe(text);
    }
  });

  test("copies that nobody uses go, least recently used first, and those in use stay", async () => {
    const store = memoryStore({ world });
    const names = ["aaaa", "bbbb", "cccc", "dddd"];
    for (const name of names) await store.create(name, bytes(name));
    const cache = new FileCache(database, 8);
    const [a, b, c, d] = await Promise.all(names.map(async (name) => await cache.use(store, [file(name)])));
    const kept = async (): Promise<readonly string[]> => {
      const left = await readdir(join(database.folder, "files"));
      const texts = await Promise.all(
        left.map(async (name) => await readFile(join(database.folder, "files", name), "utf8")),
      );
      return texts.toSorted();
    };
    expect(await kept()).toEqual(names);
    c?.release();
    await expect.poll(kept).toEqual(["aaaa", "bbbb", "dddd"]);
    (await cache.use(store, [file("aaaa")])).release();
    b?.release();
    await expect.poll(kept).toEqual(["aaaa", "dddd"]);
    a?.release();
    d?.release();
    expect(await kept()).toEqual(["aaaa", "dddd"]);
  });

  test("a fetch that fails is tried again by the next who asks, and leaves no half file", async () => {
    const inner = memoryStore({ world });
    await inner.create("a", bytes("a"));
    const store = faultyStore(inner, {
      world,
      plan: [{ effect: { kind: "fail", when: "before" }, at: 1, operation: "read" }],
    });
    const cache = new FileCache(database);
    await expect(cache.use(store, [file("a")])).rejects.toMatchObject({ code: "storage.unavailable" });
    expect(await readdir(join(database.folder, "files"))).toEqual([]);
    const { paths } = await cache.use(store, [file("a")]);
    expect(await readFile(paths[0] ?? "", "utf8")).toBe("a");
    await expect(cache.use(store, [file("none")])).rejects.toMatchObject({ code: "storage.missing" });
  });

  test("files within reach are read in place, unless their names are patterns, and others are not", async () => {
    const cache = new FileCache(database);
    const inside = localStore(join(folder, "inside"), { world });
    const outside = localStore(join(folder, "outside"), { world });
    for (const store of [inside, outside]) {
      for (const path of ["p=1/a b.parquet", "p=[1]*/a.parquet"]) await store.create(path, bytes(path));
    }
    const [plain, pattern] = (await cache.use(inside, [file("p=1/a b.parquet"), file("p=[1]*/a.parquet")])).paths;
    expect(plain).toBe(join(inside.localFolder, "p=1/a b.parquet"));
    expect(pattern?.startsWith(database.folder)).toBe(true);
    expect(await readFile(pattern ?? "", "utf8")).toBe("p=[1]*/a.parquet");
    const [copy] = (await cache.use(outside, [file("p=1/a b.parquet")])).paths;
    expect(copy?.startsWith(database.folder)).toBe(true);
    expect(await readFile(copy ?? "", "utf8")).toBe("p=1/a b.parquet");
  });
});
