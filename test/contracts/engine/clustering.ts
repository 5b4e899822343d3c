import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import { parseStats, type AddFile, type Snapshot } from "../../../src/delta/index.ts";
import { lakeUnderTest, rowsOf, type MakeEngine } from "./lake-under-test.ts";

const SCHEMA = struct([field("a", "integer"), field("b", "timestamp"), field("few", "integer")]);
/** Eight row groups, below which a file is not split. */
const ROWS = 983_040;
const MANY = {
  sql: `SELECT (hash(i) % 1000000)::INTEGER AS a, make_timestamptz((hash(i + 1) % 1000000000000)::BIGINT) AS b,
    nullif(hash(i + 2) % 3, 2)::INTEGER AS few FROM range(${ROWS}) t(i)`,
  inputs: {},
};

/** Share of the files whose statistics tell that they have no row of these values. */
function skipped(snapshot: Snapshot, column: string, low: unknown, high = low): number {
  const files = [...snapshot.files.values()];
  const apart = files.filter((file) => {
    const stats = parseStats(file.stats);
    const [min, max] = [stats?.minValues?.[column], stats?.maxValues?.[column]] as unknown as [string, string];
    return min === undefined || max === undefined || max < (low as string) || min > (high as string);
  });
  return apart.length / files.length;
}

export function clustering(make: MakeEngine): void {
  describe("clustering", () => {
    const cases: readonly { columns: readonly string[]; curve: "hilbert" | "z-order" }[] = [
      { columns: ["a", "b"], curve: "hilbert" },
      { columns: ["few", "a"], curve: "z-order" },
    ];
    test.for(cases)(
      "by $columns ($curve) lets a filter on any of them leave files out",
      { timeout: 120_000 },
      async ({ columns, curve }) => {
        await using lake = await lakeUnderTest(make);
        const table = lake.table(lake.store("memory"));
        await table.create({ schema: SCHEMA });
        await lake.engine.append(await table.open(), MANY);
        const content = "select count(*) as n, sum(hash(t)::hugeint) as content from t";
        const before = await table.rows(content);
        const targetBytes = 1; // a row group a file
        const outcome = await lake.engine.optimize(await table.open(), { clusterBy: columns, curve, targetBytes });
        expect(outcome.metrics.filesAdded).toBeGreaterThanOrEqual(6);
        expect(await table.rows(content)).toEqual(before);

        const filters: Readonly<Record<string, readonly [unknown, unknown?]>> = {
          a: [500_000, 510_000],
          b: ["1970-01-06T01:46:40.000Z", "1970-01-06T03:46:40.000Z"],
          few: [1],
        };
        for (const column of Object.keys(filters)) {
          const share = skipped(outcome.snapshot, column, ...(filters[column] ?? [0]));
          // A filter on one of two columns is left with a strip across the square; on another it reads everything.
          if (columns.includes(column)) expect(share).toBeGreaterThan(0.35);
          else expect(share).toBe(0);
        }
        expect(
          await lake.engine.optimize(await table.open(), { clusterBy: columns, curve, targetBytes }),
        ).toMatchObject({
          kind: "nothing",
        });
      },
    );

    test("goes by the table's property, partition by partition, and takes in what is new", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const schema = struct([field("part", "string"), field("id", "long"), field("with space", "string")]);
      const properties = { "delta.columnMapping.mode": "name", "sluice.clusterBy": "id,`with space`" };
      await table.create({ schema, partitionColumns: ["part"], properties });
      const append = async (...ids: readonly number[]) =>
        await lake.engine.append(
          await table.open(),
          rowsOf(
            schema,
            ids.map((id) => ({
              part: id % 2 === 0 ? "x" : null,
              id: BigInt(id),
              "with space": id % 3 === 0 ? null : `n${id}`,
            })),
          ),
        );
      await append(5, 3, 1, 4, 2);
      await append(9, 7, 8);
      const all = "select * from t order by all";
      const before = await table.rows(all);
      const optimize = async () => await lake.engine.optimize(await table.open());
      expect(await optimize()).toMatchObject({ kind: "committed", metrics: { filesRemoved: 4, filesAdded: 2 } });
      expect(await table.rows(all)).toEqual(before);
      expect(await optimize()).toMatchObject({ kind: "nothing" });
      const rename = { kind: "rename-column", column: ["id"], to: "number" } as const;
      await lake.engine.alter(await table.open(), rename);
      await lake.engine.alter(await table.open(), {
        kind: "set-properties",
        properties: { "sluice.clusterBy": "number,`with space`" },
      });
      expect(await optimize()).toMatchObject({ kind: "nothing" });
      await lake.engine.delete(await table.open(), "number = 5");
      expect((await optimize()).kind).toBe("committed");
      expect(await table.rows(all)).toHaveLength(before.length - 1);
      const files: readonly AddFile[] = [...((await table.open()).snapshot?.files.values() ?? [])];
      expect(files.map((file) => file.tags?.["ZCUBE_ZORDER_CURVE"])).toEqual(["hilbert", "hilbert"]);
      await expect(lake.engine.optimize(await table.open(), { clusterBy: ["part"] })).rejects.toMatchObject({
        code: "table.schema-mismatch",
      });
    });
  });
}
