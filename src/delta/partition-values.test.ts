import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal, type PrimitiveName } from "../contract/index.ts";
import { decodePartitionValue, encodePartitionValue, type PartitionValue } from "./partition-values.ts";

const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
const VALUES: readonly (readonly [PrimitiveName, fc.Arbitrary<PartitionValue>])[] = [
  ["string", fc.string({ unit: "binary" })],
  ["long", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ["byte", fc.integer({ min: -128, max: 127 }).map(BigInt)],
  ["double", fc.double()],
  ["boolean", fc.boolean()],
  ["date", fc.constantFrom("0001-01-01", "2026-02-28", "9999-12-31")],
  ["timestamp", micros],
  ["timestamp_ntz", micros],
  [decimal(38, 2), fc.bigInt({ min: 0n, max: 10n ** 36n }).map((value) => `-${value}.10`)],
  ["binary", fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text))],
];

describe("the value of a partition column", () => {
  for (const [type, values] of VALUES) {
    test(`comes back from its text: ${type}`, () => {
      fc.assert(
        fc.property(fc.option(values), (value) => {
          const isEmpty = value === "" || (value instanceof Uint8Array && value.length === 0);
          const text = encodePartitionValue(type, value);
          expect(decodePartitionValue(type, text)).toEqual(isEmpty ? null : value);
        }),
      );
    });
  }

  test("is written as the protocol has it", () => {
    const written: readonly (readonly [PrimitiveName, PartitionValue, string | null])[] = [
      ["timestamp", 1_577_836_800_000_001n, "2020-01-01T00:00:00.000001Z"],
      ["timestamp", -1n, "1969-12-31T23:59:59.999999Z"],
      ["timestamp_ntz", 1_577_836_800_000_000n, "2020-01-01 00:00:00.000000"],
      ["double", 1, "1.0"],
      ["double", 1e21, "1.0E21"],
      ["double", -0, "-0.0"],
      ["double", Number.POSITIVE_INFINITY, "Infinity"],
      ["boolean", true, "true"],
      ["string", "", null],
      ["string", null, null],
    ];
    for (const [type, value, text] of written) expect(encodePartitionValue(type, value)).toBe(text);
  });

  test("is read in the forms of other writers", () => {
    expect(decodePartitionValue("timestamp", "2020-01-01 00:00:00")).toBe(1_577_836_800_000_000n);
    expect(decodePartitionValue("boolean", "TRUE")).toBe(true);
    expect(decodePartitionValue("integer", "+7")).toBe(7n);
    for (const type of ["string", "long", "date"] as const) expect(decodePartitionValue(type, "")).toBeNull();
    expect(decodePartitionValue("long", undefined)).toBeNull();
  });

  test("fails when it is none, and when it cannot be written", () => {
    for (const [type, text] of [
      ["long", "7.5"],
      ["date", "today"],
      ["boolean", "1"],
      ["timestamp", "x"],
      ["double", "x"],
      [decimal(4, 2), "1e5"],
    ] as const) {
      expect(() => decodePartitionValue(type, text)).toThrow(/is no /);
    }
    expect(() => encodePartitionValue("binary", Uint8Array.of(0xff))).toThrow(/not UTF-8/);
  });
});
