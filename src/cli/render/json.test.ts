import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../../../test/builders/any-text.ts";
import { parseJson } from "../../base/index.ts";
import { jsonText, prettyJson, rawJson } from "./json.ts";

describe("jsonText", () => {
  test("keeps every digit: integers beyond a double are strings, those within are numbers", () => {
    expect(jsonText([1n, -9_007_199_254_740_991n, 9_007_199_254_740_991n])).toBe(
      "[1,-9007199254740991,9007199254740991]",
    );
    expect(jsonText([9_007_199_254_740_992n, -(2n ** 63n)])).toBe('["9007199254740992","-9223372036854775808"]');
  });

  test("says what JSON has no number for", () => {
    expect(jsonText([Number.NaN, Infinity, -Infinity, -0])).toBe('["NaN","Infinity","-Infinity",-0]');
  });

  test("leaves undefined members out, and writes raw text as it is", () => {
    expect(jsonText({ a: undefined, b: null, c: rawJson('{"x":1.10}') })).toBe('{"b":null,"c":{"x":1.10}}');
  });

  test("reads back as what it was", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(jsonText(value as never))).toEqual(value);
        expect(JSON.parse(prettyJson(value as never))).toEqual(value);
      }),
    );
  });

  test("has no character that a terminal obeys", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(jsonText(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
        expect(parseJson(jsonText(text))).toBe(text);
      }),
    );
  });
});

test("prettyJson sets members one below the other", () => {
  expect(prettyJson({ a: [1, 2], b: {}, c: [] })).toBe('{\n  "a": [\n    1,\n    2\n  ],\n  "b": {},\n  "c": []\n}');
});
