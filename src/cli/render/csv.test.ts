import fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../../test/builders/any-text.ts";
import { csvCell } from "./csv.ts";

test.each([
  ["=cmd|' /C calc'!A0", `'=cmd|' /C calc'!A0`],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\tx", "'\tx"],
  ["plain", "plain"],
  ["a,b", '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ["two\nlines", '"two\nlines"'],
  [" padded ", '" padded "'],
])("the text %j is written %j (A3)", (text, cell) => {
  expect(csvCell(text, { isText: true })).toBe(cell);
});

test("a number keeps its sign, and nothing differs from an empty text", () => {
  expect(csvCell("-1", { isText: false })).toBe("-1");
  expect(csvCell(null, { isText: true })).toBe("");
  expect(csvCell("", { isText: true })).toBe('""');
});

test("every text comes back, and none can start a formula", () => {
  fc.assert(
    fc.property(anyText(), (text) => {
      const cell = csvCell(text, { isText: true });
      const read = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      expect(read).not.toMatch(/^[=+\-@\t\r\0]/); // oxlint-disable-line no-control-regex
      expect(read === text || read === `'${text}`).toBe(true);
    }),
  );
});
