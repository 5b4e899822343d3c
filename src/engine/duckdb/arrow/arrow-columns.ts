import { SluiceError } from "../../../base/index.ts";
import { decimalParts, isArray, isMap, isStruct, type DataType } from "../../../contract/index.ts";
import { GrowingBits, GrowingBytes } from "../../arrow/growing-bytes.ts";
import type { ArrowNode } from "../../arrow/write-messages.ts";
import { rawVectors } from "../duckdb-api.ts";
import { validityBits, validityOf, type RawVector } from "../raw-vector.ts";
import { vectorTexts } from "./vector-texts.ts";

/** Rows of a vector. */
interface Rows {
  readonly start: number;
  readonly count: number;
}

/** What the columns of a batch are taken from, in the order of the format. */
export interface BatchSink {
  readonly nodes: ArrowNode[];
  readonly buffers: Uint8Array[];
}

/** A column of a record batch that is being made, out of the engine's vectors of a Delta type. */
export interface ArrowColumn {
  /** So far. */
  readonly bytes: number;
  append(vector: RawVector, rows: Rows): void;
  /** Tells node and buffers; they are valid until `clear`. */
  tell(sink: BatchSink): void;
  clear(): void;
}

export function arrowColumn(type: DataType): ArrowColumn {
  if (isStruct(type)) return new StructColumn(type.fields.map((field) => arrowColumn(field.type)));
  if (isArray(type)) return new ListColumn(arrowColumn(type.elementType));
  if (isMap(type)) return new ListColumn(new StructColumn([arrowColumn(type.keyType), arrowColumn(type.valueType)]));
  const parts = decimalParts(type);
  if (parts !== undefined) return new DecimalColumn(parts.precision);
  if (type === "void") return new NullColumn();
  if (type === "boolean") return new BooleanColumn();
  if (type === "string" || type === "binary" || type === "variant") return new TextColumn();
  return new PlainColumn(WIDTHS[type] ?? 8);
}

/** Bytes of values that lie in memory as Arrow has them. Dates are days, times microseconds, in both. */
const WIDTHS: Readonly<Record<string, number>> = { integer: 4, short: 2, byte: 1, float: 4, date: 4 };

/** Which rows have a value. */
class Validity {
  readonly #bits = new GrowingBits();
  #nulls = 0;

  append(vector: RawVector, { start, count }: Rows): void {
    const bits = validityBits(vector, start + count);
    if (bits === undefined) this.#bits.fill(true, count);
    else this.#nulls += count - this.#bits.copy(bits, start, count);
  }

  get rows(): number {
    return this.#bits.length;
  }

  get bytes(): number {
    return this.#bits.all.length;
  }

  tell({ nodes, buffers }: BatchSink): void {
    nodes.push({ length: this.rows, nullCount: this.#nulls });
    buffers.push(this.#nulls === 0 ? new Uint8Array(0) : this.#bits.all);
  }

  clear(): void {
    this.#bits.clear();
    this.#nulls = 0;
  }
}

class PlainColumn implements ArrowColumn {
  readonly #validity = new Validity();
  readonly #values = new GrowingBytes();
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  get bytes(): number {
    return this.#validity.bytes + this.#values.length;
  }

  append(vector: RawVector, rows: Rows): void {
    this.#validity.append(vector, rows);
    this.#values.push(valuesOf(vector, rows, this.#width));
  }

  tell(sink: BatchSink): void {
    this.#validity.tell(sink);
    sink.buffers.push(this.#values.all);
  }

  clear(): void {
    this.#validity.clear();
    this.#values.clear();
  }
}

function valuesOf(vector: RawVector, { start, count }: Rows, width: number): Uint8Array {
  return rawVectors.vector_get_data(vector, (start + count) * width).subarray(start * width);
}

class BooleanColumn implements ArrowColumn {
  readonly #validity = new Validity();
  readonly #values = new GrowingBits();

  get bytes(): number {
    return this.#validity.bytes + this.#values.all.length;
  }

  append(vector: RawVector, rows: Rows): void {
    this.#validity.append(vector, rows);
    this.#values.ofBytes(valuesOf(vector, rows, 1));
  }

  tell(sink: BatchSink): void {
    this.#validity.tell(sink);
    sink.buffers.push(this.#values.all);
  }

  clear(): void {
    this.#validity.clear();
    this.#values.clear();
  }
}

/** Numbers of 128 bits, out of as few as the engine needs for a precision. */
class DecimalColumn implements ArrowColumn {
  readonly #validity = new Validity();
  readonly #values = new GrowingBytes();
  readonly #width: number;

  constructor(precision: number) {
    this.#width = precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16;
  }

  get bytes(): number {
    return this.#validity.bytes + this.#values.length;
  }

  append(vector: RawVector, rows: Rows): void {
    this.#validity.append(vector, rows);
    const values = valuesOf(vector, rows, this.#width);
    if (this.#width === 16) {
      this.#values.push(values);
      return;
    }
    const width = this.#width;
    const wide = this.#values.grow(rows.count * 16);
    for (let row = 0; row < rows.count; row += 1) {
      const from = row * width;
      const to = row * 16;
      for (let index = 0; index < width; index += 1) wide[to + index] = values[from + index] ?? 0;
      if (((values[from + width - 1] ?? 0) & 128) !== 0) wide.fill(255, to + width, to + 16);
    }
  }

  tell(sink: BatchSink): void {
    this.#validity.tell(sink);
    sink.buffers.push(this.#values.all);
  }

  clear(): void {
    this.#validity.clear();
    this.#values.clear();
  }
}

/** Ends of rows in the bytes or items that follow, after a first zero. */
class Ends {
  readonly #bytes = new GrowingBytes();
  last = 0;

  constructor() {
    this.clear();
  }

  room(count: number): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes.grow(count * 4);
    return new DataView(buffer, byteOffset, byteLength);
  }

  /** Offsets have 31 bits. */
  advance(by: number): number {
    this.last += by;
    if (this.last <= OFFSET_MAX) return this.last;
    throw new SluiceError("engine.failed", "Cannot give rows as Arrow: the values of one row take more than 2 GB");
  }

  get all(): Uint8Array {
    return this.#bytes.all;
  }

  clear(): void {
    this.#bytes.clear();
    this.#bytes.grow(4);
    this.last = 0;
  }
}

const OFFSET_MAX = 2 ** 31 - 1;

class TextColumn implements ArrowColumn {
  readonly #validity = new Validity();
  readonly #ends = new Ends();
  readonly #text = new GrowingBytes();

  get bytes(): number {
    return this.#validity.bytes + this.#ends.all.length + this.#text.length;
  }

  append(vector: RawVector, rows: Rows): void {
    this.#validity.append(vector, rows);
    const texts = vectorTexts(vector, rows, validityOf(vector, rows.start + rows.count));
    const ends = this.#ends.room(rows.count);
    const into = this.#text.grow(texts.total);
    let at = 0;
    for (let index = 0; index < rows.count; index += 1) {
      const row = rows.start + index;
      texts.copy(row, into, at);
      const length = texts.lengthOf(row);
      at += length;
      ends.setInt32(index * 4, this.#ends.advance(length), true);
    }
  }

  tell(sink: BatchSink): void {
    this.#validity.tell(sink);
    sink.buffers.push(this.#ends.all, this.#text.all);
  }

  clear(): void {
    for (const part of [this.#validity, this.#ends, this.#text]) part.clear();
  }
}

/** A list, or a map as a list of its entries. */
class ListColumn implements ArrowColumn {
  readonly #validity = new Validity();
  readonly #ends = new Ends();
  readonly #items: ArrowColumn;

  constructor(items: ArrowColumn) {
    this.#items = items;
  }

  get bytes(): number {
    return this.#validity.bytes + this.#ends.all.length + this.#items.bytes;
  }

  append(vector: RawVector, rows: Rows): void {
    this.#validity.append(vector, rows);
    const isValid = validityOf(vector, rows.start + rows.count);
    const entries = valuesOf(vector, rows, 16);
    const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
    const ends = this.#ends.room(rows.count);
    const child = rawVectors.list_vector_get_child(vector);
    let run = { start: 0, count: 0 };
    for (let row = 0; row < rows.count; row += 1) {
      // Of a null there is no knowing what is in memory.
      const count = isValid(rows.start + row) ? Number(view.getBigUint64(row * 16 + 8, true)) : 0;
      ends.setInt32(row * 4, this.#ends.advance(count), true);
      if (count === 0) continue;
      const start = Number(view.getBigUint64(row * 16, true));
      if (start === run.start + run.count) run = { start: run.start, count: run.count + count };
      else {
        if (run.count > 0) this.#items.append(child, run);
        run = { start, count };
      }
    }
    if (run.count > 0) this.#items.append(child, run);
  }

  tell(sink: BatchSink): void {
    this.#validity.tell(sink);
    sink.buffers.push(this.#ends.all);
    this.#items.tell(sink);
  }

  clear(): void {
    for (const part of [this.#validity, this.#ends, this.#items]) part.clear();
  }
}

class StructColumn implements ArrowColumn {
  readonly #validity = new Validity();
  readonly #members: readonly ArrowColumn[];

  constructor(members: readonly ArrowColumn[]) {
    this.#members = members;
  }

  get bytes(): number {
    return this.#members.reduce((sum, member) => sum + member.bytes, this.#validity.bytes);
  }

  append(vector: RawVector, rows: Rows): void {
    this.#validity.append(vector, rows);
    this.#members.forEach((member, index) => member.append(rawVectors.struct_vector_get_child(vector, index), rows));
  }

  tell(sink: BatchSink): void {
    this.#validity.tell(sink);
    for (const member of this.#members) member.tell(sink);
  }

  clear(): void {
    this.#validity.clear();
    for (const member of this.#members) member.clear();
  }
}

/** Of nothing but nulls: it has no buffers. */
class NullColumn implements ArrowColumn {
  #rows = 0;
  readonly bytes = 0;

  append(_vector: RawVector, { count }: Rows): void {
    this.#rows += count;
  }

  tell({ nodes }: BatchSink): void {
    nodes.push({ length: this.#rows, nullCount: this.#rows });
  }

  clear(): void {
    this.#rows = 0;
  }
}
