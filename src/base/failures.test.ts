import { describe, expect, test } from "vitest";
import { assert, must } from "./assert.ts";
import { FAILURES, SluiceError, isFailure, messageOf, type FailureCode } from "./failures.ts";

/** What exit codes mean (the command line's contract). */
const EXITS = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 130]);

describe("the table of failures", () => {
  test.each(Object.entries(FAILURES))(
    "%s has a lower-case code, a known exit and advice in a sentence",
    (code, failure) => {
      expect(code).toMatch(/^[a-z]+\.[a-z]+(?:-[a-z]+)*$/);
      expect(EXITS).toContain(failure.exit);
      expect(failure.advice).toMatch(/^[A-Z`].*\.$/);
    },
  );

  test("what a store or another writer did wrong for a while may be tried again, what the user did wrong may not", () => {
    const failures = Object.entries(FAILURES).filter(([, failure]) => failure.exit !== 6);
    expect(failures.map(([code, { retry }]) => [code, retry])).toEqual(
      failures.map(([code, { exit }]) => [code, exit === 8 || exit === 130]),
    );
  });
});

test("a failure says code, facts, advice, exit and whether to try again", () => {
  const cause = new Error("socket");
  const failure = new SluiceError("storage.unavailable", "Cannot read an object: no answer", {
    facts: { path: 'a "b"\n', tried: 3, size: 9_007_199_254_740_993n, isLast: false, version: undefined, before: null },
    cause,
  });
  expect(failure.message).toBe(
    'Cannot read an object: no answer path="a \\"b\\"\\n" tried=3 size=9007199254740993 isLast=false before=null',
  );
  expect(failure).toMatchObject({
    code: "storage.unavailable",
    retryable: true,
    exitCode: 8,
    cause,
    name: "SluiceError",
  });
  expect(failure.advice).toBe(FAILURES["storage.unavailable"].advice);
  expect(new SluiceError("usage.invalid", "x", { advice: "Type less." }).advice).toBe("Type less.");
});

test("a failure is told from other errors, and by its code", () => {
  const failure: unknown = new SluiceError("table.missing", "Cannot open it");
  expect(isFailure(failure)).toBe(true);
  expect(isFailure(failure, "table.missing")).toBe(true);
  expect(isFailure(failure, "table.corrupt")).toBe(false);
  expect(isFailure(new Error("x"))).toBe(false);
  expect(isFailure({ code: "table.missing" satisfies FailureCode })).toBe(false);
});

test("anything thrown has a message", () => {
  expect([messageOf(new TypeError("t")), messageOf("text"), messageOf(undefined)]).toEqual(["t", "text", "undefined"]);
});

test("a false claim about our own code is a defect with its words", () => {
  expect(() => assert(false, "one is two")).toThrow("This should be true: one is two");
  expect(() => must(undefined, "it is there")).toThrow(SluiceError);
  expect([must(0, "zero is a value"), must("", "so is nothing"), must(false, "and false")]).toEqual([0, "", false]);
});
