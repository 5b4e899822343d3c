import { canonicalNumber, encodeKey, type KeyTag } from "../../../contract/index.ts";
import { BACKSLASH, QUOTE, decodeBase64 } from "./json-bytes.ts";
import { BytesColumn } from "../../staged/index.ts";
import { EVENT_COLUMNS } from "./staged-columns.ts";

const PERCENT = 0x25;
const BAR = 0x7c;
const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;

/** Builds `_key` out of the bytes of the key attributes' values: the same text as `encodeKey`. */
export class KeyWriter {
  readonly column = new BytesColumn(EVENT_COLUMNS.key);
  #scratch = new Uint8Array(4_096);

  open(): void {
    this.column.open();
    this.column.openValue();
  }

  close(): void {
    this.column.closeValue();
  }

  /** Adds the part whose value `{"S":"…"}` lies between `start` and `end`; false when that is no key. */
  add(bytes: Uint8Array, start: number, end: number, isFirst: boolean): boolean {
    if (bytes[start + 3] !== QUOTE) return false;
    const column = this.column;
    const from = start + 6;
    const to = end - 2;
    const tag = bytes[start + 2] as number;
    column.reserve(3 * (end - start));
    if (!isFirst) column.appendByte(BAR);
    column.appendByte(tag);
    column.appendByte(0x3a);
    if (tag === 0x53) return this.#string(bytes, from, to);
    if (tag === 0x4e) return this.#number(bytes, from, to);
    return tag === 0x42 && this.#binary(bytes, from, to);
  }

  #string(bytes: Uint8Array, from: number, to: number): boolean {
    const column = this.column;
    const valueStart = column.at;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (byte === BACKSLASH || byte === PERCENT || byte === BAR) {
        const value = JSON.parse(`"${text(bytes, from, to)}"`) as string;
        return value.isWellFormed() && this.#text("S", value, valueStart);
      }
      column.data[column.at++] = byte;
    }
    return true;
  }

  #number(bytes: Uint8Array, from: number, to: number): boolean {
    if (isPlainInteger(bytes, from, to)) {
      this.column.append(bytes, from, to);
      return true;
    }
    const canonical = canonicalNumber(text(bytes, from, to));
    return canonical !== undefined && this.#text("N", canonical, this.column.at);
  }

  #binary(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#scratch.length < to - from) this.#scratch = new Uint8Array(to - from);
    if (decodeBase64(bytes, [from, to], this.#scratch, 0) < 0) return false;
    this.column.append(bytes, from, to);
    return true;
  }

  /** Writes a part anew, from where its value begins. */
  #text(tag: KeyTag, value: string, valueStart: number): boolean {
    const encoded = Buffer.from(encodeKey([{ tag, value }]).slice(2), "utf8");
    this.column.at = valueStart;
    this.column.append(encoded, 0, encoded.length);
    return true;
  }
}

/** A whole number that is spelt canonically, seen without making a text of it. */
function isPlainInteger(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from] === MINUS ? from + 1 : from;
  const length = to - first;
  if (length < 1 || length > 38) return false;
  if (bytes[first] === ZERO) return length === 1 && first === from;
  // More trailing zeros than a number may have digits are no matter below 39 digits.
  for (let at = first; at < to; at += 1) {
    const digit = bytes[at] as number;
    if (digit < ZERO || digit > NINE) return false;
  }
  return true;
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8");
}
