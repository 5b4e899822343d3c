import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalNumber,
  filteredChange,
  matchesFilter,
  projectItem,
  type AttributeMap,
  type Comparison,
  type FilterCondition,
  type FilterScalar,
} from "./index.ts";

function holds(condition: FilterCondition, item: AttributeMap): boolean {
  return matchesFilter({ where: [condition] }, item);
}

function where(is: Comparison, value: FilterScalar): FilterCondition {
  return { attribute: "a", is, value };
}

describe("conditions", () => {
  test.each<[Comparison, FilterScalar, AttributeMap, boolean]>([
    ["eq", { N: "10" }, { a: { N: "1.0e1" } }, true],
    ["eq", { S: "10" }, { a: { N: "10" } }, false],
    ["ne", { S: "10" }, { a: { N: "10" } }, true],
    ["ne", { S: "x" }, {}, true],
    ["eq", { NULL: true }, { a: { NULL: true } }, true],
    ["eq", { BOOL: false }, { a: { BOOL: true } }, false],
    ["gte", { N: "10" }, { a: { N: "9.9999999999999999999999999999999999999" } }, false],
    ["gt", { N: "-1" }, { a: { N: "-0.5" } }, true],
    ["lt", { N: "9" }, { a: { N: "10" } }, false],
    ["lt", { S: "9" }, { a: { S: "10" } }, true],
    ["gt", { S: "\uFFFF" }, { a: { S: "😀" } }, true],
    ["gt", { B: "fw==" }, { a: { B: "gA==" } }, true],
    ["gt", { N: "1" }, { a: { L: [{ N: "2" }] } }, false],
    ["beginsWith", { S: "ab" }, { a: { S: "abc" } }, true],
    ["beginsWith", { B: "AQI=" }, { a: { B: "AQ==" } }, false],
    ["eq", { S: "x" }, Object.create({ a: { S: "x" } }) as AttributeMap, false],
  ])("%s %o of %o is %s", (is, value, item, expected) => {
    expect(holds(where(is, value), item)).toBe(expected);
  });

  test("one of several values, being there, not being there", () => {
    const values = [{ S: "open" }, { N: "1" }] as const;
    expect([{ S: "open" }, { N: "1.0" }, { S: "1" }].map((a) => holds({ attribute: "a", is: "in", values }, { a }))) //
      .toEqual([true, true, false]);
    const [exists, missing] = [{ attribute: "a", is: "exists" } as const, { attribute: "a", is: "missing" } as const];
    expect([exists, missing].map((one) => holds(one, { a: { NULL: true } }))).toEqual([true, false]);
    expect([exists, missing].map((one) => holds(one, {}))).toEqual([false, true]);
  });

  test("numbers of up to 38 digits are ordered by their value", () => {
    const number = fc
      .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 25 }))
      .map(([digits, scale]) => ({ scaled: digits * 10n ** BigInt(25 - scale), text: `${digits}e-${scale}` }));
    fc.assert(
      fc.property(number, number, (left, right) => {
        const [a, other] = [canonicalNumber(left.text) ?? "", canonicalNumber(right.text) ?? ""];
        const found = (["lt", "lte", "eq", "ne", "gte", "gt"] as const).map((is) =>
          holds(where(is, { N: other }), { a: { N: a } }),
        );
        const [is, than] = [left.scaled, right.scaled];
        expect(found).toEqual([is < than, is <= than, is === than, is !== than, is >= than, is > than]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("changes seen through a filter", () => {
  const filter = { where: [{ attribute: "a", is: "eq", value: { S: "in" } }], attributes: ["id", "a"] } as const;
  const [inside, outside] = [{ id: { S: "1" }, a: { S: "in" }, b: { N: "1" } }, { id: { S: "1" } }];

  test.each([
    [{ newImage: inside }, "keep"],
    [{ newImage: inside, oldImage: outside }, "keep"],
    [{ newImage: outside, oldImage: inside }, "leaves"],
    [{ newImage: outside, oldImage: outside }, "skip"],
    [{ newImage: outside }, "leaves"],
    [{ newImage: outside, isInsert: true }, "skip"],
    [{ newImage: inside, isInsert: true }, "keep"],
    [{ oldImage: inside }, "keep"],
    [{ oldImage: outside }, "skip"],
    [{}, "keep"],
  ])("%o: %s", (images, expected) => {
    expect(filteredChange(filter, images)).toBe(expected);
  });

  test("an item keeps the attributes that the filter names", () => {
    expect(projectItem(filter, inside)).toEqual({ id: { S: "1" }, a: { S: "in" } });
    expect(projectItem({ where: [] }, inside)).toBe(inside);
  });

  test("applied one after the other, changes lead to the filtered table", () => {
    const images = fc.array(fc.option(fc.constantFrom(inside, outside), { nil: undefined }), { maxLength: 8 });
    fc.assert(
      fc.property(images, fc.boolean(), (states, hasOldImages) => {
        let isThere = false;
        let before: AttributeMap | undefined;
        for (const newImage of states) {
          if (newImage === undefined && before === undefined) continue;
          const change = filteredChange(filter, {
            newImage,
            oldImage: hasOldImages ? before : undefined,
            isInsert: before === undefined && newImage !== undefined,
          });
          if (change === "keep") isThere = newImage !== undefined;
          if (change === "leaves") isThere = false;
          before = newImage;
          expect(isThere).toBe(before === inside);
        }
      }),
    );
  });
});
