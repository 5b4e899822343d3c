import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import { lakeUnderTest, type MakeEngine } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("part", "string")]);
const ALL = "select * from t order by all";

function rowsWith(ids: readonly number[]) {
  return ids.map((id) => ({ id: BigInt(id), part: id % 2 === 0 ? "a" : null }));
}

/** What becomes of a table whose files are rewritten and removed. */
export function tidying(make: MakeEngine): void {
  describe("tidying up", () => {
    test("a version whose files a clean-up has removed is said to be gone", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("local"));
      await table.create({ schema: SCHEMA, properties: { "delta.enableDeletionVectors": "true" } });
      for (const numbers of [[1, 2, 3], [4]]) await table.append(SCHEMA, rowsWith(numbers));
      await lake.engine.delete(await table.open(), "id = 2");
      const gone = [...((await table.open()).snapshot?.files.keys() ?? [])];
      await lake.engine.optimize(await table.open());
      const before = await table.rows(ALL);
      await table.store.remove(gone);
      for (const version of [1, 2, 3]) {
        await expect(table.rows(ALL, version)).rejects.toMatchObject({
          code: "table.version-missing",
          facts: { version, newest: 4 },
        });
      }
      expect(await table.rows(ALL)).toEqual(before);
      // In the newest version it is damage.
      await table.store.remove([...((await table.open()).snapshot?.files.keys() ?? [])]);
      await expect(table.rows(ALL)).rejects.toMatchObject({ code: "table.corrupt" });
    });

    test("very many partitions are optimized one after the other", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("local"));
      const schema = struct([field("part", "integer"), field("id", "long")]);
      await table.create({ schema, partitionColumns: ["part"] });
      const sql = `SELECT (i % ${PARTITIONS})::INTEGER AS part, i AS id FROM range(${PARTITIONS * 2}) t(i)`;
      for (const _round of [1, 2]) await lake.engine.append(await table.open(), { sql, inputs: {} });
      const outcome = await lake.engine.optimize(await table.open());
      expect(outcome).toMatchObject({
        kind: "committed",
        commits: 1,
        metrics: { filesRemoved: 2 * PARTITIONS, filesAdded: PARTITIONS, partitions: PARTITIONS },
      });
      expect(await table.rows("select count(*) as n, count(distinct part) as parts, sum(id) as ids from t")).toEqual([
        { n: BigInt(4 * PARTITIONS), parts: BigInt(PARTITIONS), ids: BigInt(2 * PARTITIONS * (2 * PARTITIONS - 1)) },
      ]);
    }, 600_000);
  });
}

const PARTITIONS = process.env["SLUICE_NIGHTLY"] === "true" ? 5_000 : 60;
