/**
 * 2^16 row positions in the cheapest of three forms (RoaringFormatSpec): up to 4096 sorted values, a bitmap, or runs. A container is
 * changed in place where its form allows, so the one returned is to be used from then on.
 */
export type Container =
  | { readonly kind: "array"; values: Uint16Array; size: number }
  | { readonly kind: "bitmap"; readonly words: Uint32Array; size: number }
  /** Pairs of first value and length − 1, ascending, with a gap between any two. */
  | { readonly kind: "runs"; readonly runs: Uint16Array; readonly size: number };

export const ARRAY_SIZE_MAX = 4096;
export const CONTAINER_VALUES = 65_536;
export const BITMAP_WORDS = 2048;

export function emptyContainer(): Container {
  return { kind: "array", values: new Uint16Array(4), size: 0 };
}

/** Values `start..end`, the end not included. */
export function rangeContainer(start: number, end: number): Container {
  return { kind: "runs", runs: Uint16Array.of(start, end - start - 1), size: end - start };
}

export function addValue(container: Container, value: number): Container {
  switch (container.kind) {
    case "array":
      return addToArray(container, value);
    case "bitmap": {
      const word = container.words[value >>> 5] ?? 0;
      const bit = 1 << (value & 31);
      if ((word & bit) === 0) {
        container.words[value >>> 5] = word | bit;
        container.size += 1;
      }
      return container;
    }
    case "runs":
      return hasValue(container, value) ? container : addValue(expanded(container), value);
  }
}

export function hasValue(container: Container, value: number): boolean {
  switch (container.kind) {
    case "array": {
      const at = lowerBound(container.values, container.size, value);
      return at < container.size && container.values[at] === value;
    }
    case "bitmap":
      return ((container.words[value >>> 5] ?? 0) & (1 << (value & 31))) !== 0;
    case "runs": {
      const { runs } = container;
      let low = 0;
      let high = runs.length / 2;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((runs[middle * 2] ?? 0) <= value) low = middle + 1;
        else high = middle;
      }
      if (low === 0) return false;
      return value <= (runs[low * 2 - 2] ?? 0) + (runs[low * 2 - 1] ?? 0);
    }
  }
}

/** A container of its own, also where one side has nothing to add. */
export function unionOf(left: Container, right: Container): Container {
  if (left.kind === "array" && right.kind === "array" && left.size + right.size <= ARRAY_SIZE_MAX) {
    return mergedArrays(left, right);
  }
  const words = new Uint32Array(BITMAP_WORDS);
  setBits(words, left);
  setBits(words, right);
  return { kind: "bitmap", words, size: countBits(words) };
}

export function copyOf(container: Container): Container {
  switch (container.kind) {
    case "array":
      return { kind: "array", values: container.values.slice(0, Math.max(container.size, 4)), size: container.size };
    case "bitmap":
      return { kind: "bitmap", words: container.words.slice(), size: container.size };
    case "runs":
      // Never changed in place.
      return container;
  }
}

/** Calls back for every value, ascending. */
export function eachValue(container: Container, visit: (value: number) => void): void {
  switch (container.kind) {
    case "array":
      for (let at = 0; at < container.size; at += 1) visit(container.values[at] ?? 0);
      return;
    case "bitmap":
      for (let at = 0; at < BITMAP_WORDS; at += 1) {
        let word = container.words[at] ?? 0;
        while (word !== 0) {
          const bit = word & -word;
          visit(at * 32 + (31 - Math.clz32(bit)));
          word ^= bit;
        }
      }
      return;
    case "runs":
      for (let at = 0; at < container.runs.length; at += 2) {
        const first = container.runs[at] ?? 0;
        const last = first + (container.runs[at + 1] ?? 0);
        for (let value = first; value <= last; value += 1) visit(value);
      }
  }
}

/** Stretches of neighbouring values, ascending: pairs of first value and length − 1. */
export function runsOf(container: Container): Uint16Array {
  if (container.kind === "runs") return container.runs;
  const pairs: number[] = [];
  let first = -2;
  let last = -2;
  eachValue(container, (value) => {
    if (value !== last + 1) {
      if (first >= 0) pairs.push(first, last - first);
      first = value;
    }
    last = value;
  });
  if (first >= 0) pairs.push(first, last - first);
  return Uint16Array.from(pairs);
}

export function countBits(words: Uint32Array): number {
  let count = 0;
  for (const word of words) {
    let bits = word - ((word >>> 1) & 0x55555555);
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    count += (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return count;
}

function addToArray(container: Container & { kind: "array" }, value: number): Container {
  const { values, size } = container;
  const isLast = size === 0 || (values[size - 1] ?? 0) < value;
  const at = isLast ? size : lowerBound(values, size, value);
  if (at < size && values[at] === value) return container;
  if (size === ARRAY_SIZE_MAX) return addValue(asBitmap(container), value);
  if (size === values.length) {
    container.values = new Uint16Array(Math.min(ARRAY_SIZE_MAX, size * 2));
    container.values.set(values);
  }
  if (at < size) container.values.copyWithin(at + 1, at, size);
  container.values[at] = value;
  container.size = size + 1;
  return container;
}

function mergedArrays(left: Container & { kind: "array" }, right: Container & { kind: "array" }): Container {
  const values = new Uint16Array(Math.max(4, left.size + right.size));
  let size = 0;
  let atLeft = 0;
  let atRight = 0;
  while (atLeft < left.size || atRight < right.size) {
    const fromLeft = atLeft < left.size ? (left.values[atLeft] ?? 0) : CONTAINER_VALUES;
    const fromRight = atRight < right.size ? (right.values[atRight] ?? 0) : CONTAINER_VALUES;
    if (fromLeft <= fromRight) atLeft += 1;
    if (fromRight <= fromLeft) atRight += 1;
    values[size] = Math.min(fromLeft, fromRight);
    size += 1;
  }
  return { kind: "array", values, size };
}

/** A form in which single values can be added. */
function expanded(container: Container & { kind: "runs" }): Container {
  if (container.size >= ARRAY_SIZE_MAX) return asBitmap(container);
  const values = new Uint16Array(Math.max(4, container.size));
  let size = 0;
  eachValue(container, (value) => {
    values[size] = value;
    size += 1;
  });
  return { kind: "array", values, size };
}

function asBitmap(container: Container): Container & { kind: "bitmap" } {
  const words = new Uint32Array(BITMAP_WORDS);
  setBits(words, container);
  return { kind: "bitmap", words, size: container.size };
}

/** Turns the values on in a bitmap of 2048 words: value `v` is bit `v % 32` of word `v / 32`. */
export function setBits(words: Uint32Array, container: Container): void {
  if (container.kind === "bitmap") {
    for (let at = 0; at < BITMAP_WORDS; at += 1) words[at] = (words[at] ?? 0) | (container.words[at] ?? 0);
    return;
  }
  if (container.kind === "array") {
    for (let at = 0; at < container.size; at += 1) setBit(words, container.values[at] ?? 0);
    return;
  }
  for (let at = 0; at < container.runs.length; at += 2) {
    const first = container.runs[at] ?? 0;
    setRange(words, first, first + (container.runs[at + 1] ?? 0));
  }
}

function setBit(words: Uint32Array, value: number): void {
  words[value >>> 5] = (words[value >>> 5] ?? 0) | (1 << (value & 31));
}

/** Both ends included. */
function setRange(words: Uint32Array, first: number, last: number): void {
  const firstWord = first >>> 5;
  const lastWord = last >>> 5;
  const head = -1 << (first & 31);
  const tail = -1 >>> (31 - (last & 31));
  if (firstWord === lastWord) {
    words[firstWord] = (words[firstWord] ?? 0) | (head & tail);
    return;
  }
  words[firstWord] = (words[firstWord] ?? 0) | head;
  words.fill(0xffff_ffff, firstWord + 1, lastWord);
  words[lastWord] = (words[lastWord] ?? 0) | tail;
}

/** Index of the first value that is not below `value`. */
function lowerBound(values: Uint16Array, size: number, value: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
