import fc from "fast-check";
import { expect, test } from "vitest";
import { RANK, encodeSequence, type Rank, type SequenceParts } from "./sequence.ts";

/** Positions as their ranks have them: none for what is read at once, fixed width for a stream. */
const ranked: fc.Arbitrary<{ rank: Rank; position?: string }> = fc.oneof(
  fc.constantFrom({ rank: RANK.truncate }, { rank: RANK.snapshot }, { rank: RANK.window }),
  fc.bigInt({ min: 0n, max: 10n ** 25n }).map((position) => ({
    rank: RANK.stream,
    position: String(position).padStart(40, "0"),
  })),
);

const parts: fc.Arbitrary<SequenceParts> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 9_999 })),
    fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max: 10n ** 19n - 1n })),
    ranked,
  )
  .map(([epoch, timeMicros, rest]) => ({ epoch, timeMicros, ...rest }));

test("sequences sort as text exactly as epoch, time, rank and position do", () => {
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const [one, other] = [encodeSequence(left), encodeSequence(right)];
      const order = one < other ? -1 : Number(one > other);
      expect(order).toBe(compareParts(left, right));
    }),
    { numRuns: 5_000 },
  );
});

test("a truncation stands below everything of its moment, a stream event above", () => {
  const moment = { epoch: 1, timeMicros: 1_314_835_200_000_000n };
  const ranks: Rank[] = [RANK.truncate, RANK.snapshot, RANK.window, RANK.stream];
  expect(ranks.map((rank) => encodeSequence({ ...moment, rank }))).toEqual(
    [0, 1, 2, 3].map((rank) => `0001-0001314835200000000-${rank}`),
  );
});

test.each([
  ["an epoch below zero", { epoch: -1, timeMicros: 0n }],
  ["an epoch of five digits", { epoch: 10_000, timeMicros: 0n }],
  ["half an epoch", { epoch: 0.5, timeMicros: 0n }],
  ["a time before 1970", { epoch: 0, timeMicros: -1n }],
  ["a time of twenty digits", { epoch: 0, timeMicros: 10n ** 19n }],
])("%s is a defect, never a wrong order", (_what, { epoch, timeMicros }) => {
  expect(() => encodeSequence({ epoch, timeMicros, rank: RANK.snapshot })).toThrow("This should be true");
});

/** Compares field by field, by definition. */
function compareParts(left: SequenceParts, right: SequenceParts): number {
  const pairs = [
    [BigInt(left.epoch), BigInt(right.epoch)],
    [left.timeMicros, right.timeMicros],
    [BigInt(left.rank), BigInt(right.rank)],
    [BigInt(left.position ?? "-1"), BigInt(right.position ?? "-1")],
  ] as const;
  const [one, other] = pairs.find(([mine, theirs]) => mine !== theirs) ?? [0n, 0n];
  return one === other ? 0 : one < other ? -1 : 1;
}
