import { describe, expect, test } from "vitest";
import { canonicalLine, canonicalRows, type DeltaStruct, type DeltaType } from "./canonical-rows.ts";

describe("a value is written as its type", () => {
  test.each<[DeltaType, unknown, string]>([
    ["integer", -7, '"-7"'],
    ["long", 9_223_372_036_854_775_807n, '"9223372036854775807"'],
    ["boolean", false, "false"],
    ["string", null, "null"],
    ["string", undefined, "null"],
    ["string", 'say "hi"\n\u007f', '"say \\"hi\\"\\n\\u007f"'],
    ["string", "é😀", '"\\u00e9\\ud83d\\ude00"'],
    ["binary", Uint8Array.of(0, 255), '"hex:00ff"'],
    ["date", "2024-02-29", '"2024-02-29"'],
    ["decimal(10,2)", "1.5", '"1.50"'],
    ["decimal(10,2)", "-0.00", '"0.00"'],
    ["decimal(38,10)", "-0012.3400000000000", '"-12.3400000000"'],
    ["decimal(5,0)", "42", '"42"'],
    ["timestamp", 0n, '"1970-01-01T00:00:00.000000Z"'],
    ["timestamp", 1_700_000_000_123_456n, '"2023-11-14T22:13:20.123456Z"'],
    ["timestamp", -1n, '"1969-12-31T23:59:59.999999Z"'],
    ["timestamp_ntz", -62_135_596_800_000_000n, '"0001-01-01T00:00:00.000000"'],
    ["timestamp_ntz", -62_135_596_800_000_001n, '"0000-12-31T23:59:59.999999"'],
    ["timestamp", 253_402_300_800_000_000n, '"+10000-01-01T00:00:00.000000Z"'],
    [{ type: "array", elementType: "long" }, [1n, null], '["1", null]'],
    [struct({ b: "long", a: "long" }), { b: 2n }, '{"a": null, "b": "2"}'],
    ["variant", { metadata: Uint8Array.of(1), value: Uint8Array.of(2) }, '{"metadata": "hex:01", "value": "hex:02"}'],
  ])("%j of %s", (type, value, text) => {
    expect(line(type, value)).toBe(`{"v": ${text}}`);
  });
});

describe("a float is written as Python writes it", () => {
  test.each<[DeltaType, number, string]>([
    ["double", 0, "0.0"],
    ["double", -0, "-0.0"],
    ["double", 1, "1.0"],
    ["double", -1234.5, "-1234.5"],
    ["double", 0.1, "0.1"],
    ["double", 0.0001, "0.0001"],
    ["double", 0.00001, "1e-05"],
    ["double", 9_007_199_254_740_992, "9007199254740992.0"],
    ["double", 1e15, "1000000000000000.0"],
    ["double", 1e16, "1e+16"],
    ["double", 1.5e300, "1.5e+300"],
    ["double", 5e-324, "5e-324"],
    ["double", Number.NaN, "nan"],
    ["double", Number.NEGATIVE_INFINITY, "-inf"],
    ["float", 3.14, "3.140000104904175"],
  ])("%s %d", (type, value, text) => {
    expect(line(type, value)).toBe(`{"v": "${text}"}`);
  });
});

test("the entries of a map are sorted, whatever order they came in", () => {
  const map: DeltaType = { type: "map", keyType: "string", valueType: "integer" };
  expect(line(map, [["b", 2], ["a", null]])).toBe('{"v": [["a", null], ["b", "2"]]}'); // prettier-ignore
});

test("columns are sorted by code points, not by halves of characters", () => {
  const schema = struct({ "\u{1F600}": "long", "\uFFFD": "long" });
  expect(canonicalLine(schema, {})).toBe('{"\\ufffd": null, "\\ud83d\\ude00": null}');
});

test("rows hash alike in any order", () => {
  const schema = struct({ id: "long" });
  const rows = [{ id: 2n }, { id: 10n }, { id: null }];
  const { count, lines, sha256 } = canonicalRows(schema, rows);
  expect(lines).toEqual(['{"id": "10"}', '{"id": "2"}', '{"id": null}']);
  expect(count).toBe(3);
  expect(canonicalRows(schema, rows.toReversed()).sha256).toBe(sha256);
});

test("no rows have the hash of nothing", () => {
  expect(canonicalRows(struct({ id: "long" }), []).sha256).toBe(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

describe("a value that is not of its type is refused", () => {
  test.each<[DeltaType, unknown]>([
    ["long", 1.5],
    ["long", 2 ** 53],
    ["long", "1"],
    ["decimal(10,2)", "1.005"],
    ["decimal(10,2)", "1e3"],
    ["date", "2024-1-1"],
    ["timestamp", 0],
    ["binary", "00"],
    ["interval", 1],
    [struct({ a: "long" }), { b: 1 }],
  ])("%j of %j", (type, value) => {
    expect(() => line(type, value)).toThrow(TypeError);
  });
});

function line(type: DeltaType, value: unknown): string {
  return canonicalLine(struct({ v: type }), { v: value });
}

function struct(fields: Readonly<Record<string, DeltaType>>): DeltaStruct {
  return { type: "struct", fields: Object.entries(fields).map(([name, type]) => ({ name, type })) };
}
