import { describe, expect, test } from "vitest";
import { SluiceError, simulatedWorld } from "../../base/index.ts";
import { memoryStore } from "../../storage/index.ts";
import type { DeletionVectorDescriptor } from "../actions.ts";
import { readDeletionVector, vectorPath, writeDeletionVectors } from "./deletion-vectors.ts";
import { RowSet } from "./row-set.ts";
import { encodeVector } from "./vector-format.ts";
import { decodeZ85, encodeZ85 } from "./z85.ts";

const world = simulatedWorld(7);

describe("deletion vectors", () => {
  test("of many files share one file and come back, each its own", async () => {
    const store = memoryStore({ world });
    const sets = [new RowSet([1, 5, 70_000]), new RowSet().addRange(0, 3), new RowSet([2 ** 33])];
    const vectors = await writeDeletionVectors(store, sets, world);
    expect(new Set(vectors.map((vector) => vectorPath(vector, store))).size).toBe(1);
    expect(vectors[0]?.offset).toBe(1);
    for (const [index, vector] of vectors.entries()) {
      expect([...(await readDeletionVector(store, vector))]).toEqual([...(sets[index] ?? [])]);
    }
    expect(await writeDeletionVectors(store, [], world)).toEqual([]);
  });

  test("are found where the protocol's example says", () => {
    const vector: DeletionVectorDescriptor = {
      storageType: "u",
      pathOrInlineDv: "ab^-aqEH.-t@S}K{vb[*k^",
      offset: 4,
      sizeInBytes: 40,
      cardinality: 6,
    };
    expect(vectorPath(vector, { url: "memory://t" })).toBe(
      "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin",
    );
  });

  test("inside the log are read in the old encoding, too", async () => {
    const store = memoryStore({ world });
    const inline = "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
    const vector = { storageType: "i", pathOrInlineDv: inline, sizeInBytes: 40, cardinality: 6 } as const;
    expect([...(await readDeletionVector(store, vector))]).toEqual([3, 4, 7, 11, 18, 29]);
  });

  test("inside the log are read with a last group of fewer bytes", async () => {
    const store = memoryStore({ world });
    const inline = "^Bg9^0rr910000000000iXQKl0rr91000005c8Xg##093";
    const vector = { storageType: "i", pathOrInlineDv: inline, sizeInBytes: 34, cardinality: 1 } as const;
    expect([...(await readDeletionVector(store, vector))]).toHaveLength(1);
  });

  test("that are damaged fail by name, wherever the damage is", async () => {
    const store = memoryStore({ world });
    const rows = new RowSet([1, 2, 3, 100_000]).addRange(200_000, 300_000);
    const [vector] = await writeDeletionVectors(store, [rows], world);
    if (vector === undefined) throw new Error("one vector was written");
    const path = vectorPath(vector, store) ?? "";
    const body = await store.read(path);
    for (let at = 1; at < body.length; at += 1) {
      const damaged = Uint8Array.from(body);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      await store.replace(path, damaged);
      await expect(readDeletionVector(store, vector)).rejects.toMatchObject({ code: "table.corrupt" });
    }
    await store.replace(path, body.subarray(0, body.length - 1));
    await expect(readDeletionVector(store, vector)).rejects.toMatchObject({ code: "table.corrupt" });
    await store.remove([path]);
    await expect(readDeletionVector(store, vector)).rejects.toThrow(/is missing/);
  });

  test("made to hurt are refused without using memory or leaving the table (A42)", async () => {
    const store = memoryStore({ world });
    const bytes = encodeVector(new RowSet([1]));
    const inline = encodeZ85(bytes);
    const good = { storageType: "i", pathOrInlineDv: inline, sizeInBytes: bytes.length, cardinality: 1 } as const;
    const hostile: DeletionVectorDescriptor[] = [
      { ...good, cardinality: 2 },
      { ...good, sizeInBytes: 2 ** 40 },
      { ...good, cardinality: 2 ** 40 },
      { ...good, pathOrInlineDv: "~~~~~" },
      { storageType: "u", pathOrInlineDv: "short", sizeInBytes: 40, cardinality: 1 },
      { storageType: "u", pathOrInlineDv: `../..${"0".repeat(20)}`, sizeInBytes: 40, cardinality: 1 },
      { storageType: "p", pathOrInlineDv: "../secret.bin", sizeInBytes: 40, cardinality: 1 },
    ];
    for (const vector of hostile) {
      await expect(readDeletionVector(store, vector)).rejects.toMatchObject({ code: "table.corrupt" });
    }
    const elsewhere = { ...good, storageType: "p", pathOrInlineDv: "s3://other/secret.bin" } as const;
    await expect(readDeletionVector(store, elsewhere)).rejects.toMatchObject({ code: "table.unsupported" });
  });

  test("are refused as errors of ours for any bytes at all", async () => {
    const store = memoryStore({ world });
    const random = simulatedWorld(11);
    const good = encodeVector(new RowSet([1, 2, 70_000]).addRange(100_000, 180_000));
    for (let round = 0; round < 3000; round += 1) {
      const bytes = Uint8Array.from(good);
      for (let times = 0; times < 3; times += 1) {
        bytes[Math.floor(random.random() * bytes.length)] = Math.floor(random.random() * 256);
      }
      const cut = bytes.subarray(0, random.random() < 0.5 ? bytes.length : Math.floor(random.random() * bytes.length));
      const vector = {
        storageType: "i",
        pathOrInlineDv: encodeZ85(cut),
        sizeInBytes: cut.length,
        cardinality: 3,
      } as const;
      const outcome = await readDeletionVector(store, vector).catch((error: unknown) => error);
      expect(outcome instanceof RowSet || (outcome instanceof SluiceError && outcome.code === "table.corrupt")).toBe(
        true,
      );
    }
  });
});

describe("Z85", () => {
  test("gives the example of its specification", () => {
    const bytes = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b);
    expect(encodeZ85(bytes)).toBe("HelloWorld");
    expect(decodeZ85("HelloWorld")).toEqual(bytes);
  });

  test("refuses what it never wrote", () => {
    for (const text of ["Hell", "Hell~", "%nSc1", "#####"]) expect(decodeZ85(text)).toBeUndefined();
  });
});
