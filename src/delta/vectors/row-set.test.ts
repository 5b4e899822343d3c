import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeVector, encodeVector } from "./vector-format.ts";
import { RowSet } from "./row-set.ts";

/** Positions in clumps, so that all three forms of container occur, also beyond 2^32. */
const clump = fc.record({
  base: fc.constantFrom(0, 1, 65_530, 131_072, 2 ** 32 - 5, 2 ** 33),
  offsets: fc.oneof(
    fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 60 }),
    fc.record({ step: fc.constantFrom(1, 2, 3), count: fc.integer({ min: 1, max: 9000 }) }),
  ),
});
const positions = fc.array(clump, { maxLength: 4 }).map((clumps) =>
  clumps.flatMap(({ base, offsets }) => {
    if (Array.isArray(offsets)) return offsets.map((offset) => base + offset);
    return Array.from({ length: offsets.count }, (_, index) => base + index * offsets.step);
  }),
);

describe("a set of rows", () => {
  test("holds what was added, whatever the order, and gives it back ascending", () => {
    fc.assert(
      fc.property(positions, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (rows, random) => {
        const shuffled = rows
          .map((row) => ({ row, at: random.next().value ?? 0 }))
          .toSorted((left, right) => left.at - right.at)
          .map(({ row }) => row);
        const set = new RowSet(shuffled);
        expect([...set]).toEqual(sorted(rows));
        expect(set.size).toBe(new Set(rows).size);
        expect([...set.toBigInt64Array()].map(Number)).toEqual(sorted(rows));
        for (const row of rows.slice(0, 50)) expect(set.has(row)).toBe(true);
        const gaps = rows.slice(0, 50).filter((row) => !rows.includes(row + 1));
        for (const row of gaps) expect(set.has(row + 1)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test("survives its encoding, with and without ranges", () => {
    fc.assert(
      fc.property(positions, fc.array(fc.tuple(fc.nat(200_000), fc.nat(80_000)), { maxLength: 3 }), (rows, ranges) => {
        const set = new RowSet(rows);
        for (const [start, length] of ranges) set.addRange(start, start + length);
        const again = decodeVector(encodeVector(set));
        expect([...again.ranges()]).toEqual([...set.ranges()]);
        expect(again.size).toBe(set.size);
      }),
      { numRuns: 60 },
    );
  });

  test("is a bitmap of its file's rows, and of no smaller file", () => {
    const inFile = fc.record({
      rows: fc.integer({ min: 1, max: 200_000 }),
      at: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 9000 }),
      step: fc.integer({ min: 1, max: 50 }),
      range: fc.tuple(fc.nat(200_000), fc.nat(80_000)),
    });
    fc.assert(
      fc.property(inFile, fc.boolean(), ({ rows, at, step, range: [start, length] }, isStepped) => {
        const set = new RowSet(at.map((share) => Math.floor(share * rows)));
        if (isStepped) for (let row = 0; row < rows; row += step) set.add(row);
        set.addRange(Math.min(start, rows), Math.min(start + length, rows));
        const words = set.toWords(rows) ?? new Uint32Array();
        const on: number[] = [];
        words.forEach((word, place) => {
          for (let bit = 0; bit < 32; bit += 1) if (((word >>> bit) & 1) === 1) on.push(place * 32 + bit);
        });
        expect(on).toEqual([...set]);
        const last = on.at(-1);
        if (last !== undefined) expect(set.toWords(last)).toBeUndefined();
        expect(set.add(rows).toWords(rows)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  test("is united without changing either side", () => {
    fc.assert(
      fc.property(positions, positions, fc.nat(100_000), (left, right, start) => {
        const one = new RowSet(left);
        const other = new RowSet(right).addRange(start, start + 70_000);
        const before = [[...one], [...other]];
        const union = one.union(other);
        expect([...union]).toEqual(sorted([...one, ...other]));
        union.add(12_345).addRange(0, 100);
        expect([[...one], [...other]]).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  test("stays small for millions of rows", () => {
    const set = new RowSet();
    for (let row = 0; row < 10_000_000; row += 2) set.add(row);
    expect(set.size).toBe(5_000_000);
    expect(set.toUint32Array()[4_999_999]).toBe(9_999_998);
    expect(encodeVector(set).length).toBeLessThan(1_300_000);
    expect(encodeVector(new RowSet().addRange(0, 2 ** 31)).length).toBeLessThan(1_000_000);
  });

  test("refuses positions that are none", () => {
    for (const row of [-1, Number.NaN, 2 ** 53]) expect(() => new RowSet([row])).toThrow(/whole number/);
  });
});

function sorted(rows: readonly number[]): number[] {
  return [...new Set(rows)].toSorted((left, right) => left - right);
}
