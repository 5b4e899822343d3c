import { describe, expect, test } from "vitest";
import { arrayOf, decimal, field, mapOf, struct, type DataType } from "../../contract/index.ts";
import type { Value } from "../../engine/index.ts";
import { isFreeText, isNumeric, valueJson, valueText } from "./row-value.ts";

const CASES: readonly (readonly [DataType, Value, string, string])[] = [
  ["long", 2n ** 62n, '"4611686018427387904"', "4611686018427387904"],
  ["long", 42n, "42", "42"],
  ["integer", -7, "-7", "-7"],
  [
    decimal(38, 2),
    "345678901234567890123456789012345678.90",
    '"345678901234567890123456789012345678.90"',
    "345678901234567890123456789012345678.90",
  ],
  [decimal(18, 2), "1.50", '"1.50"', "1.50"],
  ["double", 0.1, "0.1", "0.1"],
  ["double", Number.NaN, '"NaN"', "NaN"],
  ["float", Math.fround(0.1), "0.1", "0.1"],
  ["float", Math.fround(16_777_217), "16777216", "16777216"],
  ["boolean", true, "true", "true"],
  ["string", "a\u0007b", '"a\\u0007b"', "a\u0007b"],
  ["date", "2026-01-31", '"2026-01-31"', "2026-01-31"],
  ["timestamp", 1_500_000n, '"1970-01-01T00:00:01.500Z"', "1970-01-01T00:00:01.500Z"],
  ["timestamp_ntz", 0n, '"1970-01-01T00:00:00"', "1970-01-01T00:00:00"],
  ["binary", new Uint8Array([251, 255]), '"+/8="', "+/8="],
  [arrayOf("long"), [1n, null, 2n ** 60n], '[1,null,"1152921504606846976"]', '[1,null,"1152921504606846976"]'],
  [
    mapOf("string", "integer"),
    [
      ["__proto__", 1],
      ["b", 2],
    ],
    '{"__proto__":1,"b":2}',
    '{"__proto__":1,"b":2}',
  ],
  [mapOf("long", "string"), [[1n, "x"]], '[[1,"x"]]', '[[1,"x"]]'],
  [
    struct([field("a", "timestamp"), field("b", "string")]),
    { a: 0n, b: null },
    '{"a":"1970-01-01T00:00:00Z","b":null}',
    '{"a":"1970-01-01T00:00:00Z","b":null}',
  ],
];

describe("a value", () => {
  test.each(CASES)("of type %j", (type, value, json, text) => {
    expect(valueJson(value, type)).toBe(json);
    expect(valueText(value, type)).toBe(text);
  });

  test("that is NULL is null in JSON and nothing in text", () => {
    expect([valueJson(null, "long"), valueText(null, "long"), valueJson(undefined, "string")]).toEqual([
      "null",
      null,
      "null",
    ]);
  });

  test("is free text, a number, or neither", () => {
    expect(
      ["string", arrayOf("long"), "long", decimal(4, 2), "date"].map((type) => isFreeText(type as DataType)),
    ).toEqual([true, true, false, false, false]);
    expect(["string", "byte", decimal(4, 2), "double", "date"].map((type) => isNumeric(type as DataType))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});
