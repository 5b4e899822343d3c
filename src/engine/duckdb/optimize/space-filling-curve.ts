/** Bits of a cell's number in all: more cells than a table has files, and the curve's table stays small. */
const BITS = 16;

/** Bits of each coordinate of a cell. */
export function bitsPerDimension(dimensions: number): number {
  return Math.floor(BITS / dimensions);
}

/**
 * The way of a curve through all cells of a cube: the position of each cell on it. A cell's number is its coordinates one after
 * the other, the first one highest. Hilbert: J. Skilling, "Programming the Hilbert curve" (2004).
 */
export function curvePositions(dimensions: number, curve: "hilbert" | "z-order"): Uint16Array {
  const bits = bitsPerDimension(dimensions);
  const positions = new Uint16Array(2 ** (bits * dimensions));
  const coordinates = Array.from({ length: dimensions }, () => 0);
  for (let cell = 0; cell < positions.length; cell += 1) {
    for (let axis = 0; axis < dimensions; axis += 1) {
      coordinates[axis] = (cell >> (bits * (dimensions - 1 - axis))) & (2 ** bits - 1);
    }
    positions[cell] = interleaved(curve === "hilbert" ? transposed(coordinates, bits) : coordinates, bits);
  }
  return positions;
}

/** One bit of each coordinate after the other, the highest first. */
function interleaved(coordinates: readonly number[], bits: number): number {
  let position = 0;
  for (let bit = bits - 1; bit >= 0; bit -= 1) {
    for (const coordinate of coordinates) position = (position << 1) | ((coordinate >> bit) & 1);
  }
  return position;
}

/** The Hilbert position of a cell, its bits dealt out to the coordinates in turn. */
function transposed(cell: readonly number[], bits: number): readonly number[] {
  const x = [...cell];
  const at = (axis: number): number => x[axis] ?? 0;
  for (let bit = 2 ** (bits - 1); bit > 1; bit /= 2) {
    const below = bit - 1;
    for (let axis = 0; axis < x.length; axis += 1) {
      if ((at(axis) & bit) !== 0) x[0] = at(0) ^ below;
      else {
        const swapped = (at(0) ^ at(axis)) & below;
        x[0] = at(0) ^ swapped;
        x[axis] = at(axis) ^ swapped;
      }
    }
  }
  for (let axis = 1; axis < x.length; axis += 1) x[axis] = at(axis) ^ at(axis - 1);
  let inverted = 0;
  for (let bit = 2 ** (bits - 1); bit > 1; bit /= 2) if ((at(x.length - 1) & bit) !== 0) inverted ^= bit - 1;
  return x.map((coordinate) => coordinate ^ inverted);
}
