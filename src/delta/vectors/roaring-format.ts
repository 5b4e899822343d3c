import { ARRAY_SIZE_MAX, BITMAP_WORDS, CONTAINER_VALUES, countBits, runsOf, type Container } from "./container.ts";
import { RowSet } from "./row-set.ts";

/** Bytes that are no bitmap. The message says why. */
export class BitmapFormatError extends Error {}

// RoaringFormatSpec, "Cookie header".
const COOKIE = 12_346;
const COOKIE_WITH_RUNS = 12_347;
/** From this many containers on, a bitmap with runs has offsets. */
const OFFSETS_FROM = 4;
/** Containers of one 32-bit bitmap. */
const BITMAP_CONTAINERS_MAX = 65_536;

/** The portable 64-bit form (RoaringFormatSpec, "Extension for 64-bit implementations"): 32-bit bitmaps by their high bits. */
export function encodeBitmap64(rows: RowSet): Uint8Array {
  const buckets = new Map<number, EncodedContainer[]>();
  for (const [key, container] of rows.containers()) {
    const high = Math.floor(key / BITMAP_CONTAINERS_MAX);
    const bucket = buckets.get(high) ?? [];
    bucket.push(planContainer(key % BITMAP_CONTAINERS_MAX, container));
    buckets.set(high, bucket);
  }
  const sizeBytes = [...buckets.values()].reduce((sum, bucket) => sum + 4 + bitmap32Size(bucket), 8);
  const writer = new Writer(sizeBytes);
  writer.u32(buckets.size);
  writer.u32(0);
  for (const [high, bucket] of buckets) {
    writer.u32(high);
    writeBitmap32(writer, bucket);
  }
  return writer.bytes;
}

export function decodeBitmap64(bytes: Uint8Array): RowSet {
  const reader = new Reader(bytes);
  const count = reader.u32();
  if (reader.u32() !== 0) throw new BitmapFormatError("more than 2^32 bitmaps");
  const containers: [number, Container][] = [];
  let before = -1;
  for (let index = 0; index < count; index += 1) {
    const high = reader.u32();
    if (high <= before) throw new BitmapFormatError("the bitmaps are not in order");
    // Rows are counted in doubles, exact below 2^53.
    if (high >= 2 ** 21) throw new BitmapFormatError("a position beyond 2^53");
    before = high;
    readBitmap32(reader, high * BITMAP_CONTAINERS_MAX, containers);
  }
  return RowSet.ofContainers(containers);
}

/** The 32-bit form alone, as old deletion vectors wrap it; its rows start at `high · 2^32`. */
export function decodeBitmap32(bytes: Uint8Array, high: number): (readonly [number, Container])[] {
  const containers: [number, Container][] = [];
  readBitmap32(new Reader(bytes), high * BITMAP_CONTAINERS_MAX, containers);
  return containers;
}

interface EncodedContainer {
  readonly key: number;
  readonly container: Container;
  /** Set where runs are the smallest form. */
  readonly runs: Uint16Array | undefined;
  readonly sizeBytes: number;
}

function planContainer(key: number, container: Container): EncodedContainer {
  const plain = container.size <= ARRAY_SIZE_MAX ? container.size * 2 : BITMAP_WORDS * 4;
  const runs = runsOf(container);
  const asRuns = 2 + runs.length * 2;
  return asRuns < plain
    ? { key, container, runs, sizeBytes: asRuns }
    : { key, container, runs: undefined, sizeBytes: plain };
}

function headerSize(containers: readonly EncodedContainer[]): number {
  const count = containers.length;
  if (!containers.some((one) => one.runs !== undefined)) return 8 + count * 8;
  return 4 + Math.ceil(count / 8) + count * 4 + (count >= OFFSETS_FROM ? count * 4 : 0);
}

function bitmap32Size(containers: readonly EncodedContainer[]): number {
  return containers.reduce((sum, one) => sum + one.sizeBytes, headerSize(containers));
}

function writeBitmap32(writer: Writer, containers: readonly EncodedContainer[]): void {
  const count = containers.length;
  const hasRuns = containers.some((one) => one.runs !== undefined);
  if (hasRuns) {
    writer.u32(COOKIE_WITH_RUNS + (count - 1) * 65_536);
    for (let at = 0; at < count; at += 8) {
      let flags = 0;
      for (let bit = 0; bit < 8; bit += 1) if (containers[at + bit]?.runs !== undefined) flags |= 1 << bit;
      writer.u8(flags);
    }
  } else {
    writer.u32(COOKIE);
    writer.u32(count);
  }
  for (const one of containers) {
    writer.u16(one.key);
    writer.u16(one.container.size - 1);
  }
  if (!hasRuns || count >= OFFSETS_FROM) {
    let offset = headerSize(containers);
    for (const one of containers) {
      writer.u32(offset);
      offset += one.sizeBytes;
    }
  }
  for (const one of containers) writeContainer(writer, one);
}

function writeContainer(writer: Writer, { container, runs }: EncodedContainer): void {
  if (runs !== undefined) {
    writer.u16(runs.length / 2);
    for (const value of runs) writer.u16(value);
  } else if (container.size > ARRAY_SIZE_MAX) {
    const words = container.kind === "bitmap" ? container.words : bitmapOf(runsOf(container));
    for (const word of words) writer.u32(word);
  } else {
    const pairs = runsOf(container);
    for (let at = 0; at < pairs.length; at += 2) {
      const first = pairs[at] ?? 0;
      for (let more = 0; more <= (pairs[at + 1] ?? 0); more += 1) writer.u16(first + more);
    }
  }
}

function bitmapOf(runs: Uint16Array): Uint32Array {
  const words = new Uint32Array(BITMAP_WORDS);
  for (let at = 0; at < runs.length; at += 2) {
    const first = runs[at] ?? 0;
    for (let value = first; value <= first + (runs[at + 1] ?? 0); value += 1) {
      words[value >>> 5] = (words[value >>> 5] ?? 0) | (1 << (value & 31));
    }
  }
  return words;
}

function readBitmap32(reader: Reader, firstKey: number, into: [number, Container][]): void {
  const cookie = reader.u32();
  const hasRuns = cookie % 65_536 === COOKIE_WITH_RUNS;
  if (!hasRuns && cookie !== COOKIE) throw new BitmapFormatError(`the cookie ${cookie} is unknown`);
  const count = hasRuns ? Math.floor(cookie / 65_536) + 1 : reader.u32();
  if (count > BITMAP_CONTAINERS_MAX) throw new BitmapFormatError(`${count} containers are too many`);
  const flags = hasRuns ? reader.take(Math.ceil(count / 8)) : undefined;
  const heads = readHeads(reader, count);
  // The containers follow each other; the offsets say the same again.
  if (!hasRuns || count >= OFFSETS_FROM) reader.take(count * 4);
  for (const [index, { key, size }] of heads.entries()) {
    const isRuns = flags !== undefined && ((flags[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
    into.push([firstKey + key, isRuns ? readRuns(reader, size) : readPlain(reader, size)]);
  }
}

function readHeads(reader: Reader, count: number): { key: number; size: number }[] {
  const heads: { key: number; size: number }[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = reader.u16();
    if (key <= (heads.at(-1)?.key ?? -1)) throw new BitmapFormatError("the containers are not in order");
    heads.push({ key, size: reader.u16() + 1 });
  }
  return heads;
}

function readRuns(reader: Reader, size: number): Container {
  const runs = reader.u16s(reader.u16() * 2);
  let found = 0;
  let next = 0;
  for (let at = 0; at < runs.length; at += 2) {
    const first = runs[at] ?? 0;
    const length = (runs[at + 1] ?? 0) + 1;
    if (first < next || first + length > CONTAINER_VALUES) throw new BitmapFormatError("the runs are not in order");
    found += length;
    next = first + length;
  }
  if (found !== size) throw new BitmapFormatError(`runs of ${found} values instead of ${size}`);
  return { kind: "runs", runs, size };
}

function readPlain(reader: Reader, size: number): Container {
  if (size <= ARRAY_SIZE_MAX) {
    const values = reader.u16s(size);
    for (let at = 1; at < size; at += 1) {
      if ((values[at - 1] ?? 0) >= (values[at] ?? 0)) throw new BitmapFormatError("the values are not in order");
    }
    return { kind: "array", values, size };
  }
  const words = reader.u32s(BITMAP_WORDS);
  const found = countBits(words);
  if (found !== size) throw new BitmapFormatError(`a bitmap of ${found} values instead of ${size}`);
  return { kind: "bitmap", words, size };
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(): number {
    return this.#view.getUint16(this.#move(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#move(4), true);
  }

  u16s(count: number): Uint16Array {
    const start = this.#move(count * 2);
    const values = new Uint16Array(count);
    for (let index = 0; index < count; index += 1) values[index] = this.#view.getUint16(start + index * 2, true);
    return values;
  }

  u32s(count: number): Uint32Array {
    const start = this.#move(count * 4);
    const values = new Uint32Array(count);
    for (let index = 0; index < count; index += 1) values[index] = this.#view.getUint32(start + index * 4, true);
    return values;
  }

  take(sizeBytes: number): Uint8Array {
    const start = this.#move(sizeBytes);
    return this.#bytes.subarray(start, start + sizeBytes);
  }

  #move(sizeBytes: number): number {
    const start = this.#at;
    if (start + sizeBytes > this.#bytes.length) throw new BitmapFormatError("the bytes end too early");
    this.#at += sizeBytes;
    return start;
  }
}

class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }

  u16(value: number): void {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }
}
