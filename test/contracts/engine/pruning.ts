import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrayOf, field, struct } from "../../../src/contract/index.ts";
import type { Row, Value } from "../../../src/engine/index.ts";
import { countingStore, memoryStore } from "../../../src/storage/index.ts";
import { lakeUnderTest, type LakeUnderTest, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

/** By night many times as many. */
const FACTOR = process.env["SLUICE_NIGHTLY"] === "true" ? 50 : 1;

interface Column {
  readonly sql: string;
  readonly values: readonly Value[];
  /** Of its type, of others that it is compared with, and of such as do not fit. */
  readonly constants: readonly string[];
}

const LONG = "long ".repeat(12);
/** 2024-01-15T00:00:00Z */
const DAY_MICROS = 1_705_276_800_000_000n;

/** Values at which bounds are cut, rounded, compared in another type or in no order at all. */
const COLUMNS: Readonly<Record<string, Column>> = {
  i: {
    sql: "i",
    values: [0n, -1n, 5n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
    constants: [
      "0",
      "5",
      "-1",
      "9007199254740992",
      "9007199254740993",
      "9223372036854775807",
      "5.0",
      "4.5",
      "1e3",
      "'5'",
    ],
  },
  si: { sql: "si", values: [0, 5, -5, 32_767], constants: ["5", "70000", "-5", "4.5"] },
  s: {
    sql: "s",
    values: ["", "a", "A", "é", "\uFFFD", "🦊", LONG, `${LONG}a`, `${LONG}\u{10FFFF}`, "5", "05"],
    constants: [
      "''",
      "'a'",
      "'b'",
      "'é'",
      "'\uFFFD'",
      "'🦊'",
      `'${LONG}'`,
      `'${LONG}b'`,
      "5",
      "'05'",
      "date '2024-01-15'",
    ],
  },
  x: {
    sql: "x",
    values: ["0.00", "12.50", "-12.50", "12.51", "9999999999999999.99"],
    constants: ["12.5", "12.505", "12", "-12.5", "1e1", "9999999999999999.99", "99999999999999999999.5", "'12.50'"],
  },
  f: {
    sql: "f",
    values: [0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    constants: ["0", "-0.0", "'nan'::double", "1e0", "'inf'::double", "1.5"],
  },
  b: { sql: "b", values: [true, false], constants: ["true", "false", "1", "'t'"] },
  d: {
    sql: "d",
    values: ["2024-01-14", "2024-01-15", "2024-01-16", "0001-01-01", "9999-12-31"],
    constants: [
      "'2024-01-15'",
      "date '2024-01-15'",
      "timestamp '2024-01-15 12:00'",
      "timestamp '2024-01-15'",
      "timestamptz '2024-01-15 00:00+02'",
      "'2024-01-15 12:30'",
      "date '2024-01-14' + interval 1 day",
      "'x'",
    ],
  },
  ts: {
    sql: "ts",
    values: [DAY_MICROS, DAY_MICROS + 1n, DAY_MICROS + 999n, DAY_MICROS - 1n, 0n],
    constants: [
      "'2024-01-15'",
      "'2024-01-15 00:00:00.000001'",
      "'2024-01-15 02:00+02'",
      "timestamptz '2024-01-15 00:00:00.000999'",
      "timestamp '2024-01-15'",
      "date '2024-01-15'",
      "timestamp '2024-01-16' - interval 1 day",
      "to_timestamp(0)",
    ],
  },
  n: {
    sql: "n",
    values: [DAY_MICROS, DAY_MICROS + 1n, DAY_MICROS + 999n, DAY_MICROS - 1n, 0n],
    constants: [
      "'2024-01-15'",
      "timestamp '2024-01-15 00:00:00.000001'",
      "date '2024-01-15'",
      "timestamptz '2024-01-15'",
    ],
  },
  inner: { sql: "deep.inner", values: [1n, 7n, -3n], constants: ["1", "7", "0", "2.5"] },
  p: {
    sql: "p",
    values: ["2024-01-15", "2024-01-16"],
    constants: ["'2024-01-15'", "date '2024-01-16'", "timestamp '2024-01-15 12:00'"],
  },
};

const SCHEMA = struct([
  field("row", "long"),
  field("i", "long"),
  field("si", "short"),
  field("s", "string"),
  field("x", "decimal(18,2)"),
  field("f", "double"),
  field("b", "boolean"),
  field("d", "date"),
  field("ts", "timestamp"),
  field("n", "timestamp_ntz"),
  field("deep", struct([field("inner", "long"), field("list", arrayOf("long"))])),
  field("p", "date"),
]);

/** The values of one file's rows: few, so that bounds are narrow. */
const files = fc.array(
  fc.record(
    Object.fromEntries(
      Object.entries(COLUMNS).map(([name, { values }]) => [
        name,
        fc.array(fc.option(fc.constantFrom(...values), { freq: 4 }), { minLength: 1, maxLength: 2 }),
      ]),
    ),
  ),
  { minLength: 2, maxLength: 5 },
);

const comparisons = fc.constantFrom(...Object.values(COLUMNS)).chain(({ sql, constants }) => {
  const constant = fc.constantFrom(...constants, "NULL");
  const operator = fc.constantFrom("=", "<", "<=", ">", ">=", "<>", "is distinct from", "is not distinct from");
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(operator, constant).map(([one, other]) => `${sql} ${one} ${other}`) },
    fc.tuple(operator, constant).map(([one, other]) => `${other} ${one} ${sql}`),
    fc.tuple(constant, constant).map(([low, high]) => `${sql} between ${low} and ${high}`),
    fc.array(constant, { minLength: 1, maxLength: 3 }).map((list) => `${sql} in (${list.join(", ")})`),
    fc.array(constant, { minLength: 1, maxLength: 3 }).map((list) => `${sql} not in (${list.join(", ")})`),
    fc.constantFrom(`${sql} is null`, `${sql} is not null`, `not (${sql} is null)`),
  );
});

const predicates = fc.letrec<{ predicate: string }>((tie) => ({
  predicate: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    comparisons,
    fc.tuple(tie("predicate"), fc.constantFrom("and", "or"), tie("predicate")).map((parts) => `(${parts.join(" ")})`),
    tie("predicate").map((inner) => `not (${inner})`),
  ),
})).predicate;

function rowsOfFile(file: Readonly<Record<string, readonly Value[]>>, index: number): readonly Row[] {
  const at = (name: string, row: number): Value => file[name]?.[row % (file[name]?.length ?? 1)] ?? null;
  return [0, 1].map((row) => {
    const columns = Object.keys(COLUMNS).filter((name) => name !== "inner");
    const inner = at("inner", row);
    return {
      row: BigInt(index * 2 + row),
      ...Object.fromEntries(columns.map((name) => [name, at(name, row)])),
      deep: inner === -3n ? null : { inner, list: [inner] },
    };
  });
}

async function numbers(table: TableUnderTest, where: string): Promise<readonly Value[]> {
  const rows = await table.rows(`select row from t where ${where} order by row`);
  return rows.map((one) => one["row"] ?? null);
}

/** Nothing follows from it for a column. */
function hidden(predicate: string): string {
  return `coalesce((${predicate}), false)`;
}

async function tableOf(
  lake: LakeUnderTest,
  given: readonly Readonly<Record<string, readonly Value[]>>[],
  mode: string,
) {
  const table = lake.table(lake.store("memory"));
  const properties = {
    "delta.enableDeletionVectors": "true",
    ...(mode === "none" ? {} : { "delta.columnMapping.mode": mode }),
  };
  await table.create({ schema: SCHEMA, properties, partitionColumns: ["p"] });
  for (const [index, file] of given.entries()) await table.append(SCHEMA, rowsOfFile(file, index));
  return table;
}

export function pruning(make: MakeEngine): void {
  describe("files that a predicate rules out", () => {
    test("hold no row that it is true of", { timeout: 120_000 * FACTOR }, async () => {
      await using lake = await lakeUnderTest(make);
      const asked = fc.array(predicates, { minLength: 12, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(files, asked, fc.constantFrom("none", "name"), async (given, wheres, mode) => {
          const table = await tableOf(lake, given, mode);
          let last = "false";
          for (const where of wheres) {
            const whole = await numbers(table, hidden(where)).catch(() => undefined);
            // What the engine cannot compare, it need not compare of fewer rows.
            if (whole === undefined) continue;
            expect({ where, rows: await numbers(table, where) }).toEqual({ where, rows: whole });
            last = where;
          }
          const kept = await numbers(table, `not ${hidden(last)}`);
          const updated = await numbers(table, hidden(last));
          await lake.engine.update(await table.open(), { set: { row: "row + 100" }, where: last });
          expect({ last, rows: await numbers(table, "row >= 100") }).toEqual({
            last,
            rows: updated.map((row) => (row as bigint) + 100n),
          });
          await lake.engine.delete(await table.open(), last);
          expect({ last, rows: await numbers(table, "true") }).toEqual({ last, rows: kept });
        }),
        { numRuns: 10 * FACTOR },
      );
    });

    test("are not read: one of a thousand is", { timeout: 120_000 * FACTOR }, async () => {
      await using lake = await lakeUnderTest(make);
      const store = countingStore(memoryStore({ world: lake.world }));
      const table = lake.table(store);
      const schema = struct([field("id", "long"), field("day", "date"), field("at", "timestamp")]);
      const properties = { "delta.enableDeletionVectors": "true", "delta.checkpointInterval": "1000" };
      const rows = Array.from({ length: 1_000 }, (_, index) => ({
        id: BigInt(index),
        day: new Date(index * 86_400_000).toISOString().slice(0, 10),
        at: BigInt(index) * 86_400_000_000n,
      }));
      await table.create({ schema, properties, partitionColumns: ["day"] }, rows);
      expect((await table.open()).snapshot?.files.size).toBe(1_000);
      const read = async (work: () => Promise<unknown>): Promise<number> => {
        await table.open();
        store.reset();
        await work();
        return store.counts.read;
      };
      const select = (where: string) => async () =>
        expect(await table.rows(`from t as o where ${where}`)).toHaveLength(1);
      const open = await read(async () => await table.open());
      expect(await read(select("id = 17"))).toBe(open + 1);
      expect(await read(select("o.day = '1970-02-18'"))).toBe(open + 1);
      expect(
        await read(select("o.at < timestamptz '1970-02-19 12:00' and o.at > '1970-02-18 12:00' and id >= 0")),
      ).toBe(open + 1);
      expect(await read(select("(day = date '1970-02-20' + interval 1 day and true) or day in ('1970-02-21')"))).toBe(
        open + 1,
      );
      // Together with a commit and what belongs to it.
      const few = await read(async () => await lake.engine.delete(await table.open(), "id = 100"));
      expect(few).toBeLessThan(10);
      expect(
        await read(
          async () => await lake.engine.update(await table.open(), { set: { id: "-id" }, where: "day = '1970-07-20'" }),
        ),
      ).toBeLessThan(12);
      // A table that is read twice may need all rows.
      const both = "select * from t where id = 30 and exists (select 1 from t where id = 31)";
      expect(await read(async () => await table.rows(both))).toBeGreaterThan(900);
    });
  });
}
