import type { Member } from "./attribute-tree.ts";
import { fitsNumber } from "../columns/hinted-numbers.ts";
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  Pattern,
  QUOTE,
  STOPS,
  decodeBase64,
  escapeSize,
  escapedCodePoint,
} from "./json-bytes.ts";
import type { BooleanColumn, BytesColumn } from "../../staged/index.ts";

const TRUE = new Pattern("true");
const FALSE = new Pattern("false");

/**
 * Copies values of scalars, sets and lists of scalars into their columns.
 * Every method takes the position right after the member's head and gives the position after the value, or -1 when
 * the bytes are not such a value or the column cannot hold it exactly; the column is then to be undone.
 */
export class ValueWriter {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  use(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  text(column: BytesColumn, start: number): number {
    column.open();
    const end = this.string(column, start);
    return end >= 0 && this.#bytes[end] === CLOSE_BRACE ? end + 1 : -1;
  }

  number(column: BytesColumn, member: Member, start: number): number {
    const end = this.text(column, start);
    if (end < 0) return -1;
    return fitsNumber(member.numberType, latin1(column.lastValue())) ? end : -1;
  }

  binary(column: BytesColumn, start: number): number {
    column.open();
    const end = this.#base64(column, start);
    return end >= 0 && this.#bytes[end] === CLOSE_BRACE ? end + 1 : -1;
  }

  boolean(column: BooleanColumn, start: number): number {
    column.open();
    const end = this.#boolean(column, start);
    return end >= 0 && this.#bytes[end] === CLOSE_BRACE ? end + 1 : -1;
  }

  /** Elements of a set, or of a list with one tag, up to the closing `]}`. */
  elements(member: Member, start: number): number {
    const column = member.bytes ?? member.booleans;
    const bytes = this.#bytes;
    if (column === undefined) return -1;
    column.open();
    let at = start;
    if (bytes[at] !== CLOSE_BRACKET) {
      for (;;) {
        at = this.#element(member, at);
        if (at < 0) return -1;
        if (bytes[at] === CLOSE_BRACKET) break;
        if (bytes[at] !== COMMA) return -1;
        at += 1;
      }
    }
    return bytes[at + 1] === CLOSE_BRACE ? at + 2 : -1;
  }

  /** Copies the string whose content starts at `start`, escapes resolved; gives the position after its quote. */
  string(column: BytesColumn, start: number): number {
    column.openValue();
    const bytes = this.#bytes;
    let from = start;
    for (;;) {
      let data = column.data;
      let at = column.at;
      const stop = from + data.length - at;
      while (from < stop) {
        const byte = bytes[from] as number;
        if (STOPS[byte] !== 0) break;
        data[at++] = byte;
        from += 1;
      }
      column.at = at;
      const byte = bytes[from] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        from = this.#escape(column, from);
        if (from < 0) return -1;
      } else if (STOPS[byte] !== 0) return -1;
      else column.reserve(64);
    }
    column.closeValue();
    return from + 1;
  }

  #element(member: Member, start: number): number {
    const isSet = member.shape.tag !== "L";
    if (!member.elementHead.isAt(this.#view, start)) return -1;
    const content = start + member.elementHead.length;
    let end: number;
    if (member.booleans !== undefined) end = this.#boolean(member.booleans, content);
    else if (member.bytes === undefined) return -1;
    else end = member.treatment === "texts" ? this.string(member.bytes, content) : this.#base64(member.bytes, content);
    if (isSet || end < 0) return end;
    return this.#bytes[end] === CLOSE_BRACE ? end + 1 : -1;
  }

  #boolean(column: BooleanColumn, start: number): number {
    const isTrue = TRUE.isAt(this.#view, start);
    if (!isTrue && !FALSE.isAt(this.#view, start)) return -1;
    column.appendBoolean(isTrue);
    return start + (isTrue ? 4 : 5);
  }

  #base64(column: BytesColumn, start: number): number {
    const bytes = this.#bytes;
    let end = start;
    while (STOPS[bytes[end] as number] === 0) end += 1;
    if (bytes[end] !== QUOTE) return -1;
    column.openValue();
    column.reserve(end - start);
    const size = decodeBase64(bytes, [start, end], column.data, column.at);
    if (size < 0) return -1;
    column.at += size;
    column.closeValue();
    return end + 1;
  }

  /** Resolves the escape at `from` into UTF-8; gives the position after it, or -1 (malformed, or a lone surrogate). */
  #escape(column: BytesColumn, from: number): number {
    if (escapeSize(this.#bytes, from) < 0) return -1;
    const { point, size } = escapedCodePoint(this.#bytes, from);
    if (point < 0) return -1;
    if (point < 0x80) column.appendByte(point);
    else {
      if (point < 0x800) column.appendByte(0xc0 | (point >> 6));
      else {
        if (point < 0x10000) column.appendByte(0xe0 | (point >> 12));
        else {
          column.appendByte(0xf0 | (point >> 18));
          column.appendByte(0x80 | ((point >> 12) & 0x3f));
        }
        column.appendByte(0x80 | ((point >> 6) & 0x3f));
      }
      column.appendByte(0x80 | (point & 0x3f));
    }
    return from + size;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
