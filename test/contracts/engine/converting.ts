import { DuckDBInstance } from "@duckdb/node-api";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import { parseStats } from "../../../src/delta/index.ts";
import { lakeUnderTest, rowsOf, type LakeUnderTest, type MakeEngine } from "./lake-under-test.ts";

const ALL = "select * from t order by all";

/** A folder with Parquet files, each the rows of a SELECT. */
async function folderOf(lake: LakeUnderTest, files: Readonly<Record<string, string>>) {
  const store = lake.store("local");
  for (const [path, sql] of Object.entries(files)) {
    const file = join(store.localFolder ?? "", path);
    await mkdir(dirname(file), { recursive: true });
    if (sql === "") await writeFile(file, "");
    else await writeParquet(sql, file);
  }
  return lake.table(store);
}

/** As another program does that knows nothing of Delta. */
async function writeParquet(sql: string, file: string): Promise<void> {
  const database = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await database.connect();
  await connection.run(`COPY (${sql}) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  database.closeSync();
}

export function converting(make: MakeEngine): void {
  describe("converting a folder of Parquet files", () => {
    test("partitions come from folders, columns from all files, statistics from footers; no file is touched", async () => {
      await using lake = await lakeUnderTest(make);
      const table = await folderOf(lake, {
        "day=2026-01-01/country=D%C3%A9/a.parquet":
          "select i::bigint as id, 'n' || i as name, timestamptz '2026-01-01 00:00:00+00' as at from range(3) t(i)",
        "day=2026-01-02/country=GB/b.parquet":
          "select 7::bigint as id, {a: 1, b: ['x']} as more, 1.5::decimal(9,2) as d",
        "day=2026-01-02/country=__HIVE_DEFAULT_PARTITION__/c.parquet": "select 8::bigint as id, null::varchar as name",
        _SUCCESS: "",
        ".part.crc": "",
      });
      const before = (await table.files()).toSorted();
      const outcome = await lake.engine.convert(await table.open(), {
        partitionTypes: { day: "date" },
        name: "orders",
      });
      expect(outcome).toMatchObject({ kind: "committed", version: 0, snapshot: { metadata: { name: "orders" } } });
      expect((await table.files()).filter((path) => !path.startsWith("_delta_log/")).toSorted()).toEqual(before);
      const { snapshot } = await table.open();
      expect(snapshot?.metadata.schema.fields.map(({ name, type }) => [name, type])).toMatchObject([
        ["id", "long"],
        ["name", "string"],
        ["at", "timestamp"],
        ["more", { type: "struct" }],
        ["d", "decimal(9,2)"],
        ["day", "date"],
        ["country", "string"],
      ]);
      expect(
        await table.rows("select day, country, count(*) as n, sum(id) as ids from t group by all order by day, ids"),
      ).toEqual([
        { day: "2026-01-01", country: "Dé", n: 3n, ids: 3n },
        { day: "2026-01-02", country: "GB", n: 1n, ids: 7n },
        { day: "2026-01-02", country: null, n: 1n, ids: 8n },
      ]);
      const [first] = [...(snapshot?.files.values() ?? [])];
      expect(parseStats(first?.stats)).toMatchObject({
        numRecords: 3,
        minValues: { id: 0, name: "n0", at: "2026-01-01T00:00:00.000Z" },
        maxValues: { id: 2, name: "n2" },
        nullCount: { id: 0, name: 0 },
      });

      // From here on it is a table like any other.
      const rows = await table.rows(ALL);
      await lake.engine.delete(await table.open(), "id = 7");
      const schema = struct([field("id", "long"), field("day", "date")]);
      await lake.engine.append(await table.open(), rowsOf(schema, [{ id: 9n, day: "2026-01-02" }]));
      await lake.engine.optimize(await table.open());
      expect(await table.rows("select id from t order by id")).toEqual([0n, 1n, 2n, 8n, 9n].map((id) => ({ id })));
      expect(await table.rows(ALL, 0)).toEqual(rows);
    });

    const some = "select 1 as id";
    test.for<[string, Readonly<Record<string, string>>, string]>([
      ["no Parquet file", { "_x.parquet": some }, "no Parquet file"],
      ["another file", { "a.parquet": some, "b.csv": "" }, "is no Parquet file"],
      ["partitions here and there", { "p=1/a.parquet": some, "b.parquet": some }, "does not lie below folders"],
      ["a folder that is no partition", { "p/a.parquet": some }, "not called column=value"],
      ["a partition that files have, too", { "ID=1/a.parquet": some }, "a partition and a column"],
      ["a column of two types", { "a.parquet": some, "b.parquet": "select 1::bigint as id" }, "in one file"],
      ["a type that Delta has not", { "a.parquet": "select 1::ubigint as id" }, "that Delta has not"],
      ["a value that is not of its type", { "day=x/a.parquet": some }, "is no date"],
    ])("with %s is refused", async ([, files, why]) => {
      await using lake = await lakeUnderTest(make);
      const table = await folderOf(lake, files);
      const partitionTypes = "day=x/a.parquet" in files ? ({ day: "date" } as const) : {};
      await expect(lake.engine.convert(await table.open(), { partitionTypes })).rejects.toMatchObject({
        code: "table.unsupported",
        message: expect.stringContaining(why) as string,
      });
      expect((await table.files()).filter((path) => path.startsWith("_delta_log"))).toEqual([]);
    });

    test("a table is none to convert", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: struct([field("id", "long")]) });
      await expect(lake.engine.convert(await table.open())).rejects.toMatchObject({ code: "table.exists" });
    });
  });
}
