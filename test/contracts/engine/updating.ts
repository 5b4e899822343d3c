import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import type { Row } from "../../../src/engine/index.ts";
import { lakeUnderTest, rowsOf, STORE_KINDS, type MakeEngine } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("part", "string"), field("count", "long")]);
const VECTORS = { "delta.enableDeletionVectors": "true" };

function rowsWith(ids: readonly number[]): readonly Row[] {
  return ids.map((id) => ({ id: BigInt(id), part: id % 2 === 0 ? "even" : "odd", count: id % 3 === 0 ? null : 1n }));
}

const ALL = "select * from t order by all";

export function updating(make: MakeEngine): void {
  describe("updating", () => {
    test("rows for which the predicate is true get the new values, the others stay, copies and nulls too", async () => {
      await using lake = await lakeUnderTest(make);
      const batches = fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 8 }), {
        minLength: 1,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(batches, fc.integer({ min: 0, max: 13 }), fc.boolean(), fc.boolean(), async (...given) => {
          const [all, below, hasVectors, isPartitioned] = given;
          const table = lake.table(lake.store("memory"));
          await table.create({
            schema: SCHEMA,
            ...(isPartitioned ? { partitionColumns: ["part"] } : {}),
            ...(hasVectors ? { properties: VECTORS } : {}),
          });
          for (const ids of all) await table.append(SCHEMA, rowsWith(ids));
          await lake.engine.delete(await table.open(), "id = 5");
          const before = await table.rows(ALL);
          const hit = (row: Row): boolean => Number(row["id"]) < below && row["count"] !== null;
          const expected = before.map((row) =>
            hit(row) ? { ...row, part: "moved", count: BigInt(Number(row["id"])) } : row,
          );
          const outcome = await lake.engine.update(await table.open(), {
            set: { part: "'moved'", COUNT: "id * count" },
            where: `id < ${below} and count > 0`,
          });
          expect(sorted(await table.rows(ALL))).toEqual(sorted(expected));
          const updated = before.filter(hit).length;
          if (updated === 0) expect(outcome.kind).toBe("nothing");
          else expect(outcome).toMatchObject({ kind: "committed", metrics: { rowsUpdated: updated, rowsDeleted: 0 } });
        }),
        { numRuns: 25 },
      );
    }, 120_000);

    test.for(STORE_KINDS)(
      "all rows are updated without a predicate, and one that is not alike asks once (%s)",
      async (kind) => {
        await using lake = await lakeUnderTest(make);
        const table = lake.table(lake.store(kind));
        await table.create({ schema: SCHEMA, properties: VECTORS }, rowsWith([1, 2, 3, 4]));
        await lake.engine.update(await table.open(), { set: { count: "7" } });
        expect(await table.rows("select distinct count from t")).toEqual([{ count: 7n }]);
        await lake.engine.update(await table.open(), { set: { count: "8" }, where: "random() < 0.5" });
        expect(await table.rows("select count(*) as n, count(distinct id) as ids from t")).toEqual([
          { n: 4n, ids: 4n },
        ]);
      },
    );

    test.for([
      ["a column that the table has not", { set: { other: "1" } }, "table.schema-mismatch"],
      ["no column", { set: {} }, "table.schema-mismatch"],
      ["a value that does not fit", { set: { count: "1.5" } }, "table.schema-mismatch"],
      ["a value without sense", { set: { count: "nonsense + 1" } }, "query.invalid"],
      [
        "a predicate that reads a file",
        { set: { count: "1" }, where: "id in (select 1 from read_csv('/etc/passwd'))" },
        "query.invalid",
      ],
    ] as const)("refuses %s and leaves nothing behind", async ([, spec, code]) => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA, properties: VECTORS }, rowsWith([1, 2]));
      const before = await table.files();
      await expect(lake.engine.update(await table.open(), spec)).rejects.toMatchObject({ code });
      expect(await table.files()).toEqual(before);
    });

    test.for([VECTORS, {}])("readers of the change feed are told which row became which (%o)", async (properties) => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const feed = { ...properties, "delta.enableChangeDataFeed": "true" };
      await table.create({ schema: SCHEMA, properties: feed }, rowsWith([1, 2, 4]));
      await lake.engine.update(await table.open(), { set: { count: "count + id" }, where: "id > 1" });
      const changes = await lake.engine.rows({
        sql: "select id, count, _change_type as what from c order by all",
        inputs: { c: { kind: "changes", table: await table.open(), from: 1, to: 1 } },
      });
      expect(changes).toEqual([
        { id: 2n, count: 1n, what: "update_preimage" },
        { id: 2n, count: 3n, what: "update_postimage" },
        { id: 4n, count: 1n, what: "update_preimage" },
        { id: 4n, count: 5n, what: "update_postimage" },
      ]);
    });

    test("rules of the table hold for the new values, and generated columns follow them", async () => {
      await using lake = await lakeUnderTest(make);
      const generated = { "delta.generationExpression": "id * 2" };
      const schema = struct([field("id", "long"), field("twice", "long", generated)]);
      const table = lake.table(lake.store("memory"));
      const properties = { ...VECTORS, "delta.constraints.small": "id < 100" };
      await table.create({ schema, properties });
      await lake.engine.append(await table.open(), rowsOf(struct([field("id", "long")]), [{ id: 1n }, { id: 2n }]));
      await lake.engine.update(await table.open(), { set: { id: "id + 10" }, where: "id = 2" });
      expect(await table.rows(ALL)).toEqual([
        { id: 1n, twice: 2n },
        { id: 12n, twice: 24n },
      ]);
      await expect(lake.engine.update(await table.open(), { set: { id: "100" } })).rejects.toMatchObject({
        code: expect.stringMatching(/^table\./),
      });
      expect(await table.rows("select max(id) as id from t")).toEqual([{ id: 12n }]);
    });
  });
}

function sorted(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => `${String(row["id"])}|${String(row["part"])}|${String(row["count"])}`).toSorted();
}
