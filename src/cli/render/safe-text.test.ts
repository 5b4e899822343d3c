import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../../../test/builders/any-text.ts";
import { safeLine, safeLines } from "./safe-text.ts";

describe("safeLine", () => {
  test.each([
    ["\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
    ["\u001b]0;title\u0007", "\\u001b]0;title\\u0007"],
    ["a\r\nb\tc", "a\\r\\nb\\tc"],
    ["\u009b2J", "\\u009b2J"],
    ["abc\u202etxt.exe", "abc\\u202etxt.exe"],
    ["x\ud800y", "x\\ud800y"],
    ["zero\u200bwidth", "zero\\u200bwidth"],
    ["Grüße 世界 👍", "Grüße 世界 👍"],
  ])("%j is shown as %s (A3)", (text, shown) => {
    expect(safeLine(text)).toBe(shown);
  });

  test("leaves nothing that a terminal obeys", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(safeLine(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});

test("safeLines keeps line ends and nothing else", () => {
  expect(safeLines("a\nb\u001b[1m")).toBe("a\nb\\u001b[1m");
});
