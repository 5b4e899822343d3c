import fc from "fast-check";
import { expect, test } from "vitest";
import {
  arrayOf,
  decimal,
  field,
  isArray,
  isMap,
  isStruct,
  decimalParts,
  mapOf,
  struct,
  type DataType,
  type StructType,
} from "../../../src/contract/index.ts";
import { parseStats } from "../../../src/delta/index.ts";
import type { Row, Value } from "../../../src/engine/index.ts";
import { STORE_KINDS, lakeUnderTest, type MakeEngine } from "./lake-under-test.ts";

const PRIMITIVES: readonly DataType[] = [
  ...(["string", "long", "integer", "short", "byte", "float", "double", "boolean", "binary"] as const),
  ...(["date", "timestamp", "timestamp_ntz"] as const),
  decimal(5, 2),
  decimal(18, 0),
  decimal(38, 10),
];

/** One of them is a name that JavaScript gives a meaning to. */
const MEMBER_NAMES = ["m0", "__proto__", "m2"];

const types = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...PRIMITIVES),
    tie("type").map((element) => arrayOf(element)),
    fc.tuple(fc.constantFrom<DataType>("string", "long", "date"), tie("type")).map(([key, value]) => mapOf(key, value)),
    fc
      .array(tie("type"), { minLength: 1, maxLength: 3 })
      .map((members) => struct(members.map((type, index) => field(MEMBER_NAMES[index] ?? "", type)))),
  ),
})).type;

/** Years 1 to 9999, as every engine has them. */
const MICROS_MIN = BigInt(Date.parse("0001-01-01T00:00:00Z")) * 1000n;
const MICROS_MAX = BigInt(Date.parse("9999-12-31T23:59:59.999Z")) * 1000n + 999n;

function valuesOf(type: DataType): fc.Arbitrary<Value> {
  return fc.option(presentOf(type), { freq: 5 });
}

function presentOf(type: DataType): fc.Arbitrary<Value> {
  if (isStruct(type)) {
    return fc.record(Object.fromEntries(type.fields.map((one) => [one.name, valuesOf(one.type)])));
  }
  if (isArray(type)) return fc.array(valuesOf(type.elementType), { maxLength: 3 });
  if (isMap(type)) {
    const entries = fc.tuple(presentOf(type.keyType), valuesOf(type.valueType));
    return fc.uniqueArray(entries, { maxLength: 3, selector: ([key]) => String(key) });
  }
  const parts = decimalParts(type);
  if (parts !== undefined) return decimals(parts);
  return PLAIN[type as string] ?? fc.constant(null);
}

const PLAIN: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  // NUL is no text of any source, and lone surrogates are no text at all.
  string: fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => text.isWellFormed() && !text.includes("\0")),
  long: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  integer: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  short: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
  byte: fc.integer({ min: -128, max: 127 }),
  float: fc.float(),
  double: fc.double(),
  boolean: fc.boolean(),
  binary: fc.uint8Array({ maxLength: 20 }),
  date: fc
    .integer({ min: -719_162, max: 2_932_896 })
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10)),
  timestamp: fc.bigInt(MICROS_MIN, MICROS_MAX),
  timestamp_ntz: fc.bigInt(MICROS_MIN, MICROS_MAX),
};

function decimals({ precision, scale }: { precision: number; scale: number }): fc.Arbitrary<string> {
  const largest = 10n ** BigInt(precision) - 1n;
  return fc.bigInt(-largest, largest).map((scaled) => {
    if (scale === 0) return String(scaled);
    const digits = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, "0");
    return `${scaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  });
}

export const tables = fc.array(types, { minLength: 1, maxLength: 5 }).chain((columns) => {
  const schema = struct([field("n", "long"), ...columns.map((type, index) => field(`c${index}`, type))]);
  const values = fc.tuple(...columns.map(valuesOf));
  return fc
    .array(values, { maxLength: 6 })
    .map((rows) => ({ schema, rows: rows.map((row, index) => numbered(row, index)) }));
});

function numbered(values: readonly Value[], index: number): Row {
  return { n: BigInt(index), ...Object.fromEntries(values.map((value, at) => [`c${at}`, value])) };
}

export function everyType(make: MakeEngine): void {
  test("every value of every type comes back as it was written", { timeout: 120_000 }, async () => {
    await using lake = await lakeUnderTest(make);
    await fc.assert(
      fc.asyncProperty(tables, fc.constantFrom(...STORE_KINDS), async ({ schema, rows }, kind) => {
        const table = lake.table(lake.store(kind));
        await table.create({ schema }, rows);
        expect(await table.rows("select * from t order by n")).toEqual(rows);
        expect(
          await lake.engine.schemaOf({ sql: "from t", inputs: { t: { kind: "table", table: await table.open() } } }),
        ).toEqual(schema);
      }),
      { numRuns: 60 },
    );
  });

  test("every partition value comes back as it was written", { timeout: 60_000 }, async () => {
    await using lake = await lakeUnderTest(make);
    const keys = PRIMITIVES.filter((type) => type !== "float" && type !== "double");
    const partitions = fc
      .constantFrom(...keys)
      .chain((type) => fc.array(valuesOf(type), { minLength: 1, maxLength: 5 }).map((values) => ({ type, values })));
    await fc.assert(
      fc.asyncProperty(partitions, async ({ type, values }) => {
        const schema: StructType = struct([field("n", "long"), field("part", type)]);
        const rows = values.map((part, index) => ({ n: BigInt(index), part })).filter(({ part }) => !isUnsayable(part));
        const table = lake.table(lake.store("memory"));
        await table.create({ schema, partitionColumns: ["part"] }, rows);
        expect(await table.rows("select * from t order by n")).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  test("statistics never exclude a value that a file holds", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    const schema = struct([
      field("at", "timestamp"),
      field("name", "string"),
      field("price", decimal(20, 3)),
      field("ratio", "double"),
      field("inner", struct([field("day", "date")])),
    ]);
    const long = `${"é".repeat(40)}z`;
    await table.create({ schema }, [
      { at: 1_000_001n, name: long, price: "99999999999999999.999", ratio: Number.NaN, inner: { day: "2024-02-29" } },
      { at: -1n, name: "a", price: "-0.001", ratio: 1, inner: null },
    ]);
    const [file] = (await table.open()).snapshot?.files.values() ?? [];
    expect(JSON.parse(file?.stats ?? "{}")).toMatchObject({
      numRecords: 2,
      minValues: { at: "1969-12-31T23:59:59.999Z", name: "a", inner: { day: "2024-02-29" } },
      maxValues: { at: "1970-01-01T00:00:01.001Z", inner: { day: "2024-02-29" } },
      nullCount: { at: 0, name: 0, price: 0, ratio: 0, inner: { day: 1 } },
    });
    const stats = parseStats(file?.stats);
    expect(stats?.minValues).not.toHaveProperty("ratio");
    expect(String(stats?.maxValues["price"])).toBe("99999999999999999.999");
    expect(String(stats?.maxValues["name"]) > long).toBe(true);
  });
}

/** Binary partition values are text in the log, and an empty one is null. */
function isUnsayable(value: Value): boolean {
  if (value === "") return true;
  if (!(value instanceof Uint8Array)) return false;
  if (value.length === 0) return true;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value).includes("\0");
  } catch {
    return true;
  }
}
