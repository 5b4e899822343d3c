import { assert } from "../../base/index.ts";
import {
  BITMAP_WORDS,
  CONTAINER_VALUES,
  addValue,
  copyOf,
  eachValue,
  emptyContainer,
  hasValue,
  rangeContainer,
  runsOf,
  setBits,
  unionOf,
  type Container,
} from "./container.ts";

/**
 * A set of row positions (0 … 2^53 − 1) in a file, compact and fast for millions of them: what a deletion vector holds. Positions
 * may be added in any order; ascending is fastest.
 */
export class RowSet {
  /** Containers by `position / 2^16`. */
  readonly #containers: Map<number, Container>;
  #keys: number[] | undefined;
  /** Of the container last added to; equal to no key at first. */
  #lastKey = Number.NaN;
  #last: Container | undefined;

  constructor(rows: Iterable<number | bigint> = []) {
    this.#containers = new Map();
    for (const row of rows) this.add(Number(row));
  }

  /** A set made of finished containers, keyed as here. */
  static ofContainers(containers: Iterable<readonly [number, Container]>): RowSet {
    const set = new RowSet();
    for (const [key, container] of containers) set.#put(key, container);
    return set;
  }

  get size(): number {
    let size = 0;
    for (const container of this.#containers.values()) size += container.size;
    return size;
  }

  add(row: number): this {
    const key = Math.floor(row / CONTAINER_VALUES);
    if (key !== this.#lastKey) {
      assert(Number.isSafeInteger(row) && row >= 0, "a row position is a whole number below 2^53");
      this.#lastKey = key;
      this.#last = this.#containers.get(key);
    }
    const before = this.#last ?? emptyContainer();
    const after = addValue(before, row - key * CONTAINER_VALUES);
    if (after !== this.#last) this.#put(key, after);
    return this;
  }

  /** Adds `start` up to `end`, the end not included. */
  addRange(start: number, end: number): this {
    assert(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0, "a range of rows has whole ends");
    for (let at = start; at < end;) {
      const key = Math.floor(at / CONTAINER_VALUES);
      const first = key * CONTAINER_VALUES;
      const last = Math.min(end, first + CONTAINER_VALUES);
      const range = rangeContainer(at - first, last - first);
      const present = this.#containers.get(key);
      this.#put(key, present === undefined ? range : unionOf(present, range));
      at = last;
    }
    return this;
  }

  has(row: number): boolean {
    const key = Math.floor(row / CONTAINER_VALUES);
    const container = this.#containers.get(key);
    return container !== undefined && hasValue(container, row - key * CONTAINER_VALUES);
  }

  /** A new set of what is in either. */
  union(other: RowSet): RowSet {
    const union = new RowSet();
    for (const [key, container] of this.#containers) {
      const theirs = other.#containers.get(key);
      union.#put(key, theirs === undefined ? copyOf(container) : unionOf(container, theirs));
    }
    for (const [key, container] of other.#containers) {
      if (!this.#containers.has(key)) union.#put(key, copyOf(container));
    }
    return union;
  }

  /** Ascending. For millions of rows `toBigInt64Array`, `toUint32Array` or `ranges` are much faster. */
  *[Symbol.iterator](): Generator<number> {
    for (const [start, end] of this.ranges()) for (let row = start; row < end; row += 1) yield row;
  }

  /** Ascending, as the engine takes 64-bit columns. */
  toBigInt64Array(): BigInt64Array {
    const rows = new BigInt64Array(this.size);
    // Written by halves: a `bigint` for each row would cost ten times as much.
    const halves = new DataView(rows.buffer);
    const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
    const [low, high] = isLittle ? [0, 4] : [4, 0];
    let at = 0;
    this.#eachRow((row) => {
      halves.setUint32(at + low, row % 2 ** 32, isLittle);
      halves.setUint32(at + high, row / 2 ** 32, isLittle);
      at += 8;
    });
    return rows;
  }

  /** Ascending; only for rows below 2^32. */
  toUint32Array(): Uint32Array {
    assert((this.#sortedKeys().at(-1) ?? 0) < CONTAINER_VALUES, "the rows are below 2^32");
    const rows = new Uint32Array(this.size);
    let at = 0;
    this.#eachRow((row) => {
      rows[at] = row;
      at += 1;
    });
    return rows;
  }

  /**
   * A bitmap of a file with so many rows: row `r` is bit `r % 32` of word `r / 32`; the words after the last row are zero.
   * undefined when the set holds a row that the file has not.
   */
  toWords(rows: number): Uint32Array | undefined {
    const words = new Uint32Array(Math.ceil(rows / CONTAINER_VALUES) * BITMAP_WORDS);
    for (const [key, container] of this.containers()) {
      const start = key * BITMAP_WORDS;
      if (start >= words.length) return undefined;
      setBits(words.subarray(start, start + BITMAP_WORDS), container);
    }
    const last = Math.floor(rows / 32);
    const beyond = words.subarray(last).some((word, at) => (at === 0 ? word >>> (rows % 32) : word) !== 0);
    return beyond ? undefined : words;
  }

  /** Stretches of neighbouring rows `[start, end)`, ascending. Two that meet at a multiple of 2^16 are not joined. */
  *ranges(): Generator<readonly [start: number, end: number]> {
    for (const [key, container] of this.containers()) {
      const first = key * CONTAINER_VALUES;
      const runs = runsOf(container);
      for (let at = 0; at < runs.length; at += 2) {
        const start = first + (runs[at] ?? 0);
        yield [start, start + (runs[at + 1] ?? 0) + 1];
      }
    }
  }

  /** Containers that hold something, by key, ascending. */
  *containers(): Generator<readonly [key: number, container: Container]> {
    for (const key of this.#sortedKeys()) {
      const container = this.#containers.get(key);
      if (container !== undefined && container.size > 0) yield [key, container];
    }
  }

  #eachRow(visit: (row: number) => void): void {
    for (const [key, container] of this.containers()) {
      const first = key * CONTAINER_VALUES;
      eachValue(container, (value) => {
        visit(first + value);
      });
    }
  }

  #sortedKeys(): readonly number[] {
    this.#keys ??= [...this.#containers.keys()].toSorted((left, right) => left - right);
    return this.#keys;
  }

  #put(key: number, container: Container): void {
    if (!this.#containers.has(key)) this.#keys = undefined;
    this.#containers.set(key, container);
    this.#lastKey = key;
    this.#last = container;
  }
}
