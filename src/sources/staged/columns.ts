import { LevelRuns } from "./level-runs.ts";

/** What a staged Parquet column is: enough to write its footer, and for anybody to find it again. */
export interface ColumnKind {
  readonly name: string;
  readonly physical: "bytes" | "boolean" | "long";
  readonly logical: "text" | "timestamp" | "none";
  /** A list of such values, which are never null themselves. */
  readonly isList: boolean;
}

/**
 * The values of one column in the open row group, PLAIN-encoded as they come.
 * A row's value is `open`ed, filled, `close`d, and counts once the row is committed; until then it can be undone.
 * Rows without a value cost nothing: they are made up for when the next value or the end of the group comes.
 */
export abstract class Column {
  readonly kind: ColumnKind;
  data: Uint8Array = new Uint8Array(0);
  /** Where the next byte (of booleans: bit) goes. */
  at = 0;
  /** Values in the open list. */
  items = 0;
  protected undoAt = 0;
  #rows = 0;
  #entries = 0;
  readonly #definitions = new LevelRuns();
  readonly #repetitions = new LevelRuns();

  constructor(kind: ColumnKind) {
    this.kind = kind;
  }

  /** Begins the value (or list) of a row. */
  open(): void {
    this.undoAt = this.at;
    this.items = 0;
  }

  /** Takes back what the open row wrote. */
  undo(): void {
    this.at = this.undoAt;
  }

  /** The value of this row of the group counts. */
  commit(row: number): void {
    if (this.#rows < row) this.#absent(row - this.#rows);
    if (this.kind.isList) this.#commitList();
    else {
      this.#definitions.add(1, 1);
      this.#entries += 1;
    }
    this.#rows = row + 1;
  }

  /** The finished page of a group of so many rows; starts over. The bytes are valid until the next value is opened. */
  take(rows: number): {
    readonly levels: readonly Uint8Array[];
    readonly values: Uint8Array;
    readonly entries: number;
  } {
    this.#absent(rows - this.#rows);
    const levels = [this.#definitions.take()];
    if (this.kind.isList) levels.unshift(this.#repetitions.take());
    const page = { levels, values: this.data.subarray(0, this.sizeBytes()), entries: this.#entries };
    if (this.data.length > SHRINK_ABOVE && page.values.length < this.data.length / 4) this.data = new Uint8Array(0);
    this.at = 0;
    this.#rows = 0;
    this.#entries = 0;
    return page;
  }

  isEmpty(): boolean {
    return this.#entries === 0;
  }

  /** Makes room for so many more bytes. */
  reserve(size: number): void {
    const needed = this.sizeBytes() + size;
    if (needed <= this.data.length) return;
    const larger = new Uint8Array(Math.max(needed, this.data.length * 2, 256));
    larger.set(this.data.subarray(0, this.sizeBytes()));
    this.data = larger;
  }

  protected sizeBytes(): number {
    return this.at;
  }

  #absent(rows: number): void {
    if (rows === 0) return;
    this.#definitions.add(0, rows);
    if (this.kind.isList) this.#repetitions.add(0, rows);
    this.#entries += rows;
  }

  #commitList(): void {
    const items = this.items;
    this.#repetitions.add(0, 1);
    if (items > 1) this.#repetitions.add(1, items - 1);
    if (items === 0) this.#definitions.add(1, 1);
    else this.#definitions.add(2, items);
    this.#entries += Math.max(items, 1);
  }
}

/** A buffer that one large row has blown up is given back. */
const SHRINK_ABOVE = 65_536;

/** Text or bytes: a length in four bytes, then the value. */
export class BytesColumn extends Column {
  #start = 0;

  /** Begins one value; the writer then fills `data` from `at` on and moves `at`. */
  openValue(): void {
    if (this.at + 4 > this.data.length) this.reserve(4);
    this.#start = this.at;
    this.at += 4;
  }

  closeValue(): void {
    const data = this.data;
    const start = this.#start;
    const length = this.at - start - 4;
    data[start] = length;
    data[start + 1] = length >>> 8;
    data[start + 2] = length >>> 16;
    data[start + 3] = length >>> 24;
    this.items += 1;
  }

  /** The bytes of the value written last. */
  lastValue(): Uint8Array {
    return this.data.subarray(this.#start + 4, this.at);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.reserve(length);
    if (length > 64) this.data.set(bytes.subarray(start, end), this.at);
    else for (let offset = 0; offset < length; offset += 1) this.data[this.at + offset] = bytes[start + offset] ?? 0;
    this.at += length;
  }

  appendByte(byte: number): void {
    if (this.at === this.data.length) this.reserve(1);
    this.data[this.at++] = byte;
  }
}

/** Booleans, one bit each. */
export class BooleanColumn extends Column {
  appendBoolean(value: boolean): void {
    if (this.at >>> 3 >= this.data.length) this.reserve(1);
    const index = this.at >>> 3;
    const mask = 1 << (this.at & 7);
    this.data[index] = value ? (this.data[index] ?? 0) | mask : (this.data[index] ?? 0) & ~mask;
    this.at += 1;
    this.items += 1;
  }

  protected override sizeBytes(): number {
    return (this.at + 7) >>> 3;
  }
}

/** Whole numbers below 2^53 in eight bytes. */
export class LongColumn extends Column {
  appendLong(value: number): void {
    this.reserve(8);
    const data = this.data;
    const low = value | 0;
    const high = Math.floor(value / 2 ** 32);
    for (let index = 0; index < 4; index += 1) {
      data[this.at + index] = low >>> (8 * index);
      data[this.at + 4 + index] = high >>> (8 * index);
    }
    this.at += 8;
    this.items += 1;
  }
}
