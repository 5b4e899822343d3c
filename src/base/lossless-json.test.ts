import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonNumber, parseJson, stringifyJson, type JsonValue } from "./lossless-json.ts";

/** Documents whose numbers a double holds; names include `__proto__`, escapes and lone surrogates. */
const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: "binary" }),
    ),
    fc.array(tie("document"), { maxLength: 5 }),
    fc.dictionary(
      fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "a", '"\\\n\u2028')),
      tie("document"),
      { maxKeys: 5, noNullPrototype: false },
    ),
  ),
}));

/** Pieces of which right and almost right documents are made. */
const TOKENS = [
  ["{", "}", "[", "]", ":", ",", '"a"', '"b"', '"\\u00', '"', "\\", "1", "-", "01", "1.", ".5", "1e", "1e5"],
  ["true", "tru", "null", "NaN", "Infinity", " ", "\n", "\u00a0", "\uFEFF", "\u0000", '"\t"', "'a'", "//", "0x1"],
].flat();

describe("as the platform reads and writes", () => {
  test("ordinary documents parse to what JSON.parse gives", () => {
    fc.assert(
      fc.property(document, fc.constantFrom(0, 1, "\t\r\n "), (value, blanks) => {
        const text = JSON.stringify(value, undefined, blanks);
        expect(JSON.stringify(plain(parseJson(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  test("what was parsed is written as JSON.stringify would write it", () => {
    fc.assert(
      fc.property(document, (value) => {
        const text = JSON.stringify(value);
        // Texts of numbers that are not their shortest spelling (`1e+21` is, `-0` is not) stay as they were.
        expect(stringifyJson(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  test("a text is refused exactly where JSON.parse refuses it, duplicate names aside", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TOKENS), { maxLength: 7 }), (tokens) => {
        const text = tokens.join("");
        const ours = refusalOf(() => parseJson(text));
        fc.pre(ours?.message.includes("duplicate name") !== true);
        expect([text, ours?.name]).toEqual([text, refusalOf(() => JSON.parse(text))?.name]);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("numbers", () => {
  test("every number is written back in its own digits", () => {
    const number = fc
      .tuple(
        fc.constantFrom("", "-"),
        fc.oneof(
          fc.constant("0"),
          digits(1, 40).map((text) => text.replace(/^0*/, "") || "0"),
        ),
        fc.oneof(
          fc.constant(""),
          digits(1, 40).map((text) => `.${text}`),
        ),
        fc.oneof(
          fc.constant(""),
          fc.tuple(fc.constantFrom("e", "E", "e+", "e-"), digits(1, 4)).map((two) => two.join("")),
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(number, (text) => {
        expect(stringifyJson(parseJson(text))).toBe(text);
        expect(stringifyJson(parseJson(`{"a":[${text}]}`))).toBe(`{"a":[${text}]}`);
      }),
      { numRuns: 2_000 },
    );
  });

  test("integers are numbers as long as a double holds them for certain, then bigints", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer(), (large, small) => {
        for (const integer of [large, BigInt(small)]) {
          const isSafe = integer >= -(2n ** 53n - 1n) && integer <= 2n ** 53n - 1n;
          expect(parseJson(String(integer))).toBe(isSafe ? Number(integer) : integer);
        }
      }),
      { examples: [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 2n, -(2n ** 53n), 10n ** 20n].map((edge) => [edge, 0]) },
    );
  });

  test.each(["1.10", "-0", "1e5", "1E400", "12345678901234567890.123456789012345678", "0.30000000000000000001"])(
    "%s keeps its text",
    (text) => {
      expect(parseJson(text)).toEqual(new JsonNumber(text));
      expect(stringifyJson(parseJson(text))).toBe(text);
    },
  );

  test.each(["", "abc", "1 ", "01", "1.", "+1", "NaN", "1\n", "0x10", "1,2"])("%j is no text of a number", (text) => {
    expect(() => new JsonNumber(text)).toThrow(RangeError);
  });

  test("numbers that JSON lacks cannot be written", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => stringifyJson([value])).toThrow(RangeError);
  });
});

describe("objects", () => {
  test("__proto__ is an ordinary name", () => {
    const parsed = parseJson('{"__proto__":{"polluted":true},"constructor":1}');
    expect(stringifyJson(parsed)).toBe('{"__proto__":{"polluted":true},"constructor":1}');
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Object.keys(parsed as object)).toEqual(["__proto__", "constructor"]);
    expect(Reflect.get(parsed as object, "toString")).toBeUndefined();
  });

  test("a duplicate name is refused at any depth, however it is escaped", () => {
    expect(() => parseJson('{"a":1,"a":1}')).toThrow(/duplicate name "a"/);
    expect(() => parseJson('[{"x":{"a":1,"\\u0061":2}}]')).toThrow(/duplicate name "a"/);
    expect(() => parseJson('{"__proto__":1,"__proto__":2}')).toThrow(/duplicate name/);
    expect(stringifyJson(parseJson('{"a":{"a":1},"b":{"a":1}}'))).toBe('{"a":{"a":1},"b":{"a":1}}');
  });

  test("undefined members are left out", () => {
    expect(stringifyJson({ a: 1, b: undefined as unknown as JsonValue })).toBe('{"a":1}');
    expect(stringifyJson(undefined)).toBe("null");
  });
});

describe("strings", () => {
  test("lone surrogates are written as escapes, so that the text has UTF-8", () => {
    const text = stringifyJson(parseJson('["\\ud800","\\udc00x","\\ud83d\\ude00"]'));
    expect(text).toBe('["\\ud800","\\udc00x","😀"]');
    expect(Buffer.from(text).toString()).toBe(text);
  });

  test("a string of backslashes and quotes ends where it ends", () => {
    const texts = fc.string({ unit: fc.constantFrom("\\", '"', "a", "/"), maxLength: 40 });
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        expect(parseJson(JSON.stringify([one, other]))).toEqual([one, other]);
      }),
    );
  });
});

describe("limits", () => {
  test("a bomb of brackets is refused, a deep document is not", () => {
    expect(stringifyJson(parseJson(nested(500)))).toBe(nested(500));
    expect(() => parseJson(nested(100_000))).toThrow(/nested too deep/);
    expect(() => parseJson('{"a":'.repeat(100_000))).toThrow(/nested too deep/);
  });

  test("long strings and many blanks take linear time", () => {
    const text = `[${" ".repeat(2_000_000)}"${'\\"'.repeat(1_000_000)}"]`;
    expect(parseJson(text)).toEqual(['"'.repeat(1_000_000)]);
  });

  test("a refusal names the place", () => {
    expect(() => parseJson('{"a":1,}')).toThrow(new SyntaxError("Invalid JSON at offset 7: a name expected"));
    expect(() => parseJson('["abc')).toThrow(/offset 1: a string without an end/);
    expect(() => parseJson("[1 2]")).toThrow(/offset 3/);
  });
});

/** Kept numbers as doubles, to compare with the platform. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

function refusalOf(parse: () => unknown): Error | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function digits(least: number, most: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...Array.from("0123456789")), minLength: least, maxLength: most });
}

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}
