import { assert, parseJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import type { FileStats } from "./parse-stats.ts";

/** Where a JSON value stands in some bytes. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const COMMA = 44;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const BLANK_MAX = 32;

const decoder = new TextDecoder();

/** A column whose statistics are looked for: its name as it stands in JSON, with quotes. */
export interface ScannedColumn {
  readonly name: string;
  readonly quoted: Uint8Array;
}

export function scannedColumn(name: string): ScannedColumn {
  return { name, quoted: Buffer.from(JSON.stringify(name)) };
}

/**
 * What statistics (Delta PROTOCOL, "Per-file Statistics") say of some top-level columns, without parsing what they say of the others:
 * a large table has millions of them. undefined for text of another form than writers give it: blanks between its parts, names with
 * escapes, or no JSON at all. Then `parseStats` tells.
 */
export function scanStats(bytes: Uint8Array, span: Span, columns: readonly ScannedColumn[]): FileStats | undefined {
  try {
    return scan(bytes, span, columns);
  } catch {
    // A value that is no JSON: the other one says what becomes of the whole.
    return undefined;
  }
}

function scan(bytes: Uint8Array, { start, end }: Span, columns: readonly ScannedColumn[]): FileStats | undefined {
  let numRecords: JsonValue = null;
  let minValues: JsonObject = NOTHING;
  let maxValues: JsonObject = NOTHING;
  let nullCount: JsonObject = NOTHING;
  let at = start;
  do {
    const nameEnd = memberNameEnd(bytes, at, end);
    const behind = valueEnd(bytes, nameEnd + 1, end);
    if (nameEnd < 0 || behind < 0) return undefined;
    const value = { start: nameEnd + 1, end: behind };
    const name = { start: at + 1, end: nameEnd };
    if (isText(bytes, name, MIN_VALUES)) minValues = sectionOf(bytes, value, columns);
    else if (isText(bytes, name, MAX_VALUES)) maxValues = sectionOf(bytes, value, columns);
    else if (isText(bytes, name, NULL_COUNT)) nullCount = sectionOf(bytes, value, columns);
    else if (isText(bytes, name, NUM_RECORDS)) numRecords = valueOf(bytes, value);
    at = behind;
  } while (bytes[at] === COMMA);
  if (bytes[at] !== CLOSE_BRACE || at !== end - 1) return undefined;
  const isCount = typeof numRecords === "number" && Number.isSafeInteger(numRecords) && numRecords >= 0;
  return isCount
    ? { numRecords: numRecords as number, tightBounds: false, minValues, maxValues, nullCount }
    : { tightBounds: false, minValues, maxValues, nullCount };
}

const NOTHING: JsonObject = {};
const NUM_RECORDS = scannedColumn("numRecords").quoted;
const MIN_VALUES = scannedColumn("minValues").quoted;
const MAX_VALUES = scannedColumn("maxValues").quoted;
const NULL_COUNT = scannedColumn("nullCount").quoted;

/** Members of the wanted names, as far as they are needed. What is no object has none; one of another form fails. */
function sectionOf(bytes: Uint8Array, { start, end }: Span, columns: readonly ScannedColumn[]): JsonObject {
  const found: JsonObject = {};
  if (bytes[start] !== OPEN_BRACE || bytes[start + 1] === CLOSE_BRACE) return found;
  let left = columns.length;
  let at = start;
  do {
    const nameEnd = memberNameEnd(bytes, at, end);
    const behind = valueEnd(bytes, nameEnd + 1, end);
    assert(nameEnd > 0 && behind > 0, "members of statistics follow each other");
    for (const { name, quoted } of columns) {
      if (!isText(bytes, { start: at + 1, end: nameEnd }, quoted)) continue;
      setOwn(found, name, valueOf(bytes, { start: nameEnd + 1, end: behind }));
      left -= 1;
    }
    at = behind;
  } while (left > 0 && bytes[at] === COMMA);
  return found;
}

/** A column may be called `__proto__`. */
function setOwn(object: JsonObject, name: string, value: JsonValue): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

/** Where the colon is, behind the name of the member behind an opening brace or a comma; -1: it is of another form. */
function memberNameEnd(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== OPEN_BRACE && bytes[at] !== COMMA) return -1;
  const nameEnd = plainStringEnd(bytes, at + 1, end);
  return bytes[nameEnd] === COLON ? nameEnd : -1;
}

/** Behind a string without escapes. */
function plainStringEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== QUOTE) return -1;
  for (let at = start + 1; at < end; at += 1) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) return -1;
  }
  return -1;
}

function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) at += 1;
  }
  return -1;
}

/** Behind a value: where the comma is, or the end of what it stands in. */
function valueEnd(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (depth === 0 && (byte === COMMA || isCloser(byte))) return at > start ? at : -1;
    if (byte === QUOTE) {
      at = stringEnd(bytes, at, end) - 1;
      if (at < 0) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
    } else if (isCloser(byte)) {
      depth -= 1;
    } else if (byte <= BLANK_MAX) {
      return -1;
    }
  }
  return -1;
}

function isCloser(byte: number): boolean {
  return byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
}

function isText(bytes: Uint8Array, { start, end }: Span, text: Uint8Array): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text[at]) return false;
  return true;
}

/** Digits of a number that is read here; more might not be whole below 2^53. */
const DIGITS_MAX = 15;
const ZERO = 48;
const NINE = 57;
const MINUS = 45;

function valueOf(bytes: Uint8Array, { start, end }: Span): JsonValue {
  return wholeNumber(bytes, start, end) ?? parseJson(decoder.decode(bytes.subarray(start, end)));
}

/** undefined for anything but the few digits that most values are. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  const first = bytes[start] === MINUS ? start + 1 : start;
  if (end === first || end - first > DIGITS_MAX || (bytes[first] === ZERO && end - start > 1)) return undefined;
  let value = 0;
  for (let at = first; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) return undefined;
    value = value * 10 + byte - ZERO;
  }
  return first === start ? value : -value;
}
