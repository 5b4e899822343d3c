import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { field, struct } from "../../contract/index.ts";
import { fileOf, snapshotOf, withDeleted } from "../../../test/snapshot-of-files.ts";
import type { AddFile } from "../actions.ts";
import type { Snapshot } from "../snapshot.ts";
import { CLUSTER_BY_PROPERTY, checkClustering, clusterByText, clusteringOf, clusteringTags } from "./clustering.ts";
import type { Clustering } from "./clustering.ts";
import { planAutoCompaction } from "./plan-auto-compaction.ts";
import { fileBytesFor, filesFor, planClustering } from "./plan-clustering.ts";

const BY: Clustering = { columns: ["a", "b"], curve: "hilbert" };

function clustered(file: AddFile, cube: string, by = BY): AddFile {
  return { ...file, tags: clusteringTags(snapshotOf([]).metadata, by, cube) };
}

function pathsOf(snapshot: Snapshot): string[][] {
  return planClustering(snapshot, BY).map((group) => group.files.map((file) => file.path));
}

describe("planClustering", () => {
  test("what is not clustered, otherwise or worn, and no more", () => {
    const files = [
      fileOf("new", 10),
      clustered(fileOf("done", 100), "1"),
      clustered(fileOf("other", 10), "2", { columns: ["b", "a"], curve: "hilbert" }),
      clustered(fileOf("z", 10), "3", { columns: ["a", "b"], curve: "z-order" }),
      clustered(withDeleted("worn", 10, 6), "4"),
    ];
    expect(pathsOf(snapshotOf(files))).toEqual([["new", "other", "worn", "z"]]);
    expect(pathsOf(snapshotOf(files.slice(1, 2)))).toEqual([]);
  });

  test("cubes stay few, and a row is sorted a few times in all, whatever comes at once", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 20, maxLength: 200 }), (sizes) => {
        let files: AddFile[] = [];
        let sortedBytes = 0;
        for (const [index, size] of sizes.entries()) {
          files.push(fileOf(`f${index}`, size));
          for (const group of planClustering(snapshotOf(files), BY)) {
            sortedBytes += group.sizeBytes;
            files = files.filter((file) => !group.files.includes(file));
            files.push(clustered(fileOf(`c${index}`, group.sizeBytes), `c${index}`));
          }
        }
        const sumBytes = sizes.reduce((sum, size) => sum + size, 0);
        expect(files.length).toBeLessThanOrEqual(Math.log2(sumBytes) + 2);
        expect(sortedBytes).toBeLessThanOrEqual(sumBytes * (Math.log2(sumBytes) / Math.log2(1.5) + 1));
      }),
      // A little less each time.
      { examples: [[Array.from({ length: 99 }, (_, at) => 200 - at)]] },
    );
  });

  test("files of a group are of one size, near the one to aim at", () => {
    const snapshot = snapshotOf([fileOf("a", 700), fileOf("b", 60)]);
    const [group] = planClustering(snapshot, BY);
    if (group === undefined) throw new Error("there is a group");
    expect([100, 300, 10_000].map((target) => filesFor(group, target))).toEqual([8, 3, 1]);
    expect(fileBytesFor(group, snapshot, { targetBytes: 300 })).toBe(254);
  });

  test("small files are put together beside those that are clustered", () => {
    const files = [...["a", "b", "c"].map((path) => clustered(fileOf(path, 1), path)), fileOf("d", 1), fileOf("e", 1)];
    const groups = planAutoCompaction(snapshotOf(files), { minFiles: 2, maxBytes: 1e9 });
    expect(groups.map((group) => group.files.map((file) => file.path))).toEqual([["d", "e"]]);
  });
});

function configured(configuration: Record<string, string>): Snapshot {
  const snapshot = snapshotOf([]);
  return { ...snapshot, metadata: { ...snapshot.metadata, configuration } };
}

describe("a clustering", () => {
  test("is what the table's property says, whatever the names", () => {
    for (const columns of [["a"], ["a b", "c.d", "`", "x,y"]]) {
      const configuration = { [CLUSTER_BY_PROPERTY]: clusterByText(columns) };
      expect(clusteringOf(configured(configuration))).toEqual({ columns, curve: "hilbert" });
    }
    expect(clusteringOf(configured({ [CLUSTER_BY_PROPERTY]: "" }))).toBeUndefined();
    expect(clusteringOf(configured({}))).toBeUndefined();
  });

  test.for([
    [[], "one to 4 columns"],
    [["a", "b", "a", "b", "a"], "one to 4 columns"],
    [["a", "a"], "named twice"],
    [["c"], "no column c"],
    [["p"], "partition column"],
    [["s"], "no order"],
    [["flag"], "no statistics"],
    [["late"], "no statistics"],
  ] as const)("by %j is refused", ([columns, why]) => {
    const inner = struct([field("x", "long")]);
    const schema = struct([
      field("p", "string"),
      field("a", "long"),
      field("b", "long"),
      field("flag", "boolean"),
      field("s", inner),
      field("late", "long"),
    ]);
    const configuration = { "delta.dataSkippingNumIndexedCols": "4" };
    const metadata = { ...snapshotOf([]).metadata, schema, partitionColumns: ["p"], configuration };
    expect(() => checkClustering({ metadata, domains: new Map() }, BY, "t")).not.toThrow();
    expect(() => checkClustering({ metadata, domains: new Map() }, { ...BY, columns }, "t")).toThrow(why);
  });
});
