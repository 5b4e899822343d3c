import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytes, codeOf, pathsOf, sampling, textOf, type MakeStore } from "./looking.ts";

export function creatingObjects(make: MakeStore): void {
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
    const seen = await sampling(
      async () => (await store.stat("big"))?.sizeBytes,
      () => store.create("big", body),
    );
    expect(new Set([...seen, undefined, body.length])).toEqual(new Set([undefined, body.length]));
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
      expect(await codeOf(store.createFromFile("part", join(folder, "nowhere")))).toBe("storage.missing");
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
