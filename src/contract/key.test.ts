import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalNumber, decodeKey, encodeKey, type KeyPart } from "./key.ts";

const part: fc.Arbitrary<KeyPart> = fc.record(
  {
    tag: fc.constantFrom("S", "N", "B"),
    value: fc.string({
      unit: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("|", "%", "2", "5", "7", "C", ":", "S")),
    }),
  },
  { noNullPrototype: true },
);
const parts = fc.array(part, { minLength: 1, maxLength: 3 });

describe("keys", () => {
  test("decoding gives the parts back", () => {
    fc.assert(
      fc.property(parts, (key) => {
        expect(decodeKey(encodeKey(key))).toEqual(key);
      }),
      { numRuns: 2_000 },
    );
  });

  test("different keys have different texts", () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(encodeKey(one) === encodeKey(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      {
        numRuns: 1_000,
        examples: [
          [
            [{ tag: "S", value: "a|S:b" }],
            [
              { tag: "S", value: "a" },
              { tag: "S", value: "b" },
            ],
          ],
        ],
      },
    );
  });

  test("a key reads as it is written where nothing needs escaping", () => {
    expect(
      encodeKey([
        { tag: "S", value: "order 7/é" },
        { tag: "N", value: "-1.5" },
      ]),
    ).toBe("S:order 7/é|N:-1.5");
    expect(encodeKey([{ tag: "S", value: "50%|half" }])).toBe("S:50%25%7Chalf");
    expect(decodeKey("S:")).toEqual([{ tag: "S", value: "" }]);
  });

  test.each(["", "abc", "S", "X:1", "S:a|", "|S:a", "S:100%", "S:%7c", "S:%", "s:a"])("%j is no key", (text) => {
    expect(() => decodeKey(text)).toThrow(expect.objectContaining({ code: "table.corrupt" }));
  });
});

/** A value as an integer and a power of ten, without trailing zeros: equal values are equal pairs. */
interface Value {
  readonly coefficient: bigint;
  readonly exponent: number;
}

const value: fc.Arbitrary<Value> = fc
  .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: -130, max: 88 }))
  .map(([coefficient, exponent]) => ({ coefficient, exponent }));

/** One of the many spellings of a value. */
const spelling = fc.record({
  plus: fc.constantFrom("", "+"),
  zerosBefore: fc.integer({ min: 0, max: 5 }),
  zerosBehind: fc.integer({ min: 0, max: 5 }),
  shift: fc.integer({ min: -40, max: 40 }),
  letter: fc.constantFrom("e", "E"),
  sign: fc.constantFrom("", "+"),
});

function spelled(
  { coefficient, exponent }: Value,
  how: typeof spelling extends fc.Arbitrary<infer T> ? T : never,
): string {
  const sign = coefficient < 0n ? "-" : how.plus;
  const digits = String(coefficient < 0n ? -coefficient : coefficient);
  // Moves the point `shift` digits to the left and makes up for it in the exponent.
  const padded = digits.padStart(how.shift + 1, "0") + (how.shift < 0 ? "0".repeat(-how.shift) : "");
  const cut = padded.length - Math.max(0, how.shift);
  const fraction = padded.slice(cut) + "0".repeat(how.zerosBehind);
  const power = exponent + how.shift;
  const whole = "0".repeat(how.zerosBefore) + padded.slice(0, cut);
  const tail = power === 0 ? "" : `${how.letter}${power < 0 ? "" : how.sign}${power}`;
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}${tail}`;
}

function reduced({ coefficient, exponent }: Value): string {
  if (coefficient === 0n) return "0";
  let [rest, power] = [coefficient, exponent];
  while (rest % 10n === 0n) [rest, power] = [rest / 10n, power + 1];
  return `${rest}e${power}`;
}

describe("canonical numbers", () => {
  test("equal values have one text, however they are spelled", () => {
    fc.assert(
      fc.property(value, spelling, spelling, (number, one, other) => {
        const text = canonicalNumber(spelled(number, one));
        expect(text).toBe(canonicalNumber(spelled(number, other)));
        expect(text).toBeDefined();
      }),
      { numRuns: 3_000 },
    );
  });

  test("the text is plain, has no needless zero, and means the value", () => {
    fc.assert(
      fc.property(value, spelling, (number, how) => {
        const text = canonicalNumber(spelled(number, how)) ?? "";
        expect(text).toMatch(/^(?:0|-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?)$/);
        expect(text).not.toBe("-0");
        const [whole = "", fraction = ""] = text.split(".");
        expect(reduced({ coefficient: BigInt(whole + fraction), exponent: -fraction.length })).toBe(reduced(number));
        expect(canonicalNumber(text)).toBe(text);
      }),
      { numRuns: 3_000 },
    );
  });

  test("different values have different texts", () => {
    fc.assert(
      fc.property(value, value, spelling, (one, other, how) => {
        const isEqual = reduced(one) === reduced(other);
        expect(canonicalNumber(spelled(one, how)) === canonicalNumber(spelled(other, how))).toBe(isEqual);
      }),
    );
  });

  test.each([
    ["9".repeat(38) + "e88", "9".repeat(38) + "0".repeat(88)],
    ["1e-130", `0.${"0".repeat(129)}1`],
    ["-1E125", `-1${"0".repeat(125)}`],
    ["1e126", undefined],
    ["1e-131", undefined],
    ["9".repeat(39), undefined],
    ["1" + "0".repeat(60) + ".0", "1" + "0".repeat(60)],
    ["0e999999", "0"],
    ["-0.00", "0"],
    ["1e00005", "100000"],
    ["1e999999", undefined],
    [".5", "0.5"],
    ["5.", "5"],
  ])("%s is %s", (text, expected) => {
    expect(canonicalNumber(text)).toBe(expected);
  });

  test.each(["", ".", "-", "+", "e5", "1e", "NaN", "Infinity", "0x1", "1_0", " 1", "1\n", "1,5", "--1", "1e1.5", "١"])(
    "%j is no number",
    (text) => {
      expect(canonicalNumber(text)).toBeUndefined();
    },
  );

  test("a long row of zeros takes linear time", () => {
    expect(canonicalNumber(`1${"0".repeat(400_000)}1`)).toBeUndefined();
  });
});
