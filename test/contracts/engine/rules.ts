import fc from "fast-check";
import { expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import type { Row } from "../../../src/engine/index.ts";
import { STORE_KINDS, lakeUnderTest, rowsOf, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

const SCHEMA = struct([
  field("id", "long"),
  field("amount", "long", { "delta.invariants": '{"expression":{"expression":"amount <> 13"}}' }),
  field("at", "timestamp"),
  field("day", "date", { "delta.generationExpression": "CAST(at AS DATE)" }),
  field("note", "string", { CURRENT_DEFAULT: "'it''s new'" }),
]);
const GIVEN = struct(SCHEMA.fields.filter(({ name }) => name !== "day" && name !== "note"));
const DAY_MICROS = 86_400_000_000n;

interface Given {
  readonly id: bigint;
  readonly amount: bigint | null;
  readonly day: number;
}

const given: fc.Arbitrary<readonly Given[]> = fc.uniqueArray(
  fc.record({
    id: fc.bigInt(0n, 30n),
    amount: fc.oneof({ weight: 30, arbitrary: fc.bigInt(0n, 12n) }, fc.constantFrom(null, -1n, 13n, 101n)),
    day: fc.nat(3),
  }),
  { selector: ({ id }) => id, maxLength: 6 },
);

const writes = fc.array(
  fc.record({ kind: fc.constantFrom("append" as const, "merge" as const, "overwrite" as const), rows: given }),
  { minLength: 1, maxLength: 5 },
);

export function keepingRules(make: MakeEngine): void {
  test(
    "no write leaves a row that breaks a rule of the table, nor a part of itself",
    { timeout: 240_000 },
    async () => {
      await using lake = await lakeUnderTest(make);
      const layout = fc.record({
        store: fc.constantFrom(...STORE_KINDS),
        partitionColumns: fc.constantFrom([], ["id"], ["day"], ["note", "day"]),
        mapping: fc.constantFrom("none", "name"),
      });
      await fc.assert(
        fc.asyncProperty(layout, writes, async ({ store, partitionColumns, mapping }, list) => {
          const table = lake.table(lake.store(store));
          const properties = {
            "delta.enableDeletionVectors": "true",
            "delta.columnMapping.mode": mapping,
            "delta.constraints.range": "amount >= 0 AND amount <= 100",
          };
          await table.create({ schema: SCHEMA, partitionColumns, properties });
          let model = new Map<bigint, Row>();
          for (const { kind, rows } of list) {
            const isRefused = rows.some(
              ({ amount }) => amount === null || amount < 0n || amount === 13n || amount > 100n,
            );
            if (kind === "append" && rows.some(({ id }) => model.has(id))) continue;
            const done = write(table, kind, rows);
            if (isRefused) {
              await expect(done).rejects.toThrow(/a row breaks (constraint range|the invariant of column amount)/);
              continue;
            }
            await done;
            if (kind === "overwrite") model = new Map();
            for (const row of rows) model.set(row.id, shown(row));
          }
          const sorted = [...model.values()].toSorted((left, right) => Number(left["id"]) - Number(right["id"]));
          expect(await table.rows("select * from t order by id")).toEqual(sorted);
        }),
        { numRuns: 40 },
      );
    },
  );

  test("a given value of a generated column must be the computed one", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("local"));
    await table.create({ schema: SCHEMA });
    const row = { id: 1n, amount: 1n, at: 5n, day: "1970-01-01", note: null };
    await table.append(SCHEMA, [row]);
    await expect(table.append(SCHEMA, [{ ...row, day: "1970-01-02" }])).rejects.toThrow(/generated column day/);
    await expect(table.append(SCHEMA, [{ ...row, day: null }])).rejects.toThrow(/generated column day/);
    const spec = {
      source: rowsOf(struct([field("id", "long"), field("at", "timestamp")]), [{ id: 1n, at: DAY_MICROS }]),
    };
    await table.engine.merge(await table.open(), { ...spec, keys: ["id"] });
    expect(await table.rows()).toEqual([{ ...row, at: DAY_MICROS, day: "1970-01-02" }]);
  });

  test("a constraint is added where every row keeps it, and dropped again", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    const schema = struct([field("id", "long"), field("name", "string")]);
    await table.create({ schema }, [
      { id: 1n, name: "a" },
      { id: -1n, name: null },
    ]);
    const add = async (expression: string): Promise<unknown> =>
      await table.engine.alter(await table.open(), { kind: "add-constraint", name: "Rule", expression });
    await expect(add("id > 0")).rejects.toThrow(/1 of its rows break it/);
    await expect(add("name <> 'b'")).rejects.toThrow(/1 of its rows break it/);
    await expect(add("id +")).rejects.toMatchObject({ code: "table.unsupported" });
    await expect(add("reflect('x', 'y')")).rejects.toMatchObject({ code: "table.unsupported" });
    expect((await table.open()).snapshot?.version).toBe(0);
    await add("id > -5");
    expect((await table.open()).snapshot?.protocol.writerFeatures).toContain("checkConstraints");
    await expect(table.append(schema, [{ id: -9n, name: "a" }])).rejects.toThrow(/constraint rule: id > -5/);
    const asProperty = { "delta.constraints.other": "true" };
    await expect(
      table.engine.alter(await table.open(), { kind: "set-properties", properties: asProperty }),
    ).rejects.toThrow(/as a property/);
    await table.engine.alter(await table.open(), { kind: "drop-constraint", name: "RULE" });
    await table.append(schema, [{ id: -9n, name: "a" }]);
    expect(await table.rows("select count(*) as n from t")).toEqual([{ n: 3n }]);
  });
}

async function write(
  table: TableUnderTest,
  kind: "append" | "merge" | "overwrite",
  list: readonly Given[],
): Promise<void> {
  const rows = rowsOf(
    GIVEN,
    list.map(({ id, amount, day }) => ({ id, amount, at: BigInt(day) * DAY_MICROS + 5n })),
  );
  const open = await table.open();
  if (kind === "append") await table.engine.append(open, rows);
  else if (kind === "overwrite") await table.engine.overwrite(open, rows);
  else await table.engine.merge(open, { source: rows, keys: ["id"] });
}

function shown({ id, amount, day }: Given): Row {
  return { id, amount, at: BigInt(day) * DAY_MICROS + 5n, day: `1970-01-0${day + 1}`, note: "it's new" };
}
