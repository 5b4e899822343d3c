import fc from "fast-check";
import { expect, test } from "vitest";
import { isoInstant } from "./instant.ts";

test("says the same as Date wherever Date reaches", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(-8.64e15), max: new Date(8.64e15), noInvalidDate: true }), (date) => {
      const shown = isoInstant(BigInt(date.getTime()) * 1000n, "Z");
      expect(shown.replace(/(:\d\d)Z$/, "$1.000Z")).toBe(date.toISOString());
    }),
  );
});

test.each([
  [0n, "1970-01-01T00:00:00Z"],
  [-1n, "1969-12-31T23:59:59.999999Z"],
  [1_314_957_900_002_374n, "2011-09-02T10:05:00.002374Z"],
  [951_782_400_000_000n, "2000-02-29T00:00:00Z"],
  [1_500n, "1970-01-01T00:00:00.001500Z"],
  [1_000n, "1970-01-01T00:00:00.001Z"],
  [2n ** 63n - 1n, "+294247-01-10T04:00:54.775807Z"],
  [-(2n ** 63n), "-290308-12-21T19:59:05.224192Z"],
])("%s microseconds are %s", (micros, shown) => {
  expect(isoInstant(micros, "Z")).toBe(shown);
});
