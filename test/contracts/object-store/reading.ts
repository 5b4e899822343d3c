import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytes, codeOf, text, type MakeStore } from "./looking.ts";

export function readingObjects(make: MakeStore): void {
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
    for (const path of ["nothing", "no/where", "folder", "folder/other", "folder/object/deeper"]) {
      expect(await codeOf(store.read(path))).toBe("storage.missing");
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
