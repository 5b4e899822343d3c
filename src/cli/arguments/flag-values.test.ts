import { describe, expect, test } from "vitest";
import { FlagValues } from "./flag-values.ts";

const flag = (name: string, text: string): FlagValues => new FlagValues(new Map([[name, text]]));

describe("FlagValues", () => {
  test("reads whole numbers within what a double holds", () => {
    expect(flag("limit", "0").wholeNumber("limit")).toBe(0);
    expect(flag("limit", "9007199254740991").wholeNumber("limit")).toBe(Number.MAX_SAFE_INTEGER);
    expect(new FlagValues(new Map()).wholeNumber("limit")).toBeUndefined();
  });

  test.each(["-1", "1.5", "1e3", "0x10", "", " 1", "9007199254740992", "many"])("refuses %j as a number", (text) => {
    expect(() => flag("limit", text).wholeNumber("limit")).toThrow(/no whole number/);
  });

  test("refuses a number below the least", () => {
    expect(() => flag("limit", "0").wholeNumber("limit", 1)).toThrow(/from 1 on/);
  });

  test.each([
    ["2026-01-31", "2026-01-31T00:00:00.000Z"],
    ["2026-01-31T12:30:00Z", "2026-01-31T12:30:00.000Z"],
    ["2026-01-31 12:30", "2026-01-31T12:30:00.000Z"],
    ["2026-01-31T12:30:00.25+02:00", "2026-01-31T10:30:00.250Z"],
    ["1769862600000", "2026-01-31T12:30:00.000Z"],
  ])("takes %s as %s, whatever the machine's zone", (text, iso) => {
    expect(flag("timestamp", text).moment("timestamp")).toBe(Date.parse(iso));
  });

  test.each(["yesterday", "2026", "2026-13-01", "2026-01-31T25:00:00Z", "31.1.2026"])(
    "refuses %s as a moment",
    (text) => {
      expect(() => flag("timestamp", text).moment("timestamp")).toThrow(/no moment/);
    },
  );

  test("cuts lists at commas", () => {
    expect(flag("columns", " a, b ,,c").list("columns")).toEqual(["a", "b", "c"]);
    expect(() => flag("columns", " , ").list("columns")).toThrow(/names nothing/);
  });
});
