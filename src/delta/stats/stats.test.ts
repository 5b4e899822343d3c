import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrayOf, decimal, field, mapOf, struct, type PrimitiveName, type StructType } from "../../contract/index.ts";
import { compareUtf8 } from "../../storage/index.ts";
import { encodePartitionValue } from "../partition-values.ts";
import { encodeStats, type ColumnStats, type StatValue } from "./encode-stats.ts";
import { fileMayMatch, type ColumnRange } from "./file-may-match.ts";
import { parseStats } from "./parse-stats.ts";
import { parseTimestamp } from "./timestamp-text.ts";
import { truncatedMax, truncatedMin } from "./truncate-text.ts";

type Compare = (left: StatValue, right: StatValue) => number;

/** Values of each type in the form that the engine has them, and how they order. */
const TYPES: readonly (readonly [PrimitiveName, fc.Arbitrary<StatValue>, Compare])[] = [
  ["string", fc.string({ unit: "binary", maxLength: 80 }), textOrder],
  ["long", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), numericOrder],
  ["integer", fc.integer().map(BigInt), numericOrder],
  [decimal(38, 10), fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }).map(decimalText), decimalOrder],
  ["date", day(), textOrder],
  ["timestamp", micros(), numericOrder],
  ["timestamp_ntz", micros(), numericOrder],
];

describe("statistics", () => {
  for (const [type, value, compare] of TYPES) {
    test(`never exclude a file that has a row which is wanted: ${type}`, () => {
      const rowsOf = fc.array(fc.option(value, { freq: 5 }), { minLength: 1, maxLength: 8 });
      const drawn = fc.record({ rows: rowsOf, min: fc.option(value), max: fc.option(value), nulls: fc.boolean() });
      fc.assert(
        fc.property(drawn, fc.boolean(), ({ rows, min, max, nulls }, isNear) => {
          const ends = isNear ? { min: rows[0] ?? min, max: rows.at(-1) ?? max } : { min, max };
          const range = rangeOf(type, ends, nulls);
          const file = { numRecords: rows.length, columns: [summary(rows, compare)] };
          const stats = parseStats(encodeStats(layoutOf(type), file));
          const isWanted = rows.some((row) => wants(range, row, compare));
          expect(!isWanted || fileMayMatch({ stats, partitionValues: {} }, [range])).toBe(true);
          // As a partition's value an empty text is no value.
          const only = rows[0] === "" ? null : (rows[0] ?? null);
          const partitionValues = { column: encodePartitionValue(type, only) };
          const mayMatch = fileMayMatch({ stats: undefined, partitionValues }, [range]);
          expect(mayMatch).toBe(wants(range, only, compare));
        }),
        { numRuns: 300 },
      );
    });
  }

  test("exclude what they can", () => {
    const columns = [
      { path: ["name"], nullCount: 0, min: "anna", max: "berta" },
      { path: ["at"], nullCount: 1, min: 1_600_000_000_000_000n, max: 1_600_000_000_999_999n },
      { path: ["inner", "amount"], nullCount: 3, min: "1.00", max: "9.50" },
      { path: ["gone"], nullCount: 3 },
    ];
    const stats = parseStats(
      encodeStats({ schema: SCHEMA, partitionColumns: [], configuration: {} }, { numRecords: 3, columns }),
    );
    const file = { stats, partitionValues: { day: "2026-01-02", none: null } };
    const excluded: ColumnRange[] = [
      { path: ["name"], type: "string", min: "c" },
      { path: ["name"], type: "string", max: "ann" },
      { path: ["name"], type: "string", values: false, nulls: true },
      { path: ["at"], type: "timestamp", min: 1_600_000_002_000_000n },
      { path: ["inner", "amount"], type: decimal(12, 2), min: "9.51" },
      { path: ["gone"], type: "string" },
      { path: ["day"], type: "date", min: "2026-01-03" },
      { path: ["none"], type: "long", min: 0n },
    ];
    for (const range of excluded) expect(fileMayMatch(file, [range])).toBe(false);
    const kept: ColumnRange[] = [
      { path: ["at"], type: "timestamp", min: 1_600_000_001_000_000n, max: 1_600_000_001_000_000n },
      { path: ["at"], type: "timestamp", min: 1_700_000_000_000_000n, nulls: true },
      { path: ["gone"], type: "string", min: "x", nulls: true },
      { path: ["unknown"], type: "long", min: 1n },
      { path: ["none"], type: "long", min: 0n, nulls: true },
    ];
    for (const range of kept) expect(fileMayMatch(file, [range])).toBe(true);
    expect(fileMayMatch(file, [...kept, { path: ["name"], type: "string", min: "c" }])).toBe(false);
  });

  test("of floats exclude nothing, for the NaN that they may hide", () => {
    const stats = parseStats('{"numRecords":2,"minValues":{"x":1.5},"maxValues":{"x":2.5},"nullCount":{"x":0}}');
    expect(fileMayMatch({ stats, partitionValues: {} }, [{ path: ["x"], type: "double", min: 9 }])).toBe(true);
  });

  test("of other writers are allowed their known errors", () => {
    const cases: readonly (readonly [type: PrimitiveName, max: string, wanted: StatValue])[] = [
      // Cut to milliseconds, and an offset of the year 1883 cut to minutes.
      ["timestamp", '"2020-01-01T00:00:00.123Z"', 1_577_836_800_123_999n],
      ["timestamp", '"1883-11-18T12:00:00.000-07:52"', BigInt(Date.parse("1883-11-18T19:52:58Z")) * 1000n],
      ["timestamp", '"2020-01-01 00:00:00"', 1_577_900_000_000_000n],
      // Through a double.
      [decimal(38, 18), "1.0", "1.000000000000000001"],
      [decimal(20, 2), "1e17", "100000000000000000.01"],
    ];
    for (const [type, max, wanted] of cases) {
      const stats = parseStats(`{"numRecords":2,"maxValues":{"x":${max}},"nullCount":{"x":0}}`);
      expect(fileMayMatch({ stats, partitionValues: {} }, [{ path: ["x"], type, min: wanted }])).toBe(true);
    }
    const inside = parseStats('{"numRecords":2,"nullCount":{"s":{"x":0}}}');
    const isNull: ColumnRange = { path: ["s", "x"], type: "long", nulls: true, values: false };
    expect(fileMayMatch({ stats: inside, partitionValues: {} }, [isNull])).toBe(true);
  });

  test("that are no JSON are none", () => {
    for (const text of ["", "{", "[]", "7", undefined]) expect(parseStats(text)).toBeUndefined();
    expect(parseStats('{"numRecords":-1,"minValues":7}')).toEqual({
      tightBounds: true,
      minValues: {},
      maxValues: {},
      nullCount: {},
    });
  });

  test("are written nested as the schema is, for the columns that the table wants", () => {
    const columns: ColumnStats[] = [
      { path: ["name"], nullCount: 1, min: "a", max: "b" },
      { path: ["inner", "amount"], nullCount: 0, min: "1.10", max: "12345678901.23" },
      { path: ["list"], nullCount: 2, min: "x", max: "y" },
      { path: ["map"], nullCount: 0 },
      { path: ["ratio"], nullCount: 0, min: 1.5, max: 2.5, hasNan: true },
      { path: ["day"], nullCount: 0, min: "2026-01-01", max: "2026-01-01" },
      { path: ["at"], nullCount: 0, min: -1n, max: 1_000_001n },
      { path: ["gone"], nullCount: 0 },
      { path: ["nowhere"], nullCount: 0 },
    ];
    const encode = (configuration: Record<string, string>): unknown =>
      encodeStats({ schema: SCHEMA, partitionColumns: ["day"], configuration }, { numRecords: 3, columns });
    expect(encode({})).toBe(
      '{"numRecords":3,"minValues":{"name":"a","inner":{"amount":1.10},"at":"1969-12-31T23:59:59.999Z"},' +
        '"maxValues":{"name":"b","inner":{"amount":12345678901.23},"at":"1970-01-01T00:00:01.001Z"},' +
        '"nullCount":{"name":1,"inner":{"amount":0},"list":2,"map":0,"ratio":0,"at":0,"gone":0}}',
    );
    expect(encode({ "delta.dataSkippingNumIndexedCols": "2" })).toContain(
      '"nullCount":{"name":1,"inner":{"amount":0}}',
    );
    expect(encode({ "delta.dataSkippingNumIndexedCols": "0" })).toContain('"nullCount":{}');
    expect(encode({ "delta.dataSkippingStatsColumns": "`inner`, MAP" })).toContain(
      '"nullCount":{"inner":{"amount":0},"map":0}',
    );
    expect(encode({ "delta.dataSkippingStatsColumns": "inner.`amount`" })).toContain(
      '"nullCount":{"inner":{"amount":0}}',
    );
  });

  test("keep to 32 columns where the table says nothing", () => {
    const schema = struct(Array.from({ length: 40 }, (_, index) => field(`c${index}`, "long")));
    const columns = schema.fields.map((one) => ({ path: [one.name], nullCount: 0 }));
    const text = encodeStats({ schema, partitionColumns: [], configuration: {} }, { numRecords: 1, columns });
    expect(Object.keys(parseStats(text)?.nullCount ?? {})).toHaveLength(32);
  });
});

describe("a long text", () => {
  test("is cut to a bound on each side, in the order of code points", () => {
    const unit = fc.oneof(
      fc.constantFrom("a", "\u{7e}", "\u{7f}", "\u{10ffff}", "\u{ffff}", "\u{1f600}"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 90 }), (characters) => {
        const text = characters.join("");
        const max = truncatedMax(text);
        expect(compareUtf8(truncatedMin(text), text)).toBeLessThanOrEqual(0);
        expect(max === undefined || compareUtf8(max, text) >= 0).toBe(true);
        expect(pointsOf(truncatedMin(text))).toBeLessThanOrEqual(32);
        expect(pointsOf(max ?? "")).toBeLessThanOrEqual(65);
        expect(pointsOf(text) > 32 || (truncatedMin(text) === text && max === text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("gets the character that other engines give it", () => {
    const kept = "x".repeat(32);
    expect(truncatedMax(`${kept}abc`)).toBe(`${kept}\u{7f}`);
    expect(truncatedMax(`${kept}\u{7f}`)).toBe(`${kept}\u{10ffff}`);
    expect(truncatedMax(`${kept}\u{10ffff}a`)).toBe(`${kept}\u{10ffff}\u{7f}`);
    expect(truncatedMax("\u{10ffff}".repeat(70))).toBeUndefined();
  });
});

describe("a time", () => {
  test("is read in every form that writers use", () => {
    const same = [
      "2020-02-03T04:05:06.789Z",
      "2020-02-03 04:05:06.789",
      "2020-02-03T05:05:06.789+01:00",
      "2020-02-03 04:05:06.789+00",
    ];
    for (const text of same) expect(parseTimestamp(text)?.micros).toBe(1_580_702_706_789_000n);
    expect(parseTimestamp("2020-02-03")?.micros).toBe(1_580_688_000_000_000n);
    for (const text of ["", "yesterday", "2020-13-01 00:00:00", "2020-02-03T04:05:06+1"])
      expect(parseTimestamp(text)).toBeUndefined();
  });
});

const SCHEMA: StructType = struct([
  field("name", "string"),
  field("inner", struct([field("amount", decimal(12, 2))])),
  field("list", arrayOf("string")),
  field("map", mapOf("string", "string")),
  field("ratio", "double"),
  field("day", "date"),
  field("at", "timestamp"),
  field("gone", "string"),
]);

function layoutOf(type: PrimitiveName) {
  return { schema: struct([field("column", type)]), partitionColumns: [], configuration: {} };
}

function summary(rows: readonly (StatValue | null)[], compare: Compare): ColumnStats {
  const values = rows.filter((row) => row !== null).toSorted(compare);
  const [min, max] = [values[0], values.at(-1)];
  return {
    path: ["column"],
    nullCount: rows.length - values.length,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

function rangeOf(
  type: PrimitiveName,
  { min, max }: { readonly min: StatValue | null; readonly max: StatValue | null },
  nulls: boolean,
): ColumnRange {
  return { path: ["column"], type, nulls, ...(min === null ? {} : { min }), ...(max === null ? {} : { max }) };
}

function wants(range: ColumnRange, value: StatValue | null, compare: Compare): boolean {
  if (value === null) return range.nulls === true;
  const isAbove = range.min === undefined || compare(value, range.min as StatValue) >= 0;
  return isAbove && (range.max === undefined || compare(value, range.max as StatValue) <= 0);
}

function pointsOf(text: string): number {
  return Array.from(text).length;
}

function textOrder(left: StatValue, right: StatValue): number {
  return compareUtf8(String(left), String(right));
}

function numericOrder(left: StatValue, right: StatValue): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function decimalText(unscaled: bigint): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(11, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -10)}.${digits.slice(-10)}`;
}

function decimalOrder(left: StatValue, right: StatValue): number {
  return numericOrder(BigInt(String(left).replace(".", "")), BigInt(String(right).replace(".", "")));
}

function day(): fc.Arbitrary<string> {
  const dates = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
  return dates.map((date) => date.toISOString().slice(0, 10));
}

function micros(): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
}
