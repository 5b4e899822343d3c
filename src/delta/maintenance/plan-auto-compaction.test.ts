import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fileOf, snapshotOf, withDeleted } from "../../../test/snapshot-of-files.ts";
import type { AddFile } from "../actions.ts";
import { planAutoCompaction } from "./plan-auto-compaction.ts";

const MB = 1_000_000;

function pathsOf(
  files: readonly AddFile[],
  limits: Partial<Parameters<typeof planAutoCompaction>[1]> = {},
): string[][] {
  const groups = planAutoCompaction(snapshotOf(files, ["p"]), { minFiles: 3, maxBytes: 1e9, ...limits });
  return groups.map((group) => group.files.map((file) => file.path));
}

describe("planAutoCompaction", () => {
  test("after every small commit: few files stay, and a row is written a few times in all", () => {
    const commits = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 50, maxLength: 400 });
    fc.assert(
      fc.property(commits, fc.integer({ min: 2, max: 20 }), (sizes, minFiles) => {
        let files: AddFile[] = [];
        let rewrittenBytes = 0;
        for (const [index, size] of sizes.entries()) {
          files.push(fileOf(`f${index}`, size, { modificationTime: index }));
          const groups = planAutoCompaction(snapshotOf(files), { minFiles, maxBytes: 1e9, targetBytes: 1e9 });
          for (const group of groups) {
            rewrittenBytes += group.sizeBytes;
            const largest = Math.max(...group.files.map((file) => file.sizeBytes));
            expect(largest * 2).toBeLessThanOrEqual(group.sizeBytes);
            files = files.filter((file) => !group.files.includes(file));
            files.push(fileOf(`r${index}`, group.sizeBytes, { modificationTime: index }));
          }
        }
        const sumBytes = sizes.reduce((sum, size) => sum + size, 0);
        expect(files.length).toBeLessThan(Math.log2(sumBytes) + minFiles);
        expect(rewrittenBytes).toBeLessThanOrEqual(sumBytes * Math.log2(sumBytes));
      }),
    );
  });

  test("files of the right size, too few of them, and one that is larger than the rest are left alone", () => {
    expect(pathsOf([fileOf("a", 1), fileOf("b", 1)])).toEqual([]);
    expect(pathsOf([fileOf("a", 1), fileOf("b", 1), fileOf("c", 3)])).toEqual([]);
    expect(pathsOf([fileOf("a", 1), fileOf("b", 1), fileOf("c", 2), fileOf("d", 9)])).toEqual([["a", "b", "c"]]);
    const right = ["a", "b", "c"].map((path) => fileOf(path, 64 * 2 ** 20));
    expect(pathsOf(right)).toEqual([]);
    expect(pathsOf(right, { targetBytes: 2 ** 30 })).toEqual([["a", "b", "c"]]);
  });

  test("partitions stay apart, the one with most files goes first, and a round writes no more than it may", () => {
    const files = ["a", "a", "a", "b", "b", "b", "b", "c", "c"].map((p, index) =>
      fileOf(`f${index}`, 10, { partitionValues: { p } }),
    );
    const [a, b] = [
      ["f0", "f1", "f2"],
      ["f3", "f4", "f5", "f6"],
    ];
    expect(pathsOf(files)).toEqual([b, a]);
    expect(pathsOf(files, { maxBytes: 69 })).toEqual([b]);
    expect(pathsOf(files, { maxBytes: 39 })).toEqual([a]);
    expect(pathsOf(files, { maxBytes: 29 })).toEqual([]);
  });

  test("a file that has lost a third of its rows is written without them, unless it is too small to matter", () => {
    expect(pathsOf([withDeleted("a", 300 * MB, 29)])).toEqual([]);
    expect(pathsOf([withDeleted("a", 300 * MB, 30), fileOf("b", 300 * MB)])).toEqual([["a"]]);
    expect(pathsOf([withDeleted("a", 4 * MB, 30)])).toEqual([["a"]]);
    expect(pathsOf([withDeleted("a", 3 * MB, 30)])).toEqual([]);
    // What counts of it is what is left.
    expect(pathsOf([withDeleted("a", 300 * MB, 90), fileOf("b", 1), fileOf("c", 1)], { maxBytes: 29 * MB })).toEqual(
      [],
    );
    const three = [withDeleted("a", 3 * MB, 90), fileOf("b", MB), fileOf("c", MB)];
    expect(pathsOf(three)).toEqual([["a", "b", "c"]]);
  });
});
