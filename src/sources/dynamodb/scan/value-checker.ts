import { parseJson } from "../../../base/index.ts";
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  Pattern,
  QUOTE,
  STOPS,
  stringEnd,
} from "./json-bytes.ts";

/** More nesting than `parseJson` allows is never asked for. */
const DEPTH_MAX = 300;

/** Objects with more members are checked for duplicate names by the strict parser. */
const PAIRS_MAX = 64;

const NULL_VALUE = new Pattern('{"NULL":true');
const BOOLEAN_TAG = new Pattern('{"BOOL":');
const SET_TAGS = ["SS", "NS", "BS"].map((tag) => new Pattern(`{"${tag}":`));
const TRUE = new Pattern("true");
const FALSE = new Pattern("false");

/**
 * Whether bytes are DynamoDB JSON in its plain spelling (no blanks, no duplicate names), whatever the attributes are.
 * Every method takes the position where something should start and gives the position after it, or -1.
 */
export class ValueChecker {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Four positions a member of each open object: start and end of the name's content, start and end of the value. */
  readonly #places: number[] = [];
  #top = 0;
  #mustParse = false;

  use(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** An object of attributes: an item, an image, keys. */
  attributes(start: number): number {
    this.#top = 0;
    this.#mustParse = false;
    return this.#verdict(start, this.#object(start, 0));
  }

  /** One attribute value: `{"S":"…"}`. */
  value(start: number): number {
    this.#top = 0;
    this.#mustParse = false;
    return this.#verdict(start, this.#value(start, 0));
  }

  /** Members of the object that `attributes` checked last. */
  get memberCount(): number {
    return this.#top / 4;
  }

  /** Where a member is: 0 and 1 give start and end of the name's content, 2 and 3 start and end of the value. */
  memberPlace(member: number, part: 0 | 1 | 2 | 3): number {
    return this.#places[4 * member + part] as number;
  }

  #verdict(start: number, end: number): number {
    if (end < 0 || !this.#mustParse) return end;
    return parses(this.#bytes, start, end) ? end : -1;
  }

  #value(start: number, depth: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN_BRACE || bytes[start + 1] !== QUOTE || depth > DEPTH_MAX) return -1;
    const isShort = bytes[start + 3] === QUOTE && bytes[start + 4] === COLON;
    const end = isShort ? this.#short(bytes[start + 2] as number, start + 5, depth) : this.#long(start);
    return end >= 0 && bytes[end] === CLOSE_BRACE ? end + 1 : -1;
  }

  /** The content after a tag of more letters: up to the closing brace. */
  #long(start: number): number {
    const view = this.#view;
    for (const tag of SET_TAGS) if (tag.isAt(view, start)) return this.#sequence(start + tag.length, -1);
    if (NULL_VALUE.isAt(view, start)) return start + NULL_VALUE.length;
    return BOOLEAN_TAG.isAt(view, start) ? this.#boolean(start + BOOLEAN_TAG.length) : -1;
  }

  /** The content after a tag of one letter. */
  #short(tag: number, start: number, depth: number): number {
    switch (tag) {
      case 0x53: // S
      case 0x4e: // N
      case 0x42: // B
        return this.#string(start);
      case 0x4d: // M
        return this.#nested(start, depth + 1);
      case 0x4c: // L
        return this.#sequence(start, depth + 1);
      default:
        return -1;
    }
  }

  #string(start: number): number {
    if (this.#bytes[start] !== QUOTE) return -1;
    const end = stringEnd(this.#bytes, start + 1);
    return end < 0 ? -1 : end + 1;
  }

  #boolean(start: number): number {
    if (TRUE.isAt(this.#view, start)) return start + 4;
    return FALSE.isAt(this.#view, start) ? start + 5 : -1;
  }

  /** An array of values at a depth, or of strings (depth -1). */
  #sequence(start: number, depth: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN_BRACKET) return -1;
    let at = start + 1;
    if (bytes[at] === CLOSE_BRACKET) return at + 1;
    for (;;) {
      at = depth < 0 ? this.#string(at) : this.#value(at, depth);
      if (at < 0) return -1;
      if (bytes[at] === CLOSE_BRACKET) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at += 1;
    }
  }

  #nested(start: number, depth: number): number {
    const base = this.#top;
    const end = this.#object(start, depth);
    this.#top = base;
    return end;
  }

  #object(start: number, depth: number): number {
    const bytes = this.#bytes;
    const base = this.#top;
    if (bytes[start] !== OPEN_BRACE) return -1;
    let at = start + 1;
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    // One bit for each look of a name seen: only a name whose bit is set can be there already.
    let looks = 0;
    for (;;) {
      const nameEnd = bytes[at] === QUOTE ? this.#nameEnd(at + 1) : -1;
      if (nameEnd < 0 || bytes[nameEnd + 1] !== COLON) return -1;
      const end = this.#value(nameEnd + 2, depth);
      if (end < 0) return -1;
      this.#keep(at + 1, nameEnd, end);
      const look = 1 << ((7 * (nameEnd - at) + (bytes[nameEnd - 1] as number) + 3 * (bytes[at + 1] as number)) & 31);
      if ((looks & look) !== 0 && this.#isDuplicate(base)) return -1;
      looks |= look;
      at = end + 1;
      if (bytes[end] === CLOSE_BRACE) return at;
      if (bytes[end] !== COMMA) return -1;
    }
  }

  #keep(nameStart: number, nameEnd: number, end: number): void {
    const places = this.#places;
    places[this.#top] = nameStart;
    places[this.#top + 1] = nameEnd;
    places[this.#top + 2] = nameEnd + 2;
    places[this.#top + 3] = end;
    this.#top += 4;
  }

  /** An escaped name may equal another one that is spelt differently. */
  #nameEnd(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (STOPS[bytes[at] as number] === 0) at += 1;
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] !== BACKSLASH) return -1;
    this.#mustParse = true;
    return stringEnd(bytes, at);
  }

  /** Whether the member kept last has the name of an earlier one of the object that begins at `base`. */
  #isDuplicate(base: number): boolean {
    const last = this.#top - 4;
    if (last - base > 4 * PAIRS_MAX) {
      this.#mustParse = true;
      return false;
    }
    for (let other = base; other < last; other += 4) if (this.#isSameName(last, other)) return true;
    return false;
  }

  #isSameName(one: number, other: number): boolean {
    const bytes = this.#bytes;
    const from = this.#places[one] as number;
    const otherFrom = this.#places[other] as number;
    const length = (this.#places[one + 1] as number) - from;
    if ((this.#places[other + 1] as number) - otherFrom !== length) return false;
    for (let offset = 0; offset < length; offset += 1) {
      if (bytes[from + offset] !== bytes[otherFrom + offset]) return false;
    }
    return true;
  }
}

function parses(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    parseJson(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
