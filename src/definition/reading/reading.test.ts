import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DURATION_UNITS, SIZE_UNITS, durationMs, sizeBytes } from "../builders/amounts.ts";
import { editDistance, nearMiss } from "./near-miss.ts";

/** Every text that one edit makes. */
function edits(text: string): readonly string[] {
  return Array.from({ length: text.length + 1 }, (_, at) => at).flatMap((at) => {
    const [before, after] = [text.slice(0, at), text.slice(at)];
    const letters = ["a", "b", "c"].flatMap((letter) => [before + letter + after, before + letter + after.slice(1)]);
    return [...letters, before + after.slice(1), before + after.slice(1, 2) + after.slice(0, 1) + after.slice(2)];
  });
}

function units(table: Readonly<Record<string, number>>) {
  return fc.constantFrom(...Object.entries(table));
}

describe("near misses", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });

  test("the distance of two texts is the least number of letters put in, left out, changed or swapped", () => {
    fc.assert(
      fc.property(word, (text) => {
        for (const one of edits(text)) expect(editDistance(text, one)).toBe(one === text ? 0 : 1);
      }),
    );
  });

  test("the distance is the same both ways, and zero only between equal texts", () => {
    fc.assert(
      fc.property(word, word, (one, other) => {
        expect(editDistance(one, other)).toBe(editDistance(other, one));
        expect(editDistance(one, other) === 0).toBe(one === other);
        expect(editDistance(one, other)).toBeLessThanOrEqual(Math.max(one.length, other.length));
      }),
    );
  });

  test.each([
    ["amuont", ["amount", "account"], 'did you mean "amount"?'],
    ["Amount", ["amount"], 'did you mean "amount"?'],
    ["colums", ["columns", "column"], 'did you mean "columns"?'],
    ["x", ["amount"], ""],
    ["price", ["amount", "quantity"], ""],
  ])("%s among %o", (name, names, hint) => {
    expect(nearMiss(name, names)).toBe(hint);
  });
});

describe("amounts", () => {
  test.each([
    ["15 min", 900_000],
    ["2 days", 172_800_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["1 week", 604_800_000],
  ])("%s lasts %i ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each([
    "",
    "2",
    "days",
    "-1 day",
    "0 s",
    "2 fortnights",
    "1e3 s",
    "2  days",
    "1,5 h",
    "99999999999 weeks",
    "1 toString",
  ])("%o is no duration", (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  test("whole amounts are exact in every unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), units(DURATION_UNITS), units(SIZE_UNITS), (count, time, size) => {
        expect(durationMs(`${count} ${time[0]}`)).toBe(count * time[1]);
        expect(sizeBytes(`${count}${size[0]}`)).toBe(count * size[1]);
      }),
    );
  });
});
