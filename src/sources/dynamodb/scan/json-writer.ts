import type { JsonMember, JsonShape } from "./attribute-tree.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  Pattern,
  QUOTE,
  STOPS,
  decodeBase64,
  hasLoneSurrogate,
  stringEnd,
} from "./json-bytes.ts";
import type { BytesColumn } from "../../staged/index.ts";

const TRUE = new Pattern("true");
const FALSE = new Pattern("false");

/** Copies nested lists as plain JSON without DynamoDB's tags: `{"L":[{"M":{"a":{"S":"x"}}}]}` becomes `[{"a":"x"}]`. */
export class JsonWriter {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #objects = 0;
  #scratch = new Uint8Array(1_024);
  /** The last refusal was a member that the shape does not know (or spells otherwise): the shape may be widened. */
  metUnknown = false;

  use(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** Writes one value from the position after `{"L":` and gives the position after the tagged value, or -1. */
  write(column: BytesColumn, shape: JsonShape, start: number): number {
    this.metUnknown = false;
    column.open();
    column.openValue();
    const end = this.#content(column, shape, start);
    if (end < 0 || this.#bytes[end] !== CLOSE_BRACE) return -1;
    column.closeValue();
    return end + 1;
  }

  #tagged(column: BytesColumn, shape: JsonShape, start: number): number {
    if (!shape.head.isAt(this.#view, start)) return -1;
    const end = this.#content(column, shape, start + shape.head.length);
    return end >= 0 && this.#bytes[end] === CLOSE_BRACE ? end + 1 : -1;
  }

  #content(column: BytesColumn, shape: JsonShape, start: number): number {
    switch (shape.tag) {
      case "S":
      case "N":
        return this.#string(column, start);
      case "B":
        return this.#base64(column, start);
      case "BOOL":
        return this.#boolean(column, start);
      case "SS":
      case "NS":
      case "BS":
      case "L":
        return this.#list(column, shape, start);
      case "M":
        return this.#map(column, shape, start);
      case "foreign":
        return -1;
    }
  }

  #string(column: BytesColumn, start: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== QUOTE) return -1;
    let end = start + 1;
    while (STOPS[bytes[end] as number] === 0) end += 1;
    if (bytes[end] !== QUOTE) {
      const escape = end;
      end = stringEnd(bytes, escape);
      if (end < 0 || hasLoneSurrogate(bytes, escape, end)) return -1;
    }
    column.append(this.#bytes, start, end + 1);
    return end + 1;
  }

  #base64(column: BytesColumn, start: number): number {
    const end = this.#bytes[start] === QUOTE ? this.#bytes.indexOf(QUOTE, start + 1) : -1;
    if (end < 0) return -1;
    if (this.#scratch.length < end - start) this.#scratch = new Uint8Array(2 * (end - start));
    if (decodeBase64(this.#bytes, [start + 1, end], this.#scratch, 0) < 0) return -1;
    column.append(this.#bytes, start, end + 1);
    return end + 1;
  }

  #boolean(column: BytesColumn, start: number): number {
    const size = TRUE.isAt(this.#view, start) ? 4 : FALSE.isAt(this.#view, start) ? 5 : -1;
    if (size < 0) return -1;
    column.append(this.#bytes, start, start + size);
    return start + size;
  }

  #list(column: BytesColumn, shape: JsonShape, start: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN_BRACKET) return -1;
    column.appendByte(OPEN_BRACKET);
    let at = start + 1;
    if (bytes[at] !== CLOSE_BRACKET) {
      for (;;) {
        at = this.#listItem(column, shape, at);
        if (at < 0) return -1;
        if (bytes[at] === CLOSE_BRACKET) break;
        if (bytes[at] !== COMMA) return -1;
        column.appendByte(COMMA);
        at += 1;
      }
    }
    column.appendByte(CLOSE_BRACKET);
    return at + 1;
  }

  #listItem(column: BytesColumn, shape: JsonShape, at: number): number {
    if (shape.element !== undefined) return this.#tagged(column, shape.element, at);
    return shape.tag === "BS" ? this.#base64(column, at) : this.#string(column, at);
  }

  #map(column: BytesColumn, shape: JsonShape, start: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN_BRACE) return -1;
    this.#objects += 1;
    const object = this.#objects;
    column.appendByte(OPEN_BRACE);
    let previous: JsonMember | undefined;
    let at = start + 1;
    if (bytes[at] !== CLOSE_BRACE) {
      for (;;) {
        const member = shape.members?.next(previous, bytes, this.#view, at);
        if (member === undefined) this.metUnknown = true;
        if (member === undefined || member.seenIn === object) return -1;
        member.seenIn = object;
        at = this.#member(column, member, at);
        if (at < 0) return -1;
        if (bytes[at] === CLOSE_BRACE) break;
        if (bytes[at] !== COMMA) return -1;
        column.appendByte(COMMA);
        previous = member;
        at += 1;
      }
    }
    column.appendByte(CLOSE_BRACE);
    return at + 1;
  }

  #member(column: BytesColumn, member: JsonMember, start: number): number {
    const valueAt = start + member.spelling.length;
    column.append(this.#bytes, start, valueAt);
    return this.#tagged(column, member.shape, valueAt);
  }
}
