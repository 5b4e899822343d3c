import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordCutter } from "./record-cutter.ts";

interface Cut {
  readonly records: readonly unknown[];
  readonly refused: readonly (readonly [offset: number, text: string])[];
}

/** Cuts a text that arrives in chunks of these sizes, over and over. */
function cut(text: string, sizes: readonly number[] = [text.length + 1]): Cut {
  const records: unknown[] = [];
  const refused: [number, string][] = [];
  const whole = Buffer.from(text);
  const cutter = new RecordCutter({
    record: (bytes, start, end, offset) => {
      const found = Buffer.from(bytes.subarray(start, end)).toString("utf8");
      expect(found).not.toMatch(/[\n\r]/);
      try {
        const value: unknown = JSON.parse(found);
        expect(JSON.parse(whole.subarray(offset, offset + end - start).toString("utf8"))).toEqual(value);
        records.push(value);
        return undefined;
      } catch {
        return "no JSON";
      }
    },
    refuse: (bytes, offset) => refused.push([offset, Buffer.from(bytes).toString("utf8")]),
  });
  const bytes = whole;
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    cutter.push(bytes.subarray(at, at + size));
    at += size;
  }
  cutter.end();
  return { records, refused };
}

const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 2_000 : 20;
const SEPARATORS = ["", "\n", "\r\n", " ", "\n\n"] as const;

describe("records of a file", () => {
  test("are found whatever they hold, however they are separated, and however the bytes arrive", () => {
    const value = fc.record({ text: fc.string({ unit: "binary" }), nested: fc.jsonValue() });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, fc.constantFrom(...SEPARATORS), fc.constantFrom(undefined, 1))),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (parts, sizes) => {
          const text = parts
            .map(([one, separator, indent]) => JSON.stringify(one, undefined, indent) + separator)
            .join("");
          const { records, refused } = cut(text, sizes);
          expect(refused).toEqual([]);
          expect(records).toEqual(parts.map(([one]) => JSON.parse(JSON.stringify(one)) as unknown));
        },
      ),
      { numRuns: RUNS },
    );
  });

  test.each([
    ["a line of text", 'oops\n{"a":1}\n', "oops"],
    ["text before an object", 'oops{"a":1}', "oops"],
    ["a record that was cut off", '{"b":{"c":"x\n{"a":1}\n', '{"b":{"c":"x'],
    ["a record that was cut off between values", '{"b":1,\n{"a":1}', '{"b":1,'],
    ["brackets that fit around no JSON", '{"b":c}{"a":1}', '{"b":c}'],
    ["the end of the file", '{"a":1}\n{"b":', '{"b":'],
    ["brackets of an array", '[{"a":1}]', "["],
  ])("%s is refused, and the others are found", (_title, text, wrong) => {
    for (const sizes of [[text.length], [1], [3]]) {
      const { records, refused } = cut(text, sizes);
      expect(records).toEqual([{ a: 1 }]);
      expect(refused[0]).toEqual([text.indexOf(wrong), wrong]);
    }
  });
});
