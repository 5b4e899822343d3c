import { describe, expect, test } from "vitest";
import { bitsPerDimension, curvePositions } from "./space-filling-curve.ts";

describe.for([2, 3, 4])("a curve through %i dimensions", (dimensions) => {
  const bits = bitsPerDimension(dimensions);
  const coordinatesOf = (cell: number): number[] =>
    Array.from({ length: dimensions }, (_, axis) => (cell >> (bits * (dimensions - 1 - axis))) & (2 ** bits - 1));

  test.for(["hilbert", "z-order"] as const)("comes by every cell once (%s)", (curve) => {
    const positions = curvePositions(dimensions, curve);
    expect(positions).toHaveLength(2 ** (bits * dimensions));
    expect(new Set(positions).size).toBe(positions.length);
  });

  test("a Hilbert curve goes from each cell to one beside it", () => {
    const way: number[] = [];
    for (const [cell, position] of curvePositions(dimensions, "hilbert").entries()) way[position] = cell;
    const steps = new Set<number>();
    for (let at = 1; at < way.length; at += 1) {
      const [from, to] = [coordinatesOf(way[at - 1] ?? 0), coordinatesOf(way[at] ?? 0)];
      steps.add(from.reduce((sum, coordinate, axis) => sum + Math.abs(coordinate - (to[axis] ?? 0)), 0));
    }
    expect([...steps]).toEqual([1]);
  });

  test("Z-order is the bits of the coordinates in turn", () => {
    const positions = curvePositions(dimensions, "z-order");
    expect(positions[0]).toBe(0);
    expect(positions[1]).toBe(1);
    expect(positions[2 ** bits]).toBe(2);
    expect(positions.at(-1)).toBe(positions.length - 1);
  });
});
