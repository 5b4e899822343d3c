/** JSON text as bytes: what the scanners share. Positions are indexes into a buffer; a negative result means "no". */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const BACKSLASH = 0x5c;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const NEWLINE = 0x0a;

/** Bytes past the end of the text that a buffer must have (zeros), so that a look ahead needs no check. */
export const SLACK_BYTES = 1_024;

/** 1 for the bytes at which a run of ordinary characters in a string ends: quote, backslash, control characters. */
export const STOPS = new Uint8Array(256).map((_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);

/** A fixed run of bytes to look for, compared four at a time. */
export class Pattern {
  readonly length: number;
  readonly #words: Int32Array;
  readonly #lastMask: number;

  constructor(text: string) {
    const bytes = Buffer.from(text, "utf8");
    const padded = new DataView(new ArrayBuffer(Math.ceil(bytes.length / 4) * 4));
    for (const [index, byte] of bytes.entries()) padded.setUint8(index, byte);
    this.length = bytes.length;
    this.#words = new Int32Array(padded.byteLength / 4);
    for (let index = 0; index < this.#words.length; index += 1) this.#words[index] = padded.getInt32(index * 4, true);
    const rest = bytes.length % 4;
    this.#lastMask = rest === 0 ? -1 : (1 << (8 * rest)) - 1;
  }

  isAt(view: DataView, position: number): boolean {
    const words = this.#words;
    const last = words.length - 1;
    for (let index = 0; index < last; index += 1) {
      if (view.getInt32(position + 4 * index, true) !== words[index]) return false;
    }
    return (view.getInt32(position + 4 * last, true) & this.#lastMask) === words[last];
  }
}

/** The position of the quote that ends the string whose content starts at `from`; negative when it is no JSON string. */
export function stringEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    while (STOPS[bytes[at] as number] === 0) at += 1;
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte !== BACKSLASH) return -1;
    const size = escapeSize(bytes, at);
    if (size < 0) return -1;
    at += size;
  }
}

/**
 * The position behind the JSON value that starts at `at`; negative when it has no end. Looks at strings and brackets only: whether
 * what is between them makes sense is for others to say.
 */
export function valueEnd(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) {
    const end = stringEnd(bytes, start + 1);
    return end < 0 ? -1 : end + 1;
  }
  return first === OPEN_BRACE || first === OPEN_BRACKET ? nestEnd(bytes, start) : scalarEnd(bytes, start);
}

/** The position behind the bracket that closes the one at `start`. */
function nestEnd(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = quoteEnd(bytes, at + 1);
      if (at < 0) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Above this the engine's own search is faster than a loop. */
const SHORT_TEXT_BYTES = 24;

/** The position of the quote that ends the string whose content starts at `from`, whatever is in it; negative when it has no end. */
function quoteEnd(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + SHORT_TEXT_BYTES, bytes.length);
  let at = from;
  for (; at < near && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH; at += 1);
  if (at < near) return bytes[at] === QUOTE ? at : stringEnd(bytes, at);
  for (let quote = bytes.indexOf(QUOTE, at); quote >= 0; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH && quote - 1 - backslashes >= from) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}

function scalarEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && SCALAR_ENDS[bytes[at] as number] === 0) at += 1;
  return at > start ? at : -1;
}

/** 1 for the bytes before which a number, `true`, `false` or `null` ends. */
const SCALAR_ENDS = new Uint8Array(256).map((_, byte) =>
  byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET ? 1 : 0,
);

/** Bytes of the escape whose backslash is at `at`. */
export function escapeSize(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1] as number;
  if (SHORT_ESCAPES[kind] !== 0) return 2;
  return kind === 0x75 && codeUnit(bytes, at + 2) >= 0 ? 6 : -1;
}

/** The character that `\n`, `\"` … stand for, by the byte after the backslash; 0 for none. */
const SHORT_ESCAPES = new Uint8Array(256);
for (const [escape, character] of Object.entries({
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}))
  // prettier-ignore
  SHORT_ESCAPES[escape.charCodeAt(0)] = character.charCodeAt(0);

/** Four hexadecimal digits. */
function codeUnit(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; index < at + 4; index += 1) {
    const digit = HEX_DIGITS[bytes[index] as number] as number;
    if (digit === 255) return -1;
    value = (value << 4) | digit;
  }
  return value;
}

const HEX_DIGITS = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit += 1) {
  HEX_DIGITS[digit.toString(16).charCodeAt(0)] = digit;
  HEX_DIGITS[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** The code point of the escape at `at` (a surrogate pair takes two); negative for a lone surrogate. Assumes checked escapes. */
export function escapedCodePoint(bytes: Uint8Array, at: number): { readonly point: number; readonly size: number } {
  const short = SHORT_ESCAPES[bytes[at + 1] as number] as number;
  if (short !== 0) return { point: short, size: 2 };
  const high = codeUnit(bytes, at + 2);
  if (high < 0xd800 || high > 0xdfff) return { point: high, size: 6 };
  if (high < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75) {
    const low = codeUnit(bytes, at + 8);
    if (low >= 0xdc00 && low <= 0xdfff) return { point: 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), size: 12 };
  }
  return { point: -1, size: 6 };
}

/** Whether a checked string's content has a surrogate that is not half of a pair. */
export function hasLoneSurrogate(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    if (bytes[at] !== BACKSLASH) at += 1;
    else {
      const { point, size } = escapedCodePoint(bytes, at);
      if (point < 0) return true;
      at += size;
    }
  }
  return false;
}

const BASE64_VALUES = new Uint8Array(256).fill(255);
for (const [value, byte] of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").entries())
  BASE64_VALUES[byte] = value;

/** Decodes canonical base64 into `target` and gives the number of bytes; negative for any other text. */
export function decodeBase64(
  bytes: Uint8Array,
  [from, end]: readonly [from: number, end: number],
  target: Uint8Array,
  targetAt: number,
): number {
  if (end === from) return 0;
  if ((end - from) % 4 !== 0) return -1;
  let written = targetAt;
  const last = end - 4;
  for (let at = from; at < last; at += 4) {
    const a = BASE64_VALUES[bytes[at] as number] as number;
    const b = BASE64_VALUES[bytes[at + 1] as number] as number;
    const c = BASE64_VALUES[bytes[at + 2] as number] as number;
    const d = BASE64_VALUES[bytes[at + 3] as number] as number;
    if ((a | b | c | d) > 63) return -1;
    const bits = (a << 18) | (b << 12) | (c << 6) | d;
    target[written++] = bits >>> 16;
    target[written++] = bits >>> 8;
    target[written++] = bits;
  }
  const size = decodeLast(bytes, last, target, written);
  return size < 0 ? -1 : written - targetAt + size;
}

const PADDING = 0x3d;

/** The last four characters, which may be padded; the bits that padding leaves over must be zero. */
function decodeLast(bytes: Uint8Array, at: number, target: Uint8Array, targetAt: number): number {
  const isPadded = bytes[at + 3] === PADDING;
  const isPaddedTwice = isPadded && bytes[at + 2] === PADDING;
  const a = BASE64_VALUES[bytes[at] as number] as number;
  const b = BASE64_VALUES[bytes[at + 1] as number] as number;
  const c = isPaddedTwice ? 0 : (BASE64_VALUES[bytes[at + 2] as number] as number);
  const d = isPadded ? 0 : (BASE64_VALUES[bytes[at + 3] as number] as number);
  if ((a | b | c | d) > 63) return -1;
  const bits = (a << 18) | (b << 12) | (c << 6) | d;
  if ((isPaddedTwice && (bits & 0xffff) !== 0) || (isPadded && (bits & 0xff) !== 0)) return -1;
  const size = isPaddedTwice ? 1 : isPadded ? 2 : 3;
  for (let index = 0; index < size; index += 1) target[targetAt + index] = bits >>> (16 - 8 * index);
  return size;
}
