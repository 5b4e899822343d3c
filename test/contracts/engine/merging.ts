import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import type { MergeSpec, Row } from "../../../src/engine/index.ts";
import { lakeUnderTest, sql, type LakeUnderTest, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("name", "string"), field("amount", "long")]);
const ROWS: readonly Row[] = [
  { id: 1n, name: "one", amount: 10n },
  { id: 2n, name: "two", amount: 20n },
];

async function tableOf(lake: LakeUnderTest, rows: readonly Row[] = ROWS): Promise<TableUnderTest> {
  const table = lake.table(lake.store("memory"));
  await table.create({ schema: SCHEMA, properties: { "delta.enableDeletionVectors": "true" } }, rows);
  return table;
}

export function merging(make: MakeEngine): void {
  describe("merging", () => {
    test("columns that the source lacks stay as they are", async () => {
      await using lake = await lakeUnderTest(make);
      const table = await tableOf(lake);
      await lake.engine.merge(await table.open(), {
        source: sql("select 2 as id, 99 as amount, 1 as unused"),
        keys: ["id"],
      });
      await lake.engine.merge(await table.open(), { source: sql("select 3 as id"), keys: ["ID"] });
      expect(await table.rows("select * from t order by id")).toEqual([
        { id: 1n, name: "one", amount: 10n },
        { id: 2n, name: "two", amount: 99n },
        { id: 3n, name: null, amount: null },
      ]);
    });

    test("a row that holds its key twice is updated twice", async () => {
      await using lake = await lakeUnderTest(make);
      const table = await tableOf(lake, [...ROWS, { id: 2n, name: "again", amount: 21n }]);
      const source = sql("select * from (values (2, 'new', 5), (9, 'skipped', 0)) r(id, name, amount)");
      const outcome = await lake.engine.merge(await table.open(), {
        source,
        keys: ["id"],
        notMatched: { insertWhen: false },
      });
      expect(outcome).toMatchObject({ metrics: { rowsUpdated: 2, rowsInserted: 0, rowsDeleted: 0 } });
      expect(await table.rows("select * from t order by id")).toEqual([
        ROWS[0],
        { id: 2n, name: "new", amount: 5n },
        { id: 2n, name: "new", amount: 5n },
      ]);
    });

    test.for<[string, Omit<MergeSpec, "keys"> & { keys?: readonly string[] }, string, RegExp]>([
      [
        "two rows of a key",
        { source: sql("select 1 as id from range(2)") },
        "table.broken-invariant",
        /more than one row/,
      ],
      ["a null key", { source: sql("select null::bigint as id") }, "table.broken-invariant", /null/],
      ["a source without the key", { source: sql("select 1 as other") }, "table.schema-mismatch", /id/],
      ["a key that the table has not", { source: sql("select 1 as x"), keys: ["x"] }, "table.schema-mismatch", /x/],
      ["a key of another type", { source: sql("select 'a' as id") }, "table.schema-mismatch", /id/],
      [
        "a new value for no column",
        { source: sql("select 1 as id"), matched: { set: { nope: "1" } } },
        "table.schema-mismatch",
        /nope/,
      ],
      [
        "a condition that reads a file",
        { source: sql("select 1 as id"), matched: { updateWhen: "exists (from read_text('/etc/hostname'))" } },
        "query.invalid",
        /read_text/,
      ],
      [
        "a condition without sense",
        { source: sql("select 1 as id"), matched: { updateWhen: "target.nope" } },
        "query.invalid",
        /nope/,
      ],
    ])("refuses %s and leaves nothing behind", async ([, spec, code, message]) => {
      await using lake = await lakeUnderTest(make);
      const table = await tableOf(lake);
      const before = await table.files();
      await expect(lake.engine.merge(await table.open(), { keys: ["id"], ...spec })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(await table.files()).toEqual(before);
    });

    test("a source is refused if and only if it has a key twice, be its keys close together or far apart", async () => {
      await using lake = await lakeUnderTest(make);
      const key = fc.oneof(
        fc.integer({ min: -60, max: 60 }).map(BigInt),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 40 }), async (ids) => {
          const table = await tableOf(lake);
          const rows = ids.map((id) => ({ id, name: "new", amount: 1n }));
          const source = {
            sql: "select * from given",
            inputs: { given: { kind: "rows", schema: SCHEMA, rows } },
          } as const;
          const merged = lake.engine.merge(await table.open(), { source, keys: ["id"] });
          const isUnique = new Set(ids).size === ids.length;
          if (isUnique) expect(await merged).toMatchObject({ kind: "committed" });
          else await expect(merged).rejects.toMatchObject({ code: "table.broken-invariant" });
          const left = await table.rows("select id from t order by id");
          const wanted = isUnique ? new Set([1n, 2n, ...ids]) : new Set([1n, 2n]);
          expect(left.map(({ id }) => id)).toEqual([...wanted].toSorted((one, other) => (one < other ? -1 : 1)));
        }),
        { numRuns: 30 },
      );
    });

    test("files that cannot hold the keys are not read", async () => {
      await using lake = await lakeUnderTest(make);
      const table = await tableOf(lake, []);
      for (const start of [0, 1000, 2000]) {
        await lake.engine.append(
          await table.open(),
          sql(`select range as id, 'n' || range as name, range as amount from range(${start}, ${start + 100})`),
        );
      }
      const source = sql("select range as id, 'new' as name from range(1010, 1020)");
      // Their bytes are gone: a merge that looked at them would fail.
      const others = await namesOfFiles(table, "id < 1000 or id >= 2000");
      await table.store.remove(others);
      await using other = await lakeUnderTest(make);
      const fresh = other.table(table.store);
      expect(await other.engine.merge(await fresh.open(), { source, keys: ["id"] })).toMatchObject({
        kind: "committed",
        metrics: { rowsUpdated: 10, filesRemoved: 1 },
      });
      expect(others).toHaveLength(2);
    });

    test("a merge of a few rows writes little, and a file that loses its last row is gone", async () => {
      await using lake = await lakeUnderTest(make);
      const table = await tableOf(lake, []);
      await lake.engine.append(
        await table.open(),
        sql("select range as id, md5(range::varchar) as name, range as amount from range(100000)"),
      );
      const size = [...((await table.open()).snapshot?.files.values() ?? [])].reduce(
        (sum, file) => sum + file.sizeBytes,
        0,
      );
      const merged = await lake.engine.merge(await table.open(), {
        source: sql("select range * 100 as id, 'new' as name from range(1000)"),
        keys: ["id"],
      });
      const written = merged.kind === "committed" ? merged.metrics.bytesWritten : Infinity;
      expect(written).toBeLessThan(size / 50);
      expect((await table.open()).snapshot?.files.size).toBe(2);
      await lake.engine.delete(await table.open(), "name = 'new'");
      expect((await table.open()).snapshot?.files.size).toBe(1);
      expect(await table.rows("select count(*) as n, count(*) filter (id % 100 = 0) as gone from t")).toEqual([
        { n: 99_000n, gone: 0n },
      ]);
    });
  });
}

async function namesOfFiles(table: TableUnderTest, where: string): Promise<readonly string[]> {
  const rows = await table.engine.rows({
    sql: `select distinct __file as file from t where ${where}`,
    inputs: { t: { kind: "table", table: await table.open(), positions: true } },
  });
  return rows.map((row) => String(row["file"]));
}
