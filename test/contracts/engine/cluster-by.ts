import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import { clusteringColumns, clusteringOf } from "../../../src/delta/index.ts";
import { lakeUnderTest, type MakeEngine } from "./lake-under-test.ts";

const SCHEMA = struct([
  field("id", "long"),
  field("s", struct([field("x", "integer"), field("y", "string")])),
  field("raw", "binary"),
]);
const ROW = { id: 1n, s: { x: 2, y: "z" }, raw: null };

export function clusteringTables(make: MakeEngine): void {
  describe("clustering", () => {
    test("is told to other engines by physical names, follows a renamed column, and is taken back", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      // No statistics by default: those that clustering needs are written all the same.
      const properties = { "delta.dataSkippingNumIndexedCols": "0", "delta.columnMapping.mode": "name" };
      await table.create({ schema: SCHEMA, properties, clusterBy: ["id", ["s", "x"]] }, [ROW]);
      const created = (await table.open()).snapshot;
      expect(created?.protocol.writerFeatures).toEqual(["clustering", "columnMapping", "domainMetadata"]);
      expect(created === undefined ? undefined : clusteringOf(created)).toBeUndefined();
      const [id, inner] = clusteringColumns(created?.domains);
      expect([id?.length, inner?.length]).toEqual([1, 2]);
      const stats = [...(created?.files.values() ?? [])].map((file) => JSON.parse(file.stats ?? "{}") as object);
      const [outerName = "", innerName = ""] = inner ?? [];
      expect(stats).toMatchObject([{ minValues: { [id?.[0] ?? ""]: 1, [outerName]: { [innerName]: 2 } } }]);
      await table.engine.alter(await table.open(), { kind: "rename-column", column: ["id"], to: "key" });
      const renamed = (await table.open()).snapshot;
      expect(clusteringColumns(renamed?.domains)).toEqual([id, inner]);
      const drop = async (column: readonly string[]): Promise<unknown> =>
        await table.engine.alter(await table.open(), { kind: "drop-column", column });
      await expect(drop(["s"])).rejects.toMatchObject({ code: "table.unsupported" });
      await table.engine.alter(await table.open(), { kind: "cluster-by", columns: [["key"]] });
      const optimized = await table.engine.optimize(await table.open());
      const tags = [...optimized.snapshot.files.values()].map((file) => file.tags?.["ZCUBE_ZORDER_BY"]);
      expect(tags).toEqual([JSON.stringify(id)]);
      const again = await table.engine.alter(await table.open(), { kind: "cluster-by", columns: [["key"]] });
      expect(again.kind).toBe("nothing");
      await drop(["s", "x"]);
      await table.engine.alter(await table.open(), { kind: "cluster-by", columns: [] });
      expect(clusteringColumns((await table.open()).snapshot?.domains)).toEqual([]);
    });

    test("is refused by columns without bounds, by too many, and beside partitions", async () => {
      await using lake = await lakeUnderTest(make);
      const names = ["a", "b", "c", "d", "e"];
      const wide = struct(names.map((name) => field(name, "long")));
      for (const [creation, code] of [
        [{ schema: SCHEMA, clusterBy: ["raw"] }, "table.unsupported"],
        [{ schema: SCHEMA, clusterBy: ["s"] }, "table.unsupported"],
        [{ schema: SCHEMA, clusterBy: ["nothing"] }, "table.schema-mismatch"],
        [{ schema: wide, clusterBy: names }, "table.unsupported"],
        [{ schema: wide, clusterBy: ["a"], partitionColumns: ["b"] }, "table.unsupported"],
      ] as const) {
        await expect(lake.table(lake.store("memory")).create(creation)).rejects.toMatchObject({ code });
      }
    });
  });
}
