import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { field, struct, type StructField } from "../../../src/contract/index.ts";
import { lakeUnderTest, rowsOf, sql, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

function identity(start: number | bigint, step: number, more: StructField["metadata"] = {}): StructField {
  const rule = {
    "delta.identity.start": start,
    "delta.identity.step": step,
    "delta.identity.allowExplicitInsert": false,
  };
  return field("id", "long", { ...rule, ...more });
}

const GIVEN = struct([field("v", "string")]);

export function givingIdentities(make: MakeEngine): void {
  describe("identity columns", () => {
    test(
      "get values of their own from every kind of write, each once, and the table knows the last",
      { timeout: 120_000 },
      async () => {
        await using lake = await lakeUnderTest(make);
        const write = fc.constantFrom("append", "merge", "overwrite");
        const properties = fc.constantFrom(
          {},
          { "delta.columnMapping.mode": "name", "delta.enableChangeDataFeed": "true" },
        );
        const steps = fc.array(fc.record({ write, rows: fc.integer({ min: 0, max: 5 }) }), {
          minLength: 1,
          maxLength: 4,
        });
        await fc.assert(
          fc.asyncProperty(
            fc.integer({ min: -9, max: 9 }),
            fc.constantFrom(-3, 1, 7),
            properties,
            steps,
            async (start, step, own, taken) => {
              const table = lake.table(lake.store("memory"));
              await table.create({ schema: struct([identity(start, step), field("v", "string")]), properties: own });
              const given = new Set<bigint>();
              for (const [index, { write: kind, rows }] of taken.entries()) {
                const before = await idsOf(table);
                await writeRows(table, kind, { rows, name: `s${index}` });
                const after = await idsOf(table);
                const fresh = after.filter((id) => !before.includes(id));
                expect(fresh.length).toBe(rows);
                for (const id of fresh) {
                  expect(given.has(id)).toBe(false);
                  given.add(id);
                  expect((id - BigInt(start)) % BigInt(step)).toBe(0n);
                  expect((id - BigInt(start)) / BigInt(step)).toBeGreaterThanOrEqual(0n);
                }
                const told = await highWaterMark(table);
                const last = [...given].toSorted((left, right) => (left < right ? -1 : 1)).at(step > 0 ? -1 : 0);
                expect(told).toBe(last);
              }
            },
          ),
          { numRuns: 10 },
        );
      },
    );

    test("take no value from rows, nor from an update, unless they say so", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: struct([identity(1, 1), field("v", "string")]) });
      await table.append(GIVEN, [{ v: "a" }]);
      const refused = { code: "table.schema-mismatch", message: expect.stringMatching(/column id gets its values/) };
      const open = await table.open();
      await expect(table.engine.append(open, sql("select 7 as id, 'x' as v"))).rejects.toMatchObject(refused);
      await expect(table.engine.overwrite(open, sql("select 7 as id, 'x' as v"))).rejects.toMatchObject(refused);
      await expect(table.engine.update(open, { set: { ID: "8" } })).rejects.toMatchObject(refused);
      const source = sql("select 1 as id, 'b' as v");
      await expect(table.engine.merge(open, { source, keys: ["id"] })).rejects.toMatchObject(refused);
      await table.engine.merge(open, { source, keys: ["id"], notMatched: { insertWhen: false } });
      await table.engine.update(await table.open(), { set: { v: "v || '!'" } });
      expect(await table.rows()).toEqual([{ id: 1n, v: "b!" }]);
      const loose = lake.table(lake.store("memory"));
      const takesGiven = { "delta.identity.allowExplicitInsert": true };
      await loose.create({ schema: struct([identity(1, 1, takesGiven), field("v", "string")]) });
      await loose.engine.append(await loose.open(), sql("select 70 as id, 'x' as v"));
      await loose.append(GIVEN, [{ v: "a" }]);
      expect(await idsOf(loose)).toEqual([1n, 70n]);
    });

    test("end before they leave their type", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: struct([identity(2n ** 63n - 3n, 2), field("v", "string")]) });
      await table.append(GIVEN, [{ v: "a" }]);
      await expect(table.append(GIVEN, [{ v: "b" }, { v: "c" }])).rejects.toMatchObject({
        code: "table.schema-mismatch",
        message: expect.stringMatching(/no value is left/),
      });
      await table.append(GIVEN, [{ v: "b" }]);
      expect(await idsOf(table)).toEqual([2n ** 63n - 3n, 2n ** 63n - 1n]);
    });
  });
}

async function writeRows(
  table: TableUnderTest,
  kind: string,
  { rows, name }: { rows: number; name: string },
): Promise<void> {
  const source = rowsOf(
    GIVEN,
    Array.from({ length: rows }, (_, index) => ({ v: `${name} ${index}` })),
  );
  const open = await table.open();
  if (kind === "append") await table.engine.append(open, source);
  else if (kind === "overwrite") await table.engine.overwrite(open, source);
  else await table.engine.merge(open, { source, keys: ["v"] });
}

async function idsOf(table: TableUnderTest): Promise<readonly bigint[]> {
  const rows = await table.rows("select id from t order by id");
  return rows.map((row) => row["id"] as bigint);
}

async function highWaterMark(table: TableUnderTest): Promise<bigint | undefined> {
  const { snapshot } = await table.open();
  const mark = snapshot?.metadata.schema.fields[0]?.metadata["delta.identity.highWaterMark"];
  return mark === undefined ? undefined : BigInt(mark as number | bigint);
}
