import fc from "fast-check";
import { expect, test } from "vitest";
import { decideKey, type LakeRecord } from "./decide-key.ts";

const someAttributes = fc
  .dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2"))
  .map((all) => new Map(Object.entries(all)));
const record = fc.option(someAttributes, { nil: undefined });

test("a key is equal exactly when both sides have the same attributes, or none has the record", () => {
  fc.assert(
    fc.property(record, record, fc.nat(3), fc.nat(3), (source, lake, batch, before) => {
      const texts = [source, lake].map((one) =>
        one === undefined ? "" : JSON.stringify([...one].map(String).toSorted()),
      );
      const verdict = decideKey(source, { attributes: lake, batch }, before);
      expect(verdict === "equal").toBe(texts[0] === texts[1]);
      if (texts[0] !== texts[1]) expect(verdict === "moving").toBe(batch > before);
    }),
  );
});

/** What the lake has, and had last in batch 4. */
function at(attributes?: LakeRecord["attributes"]): LakeRecord {
  return { attributes, batch: 4 };
}

test("a difference says which side lacks the record, or which attributes differ", () => {
  const source = new Map([
    ["a", "1"],
    ["b", "2"],
    ["c", "3"],
  ]);
  const lake = new Map([
    ["a", "1"],
    ["c", "4"],
    ["d", "5"],
  ]);
  expect(decideKey(source, at(lake), 4)).toEqual({ what: "different", attributes: ["b", "c", "d"] });
  expect(decideKey(source, at(), 4)).toEqual({ what: "missing", attributes: [] });
  expect(decideKey(undefined, at(lake), 4)).toEqual({ what: "extra", attributes: [] });
  expect(decideKey(undefined, at(lake), 3)).toBe("moving");
});
