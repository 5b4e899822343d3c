import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arrayOf,
  contentHash,
  decimal,
  field,
  isOwnWrite,
  mapOf,
  struct,
  type AttributeMap,
  type DataType,
} from "../../contract/index.ts";
import type { Value } from "../../engine/index.ts";
import { UnfitValue, attributesOf } from "./attribute-value.ts";
import { ITEM_BYTES_MAX, itemBytes } from "./item-size.ts";
import { keyAttributes } from "./key-attributes.ts";
import { momentText } from "./moment-text.ts";

function attributeOf(type: DataType, value: Value) {
  return attributesOf({ a: value }, struct([field("a", type)]))["a"];
}

describe("the attributes of a row", () => {
  const person = struct([field("name", "string"), field("age", "integer")]);

  test.each<[DataType, Value, unknown]>([
    ["string", "", { S: "" }],
    ["string", "ä🙂", { S: "ä🙂" }],
    ["long", 9_223_372_036_854_775_807n, { N: "9223372036854775807" }],
    ["integer", -5, { N: "-5" }],
    [decimal(38, 0), "99999999999999999999999999999999999999", { N: "99999999999999999999999999999999999999" }],
    [decimal(38, 18), "-12345678901234567890.123456789012345678", { N: "-12345678901234567890.123456789012345678" }],
    [decimal(18, 2), "10.50", { N: "10.5" }],
    [decimal(38, 38), "0.00000000000000000000000000000000000001", { N: "0.00000000000000000000000000000000000001" }],
    ["double", 0.1, { N: "0.1" }],
    ["double", 1e21, { N: "1000000000000000000000" }],
    ["double", 1.5e-7, { N: "0.00000015" }],
    ["double", -0, { N: "0" }],
    ["float", Math.fround(0.1), { N: "0.1" }],
    ["boolean", false, { BOOL: false }],
    ["binary", Uint8Array.of(0, 255), { B: Uint8Array.of(0, 255) }],
    ["date", "2026-02-28", { S: "2026-02-28" }],
    ["timestamp", 1_769_860_800_000_001n, { S: "2026-01-31T12:00:00.000001Z" }],
    ["timestamp_ntz", -1n, { S: "1969-12-31T23:59:59.999999" }],
    [arrayOf("long"), [1n, null, 3n], { L: [{ N: "1" }, { NULL: true }, { N: "3" }] }],
    [mapOf("string", "string"), [["__proto__", "x"], ["n", null]], { M: { ["__proto__"]: { S: "x" }, n: { NULL: true } } }], // prettier-ignore
    [mapOf("date", "long"), [["2026-01-01", 1n]], { M: { "2026-01-01": { N: "1" } } }],
    [person, { name: "Ann", age: null }, { M: { name: { S: "Ann" } } }],
    ["string", null, undefined],
  ])("%o %o becomes %o", (type, value, wanted) => {
    expect(JSON.stringify(attributeOf(type, value))).toBe(JSON.stringify(wanted));
  });

  test.each<[DataType, Value, RegExp]>([
    ["double", Number.NaN, /column a is NaN, which is no number/],
    ["double", Number.POSITIVE_INFINITY, /column a is Infinity/],
    ["double", 1e300, /column a is 1e\+300/],
    ["double", 5e-324, /column a is 5e-324/],
    ["string", "\ud800", /half a surrogate pair/],
    ["timestamp", 253_402_300_800_000_000n, /outside of the years/],
    [arrayOf(struct([field("x", "double")])), [{ x: 1 }, { x: Number.NaN }], /column a\[1\]\.x is NaN/],
    [mapOf("binary", "long"), [[Uint8Array.of(1), 1n]], /map key that cannot be a name/],
  ])("%o %o is refused, and its place is told", (type, value, message) => {
    const encode = () => attributeOf(type, value);
    expect(encode).toThrow(UnfitValue);
    expect(encode).toThrow(message);
  });

  test("every double within DynamoDB's range comes back as it was", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const magnitude = Math.abs(value);
        fc.pre(value === 0 || (magnitude >= 1e-130 && magnitude < 9.9e125));
        const attribute = attributeOf("double", value);
        expect(Number(attribute !== undefined && "N" in attribute ? attribute.N : Number.NaN)).toBe(value + 0);
      }),
    );
  });

  test("moments sort as their texts do", () => {
    const micros = fc.bigInt(-62_167_219_200_000_000n, 253_402_300_799_999_999n);
    fc.assert(
      fc.property(micros, micros, (one, other) => {
        const [left = "", right = ""] = [momentText(one), momentText(other)];
        expect(left < right).toBe(one < other);
        expect(BigInt(Date.parse(`${left.slice(0, 23)}Z`)) * 1_000n + BigInt(left.slice(23))).toBe(one);
      }),
    );
    expect(momentText(-62_167_219_200_000_001n)).toBeUndefined();
  });
});

describe("keys", () => {
  const text = { name: "pk", type: "S" } as const;
  test("are of the type that the table declares", () => {
    const keys = [text, { name: "sk", type: "N" }] as const;
    expect(keyAttributes(["a#b", "1.50"], keys)).toEqual({ pk: { S: "a#b" }, sk: { N: "1.5" } });
  });

  test.each([
    [[""], [text], /key pk is empty/],
    [["x".repeat(2_049)], [text], /2049 bytes, and DynamoDB takes 2048/],
    [["a", "é".repeat(600)], [text, { name: "sk", type: "S" } as const], /key sk has 1200 bytes/],
    [["1e200"], [{ name: "pk", type: "N" } as const], /no number/],
  ])("%o are refused", (texts, keys, message) => {
    expect(() => keyAttributes(texts, keys)).toThrow(message);
  });
});

describe("sizes", () => {
  test.each<[AttributeMap, number]>([
    [{ a: { S: "é" } }, 3],
    [{ ab: { BOOL: true }, c: { NULL: true } }, 5],
    [{ l: { L: [{ S: "x" }, { S: "yz" }] } }, 1 + 3 + 2 + 3],
    [{ m: { M: { k: { S: "v" } } } }, 1 + 3 + 1 + 2],
    [{ b: { B: new Uint8Array(10) } }, 11],
  ])("%j has %i bytes", (item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });

  test("a number is never counted smaller than DynamoDB counts it", () => {
    expect(itemBytes({ n: { N: "1".repeat(38) } })).toBe(1 + 21);
    expect(ITEM_BYTES_MAX).toBe(409_600);
  });
});

/** What was published of these attributes in a version. */
function marked(version: number, item: AttributeMap): AttributeMap {
  return {
    ...item,
    _sluice: {
      M: { publisher: { S: "l/gold.x" }, version: { N: String(version) }, hash: { S: contentHash(item) } },
    },
  };
}

describe("own writes", () => {
  const content = { pk: { S: "a" }, amount: { N: "1.5" } } as const;
  const mine = marked(1, content);

  test("what was put is told from what an application changed in it", () => {
    expect(isOwnWrite({ newImage: mine })).toBe(true);
    expect(isOwnWrite({ newImage: { ...mine, amount: { N: "1.50" } } })).toBe(true);
    expect(isOwnWrite({ newImage: { ...mine, amount: { N: "2" } } })).toBe(false);
    expect(isOwnWrite({ newImage: content })).toBe(false);
  });

  test("with the image of before the marker alone decides", () => {
    expect(isOwnWrite({ newImage: marked(2, content), oldImage: mine })).toBe(true);
    expect(isOwnWrite({ newImage: mine, oldImage: content })).toBe(true);
    // Changed, and changed back: two changes of the application.
    expect(isOwnWrite({ newImage: mine, oldImage: { ...mine, amount: { N: "2" } } })).toBe(false);
  });

  test("of removals only that of a tombstone is ours", () => {
    const tombstone = { pk: { S: "a" }, _sluice: { M: { publisher: { S: "l" }, deleted: { BOOL: true } } } } as const;
    expect(isOwnWrite({ oldImage: tombstone })).toBe(true);
    expect(isOwnWrite({ oldImage: mine })).toBe(false);
    expect(isOwnWrite({ oldImage: content })).toBe(false);
  });

  test("the hash does not depend on the order of names and sets, nor on how numbers are spelt", () => {
    const one: AttributeMap = { a: { N: "1e2" }, s: { SS: ["x", "y"] }, b: { B: Uint8Array.of(1, 2) } };
    const other: AttributeMap = { b: { B: "AQI=" }, s: { SS: ["y", "x"] }, a: { N: "100.0" } };
    expect(contentHash(one)).toBe(contentHash(other));
    expect(contentHash({ a: { S: "1" } })).not.toBe(contentHash({ a: { N: "1" } }));
    expect(contentHash({ a: { L: [{ S: "x" }, { S: "y" }] } })).not.toBe(
      contentHash({ a: { L: [{ S: "y" }, { S: "x" }] } }),
    );
  });
});
