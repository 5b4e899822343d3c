import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fileOf, snapshotOf, withDeleted } from "../../../test/snapshot-of-files.ts";
import { planOptimize } from "./plan-optimize.ts";
import { isIntact } from "./rewrite-group.ts";

const TARGET_BYTES = 1000;

const sizes = fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 40 });

describe("planOptimize", () => {
  test("no file is in two groups, none exceeds the target, and at most one small file is left", () => {
    fc.assert(
      fc.property(sizes, (all) => {
        const files = all.map((size, index) => fileOf(`f${index}`, size));
        const groups = planOptimize(snapshotOf(files), { targetBytes: TARGET_BYTES });
        const paths = groups.flatMap((group) => group.files.map((file) => file.path));
        expect(new Set(paths).size).toBe(paths.length);
        for (const group of groups) {
          expect(group.files.length).toBeGreaterThan(1);
          expect(group.sizeBytes).toBeLessThanOrEqual(TARGET_BYTES);
          for (const file of group.files) expect(file.sizeBytes).toBeLessThan(TARGET_BYTES / 2);
        }
        // What is left alone, or comes out small: two of them would have been one group.
        const left = files.filter((file) => !paths.includes(file.path) && file.sizeBytes < TARGET_BYTES / 2);
        const small = [...left.map((file) => file.sizeBytes), ...groups.map((group) => group.sizeBytes)].filter(
          (size) => size <= TARGET_BYTES / 2,
        );
        expect(small.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("partitions stay apart; an empty text and null are one", () => {
    const files = ["a", "a", "b", "", null].map((p, index) => fileOf(`f${index}`, 10, { partitionValues: { p } }));
    const groups = planOptimize(snapshotOf(files, ["p"]));
    expect(groups.map((group) => group.files.map((file) => file.path))).toEqual([
      ["f0", "f1"],
      ["f3", "f4"],
    ]);
    expect(planOptimize(snapshotOf(files, ["p"]), { covers: (values) => values["p"] === "b" })).toEqual([]);
  });

  test("a file that has lost many rows is rewritten, alone if need be", () => {
    const limits = { targetBytes: TARGET_BYTES };
    expect(planOptimize(snapshotOf([withDeleted("f", 900, 5)]), limits)).toEqual([]);
    expect(planOptimize(snapshotOf([withDeleted("f", 900, 6)]), limits)).toMatchObject([{ deletedRows: 6 }]);
    expect(planOptimize(snapshotOf([withDeleted("f", 9, 6)]), limits)).toHaveLength(1);
    expect(planOptimize(snapshotOf([withDeleted("f", 9, 5)]), limits)).toEqual([]);
    expect(planOptimize(snapshotOf([withDeleted("f", 9, 5)]), { ...limits, deletedShareMax: 0 })).toHaveLength(1);
  });

  test("a group is intact while its files are, deletion vectors and all", () => {
    const files = [fileOf("a", 1), fileOf("b", 1)];
    const [group] = planOptimize(snapshotOf(files));
    if (group === undefined) throw new Error("there is a group");
    expect(isIntact(group, snapshotOf([...files, fileOf("c", 1)]))).toBe(true);
    expect(isIntact(group, snapshotOf(files.slice(1)))).toBe(false);
    expect(isIntact(group, snapshotOf([fileOf("a", 1), withDeleted("b", 1, 1)]))).toBe(false);
  });
});
