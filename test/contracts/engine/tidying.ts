import { DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { field, isStruct, struct, type StructType } from "../../../src/contract/index.ts";
import { lakeUnderTest, type MakeEngine } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("part", "string")]);
const ALL = "select * from t order by all";

function rowsWith(ids: readonly number[]) {
  return ids.map((id) => ({ id: BigInt(id), part: id % 2 === 0 ? "a" : null }));
}

/** Field ids in a Parquet file, by the names of columns. */
async function fieldIds(file: string): Promise<Readonly<Record<string, number>>> {
  const database = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await database.connect();
  const found = await connection.runAndReadAll(
    `SELECT name, field_id FROM parquet_schema('${file}') WHERE field_id IS NOT NULL`,
  );
  const rows = found.getRows();
  connection.closeSync();
  database.closeSync();
  return Object.fromEntries(rows.map(([name, id]) => [String(name), Number(id)]));
}

/** Those of a schema. */
function* fieldIdsOf({ fields }: StructType): Generator<[name: string, id: number]> {
  for (const { name, type, metadata } of fields) {
    yield [name, Number(metadata["sluice.fieldId"])];
    if (isStruct(type)) yield* fieldIdsOf(type);
  }
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

    test("rewritten files keep the field ids of their columns", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("local"));
      const schema = struct([
        field("id", "long"),
        field("inner", struct([field("x", "string"), field("y", "double")])),
      ]);
      await table.create({ schema });
      for (const clusterBy of [undefined, ["id"]]) {
        for (const id of [1n, 2n]) await table.append(schema, [{ id, inner: { x: "a", y: 0.5 } }]);
        const { snapshot } = await lake.engine.optimize(
          await table.open(),
          clusterBy === undefined ? {} : { clusterBy },
        );
        const [path = ""] = [...snapshot.files.keys()];
        const found = await fieldIds(join(table.store.localFolder ?? "", path));
        expect(found).toEqual(Object.fromEntries(fieldIdsOf(snapshot.metadata.schema)));
        expect(Object.keys(found)).toHaveLength(4);
      }
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
