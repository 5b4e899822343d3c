import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFailure } from "../base/index.ts";
import { batchManifestPath } from "./batch.ts";
import { CONTRACT_COLUMNS, isReservedName } from "./event.ts";
import {
  arrayOf,
  decimal,
  decimalParts,
  field,
  mapOf,
  sameType,
  struct,
  type DataType,
  type StructField,
} from "./schema.ts";

const { type } = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom<DataType>("string", "long", "timestamp", "timestamp_ntz", "decimal(10,2)", "decimal(10,3)"),
    tie("type").map((element) => arrayOf(element)),
    fc.tuple(tie("type"), tie("type")).map(([key, value]) => mapOf(key, value)),
    fc
      .array(fc.tuple(fc.constantFrom("a", "b", "A"), tie("type")), { maxLength: 3 })
      .map((fields) => struct(fields.map(([name, fieldType]) => field(name, fieldType)))),
  ),
}));

describe("types", () => {
  test("two types are the same exactly when they are written the same", () => {
    fc.assert(
      fc.property(type, type, (one, other) => {
        expect(sameType(one, other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        expect(sameType(one, JSON.parse(JSON.stringify(one)) as DataType)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("nullability and metadata do not count, at any depth", () => {
    fc.assert(
      fc.property(type, (one) => {
        expect(sameType(one, strictened(one))).toBe(true);
      }),
    );
  });

  test("a decimal written with a blank is the same decimal", () => {
    const spaced: DataType = "decimal(10, 2)";
    expect(decimalParts(spaced)).toEqual({ precision: 10, scale: 2 });
    expect(sameType(spaced, decimal(10, 2))).toBe(true);
    expect(sameType(arrayOf(spaced), arrayOf(decimal(10, 2)))).toBe(true);
    expect(sameType(spaced, decimal(10, 3))).toBe(false);
    expect(sameType(spaced, "string")).toBe(false);
    expect(sameType(spaced, struct([]))).toBe(false);
  });

  test("every decimal that exists gives its parts back, and no other is made", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 40 }), fc.integer({ min: -1, max: 40 }), (precision, scale) => {
        const exists = precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision;
        expect(partsIfMade(precision, scale)).toEqual(exists ? { precision, scale } : undefined);
      }),
    );
    expect(decimalParts("string")).toBeUndefined();
  });
});

describe("names of the contract", () => {
  test("a contract column, or one of Silver's, is reserved in any case", () => {
    for (const { name } of CONTRACT_COLUMNS) {
      expect(isReservedName(name)).toBe(true);
      expect(isReservedName(name.toUpperCase())).toBe(true);
    }
    expect(isReservedName("_Is_Deleted")).toBe(true);
    expect(["order_id", "op", "_id", "__proto__", "constructor"].filter((name) => isReservedName(name))).toEqual([]);
  });

  test("manifests of one table sort by their batch", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
        const [left, right] = [batchManifestPath("orders", one), batchManifestPath("orders", other)];
        expect(left < right).toBe(one < other);
      }),
    );
    expect(batchManifestPath("orders", 7)).toBe("batches/orders/00000000000000000007.json");
  });
});

function partsIfMade(precision: number, scale: number): ReturnType<typeof decimalParts> {
  try {
    return decimalParts(decimal(precision, scale));
  } catch (error) {
    if (isFailure(error, "internal.bug")) return undefined;
    throw error;
  }
}

/** The same type with every nullability and all metadata turned over. */
function strictened(one: DataType): DataType {
  if (typeof one === "string") return one;
  switch (one.type) {
    case "struct":
      return struct(
        one.fields.map((each): StructField => {
          return { name: each.name, type: strictened(each.type), nullable: false, metadata: { note: 1 } };
        }),
      );
    case "array":
      return { type: "array", elementType: strictened(one.elementType), containsNull: false };
    case "map":
      return {
        type: "map",
        keyType: strictened(one.keyType),
        valueType: strictened(one.valueType),
        valueContainsNull: false,
      };
  }
}
