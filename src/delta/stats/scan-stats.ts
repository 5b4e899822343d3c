import { parseJson, type JsonValue } from "../../base/index.ts";
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
 * What statistics (Delta PROTOCOL, "Per-file Statistics") say of some top-level columns, without parsing what they say of the others.
 * undefined for text of another form than writers give it: blanks between its parts, names with escapes, or no JSON at all. Then
 * `parseStats` tells.
 */
export function scanStats(bytes: Uint8Array, span: Span, columns: readonly ScannedColumn[]): FileStats | undefined {
  try {
    return scan(bytes, span, columns);
  } catch {
    // A value that is no JSON: the other one says what becomes of the whole.
    return undefined;
  }
}

function scan(bytes: Uint8Array, span: Span, columns: readonly ScannedColumn[]): FileStats | undefined {
  const members = new Map<ScannedColumn, Span>();
  const end = eachMember(bytes, span, (name, value) => {
    const section = SECTIONS.find(({ quoted }) => isText(bytes, name, quoted));
    if (section !== undefined) members.set(section, value);
  });
  if (end !== span.end) return undefined;
  const [records, ...sections] = SECTIONS.map((section) => members.get(section));
  const [minValues, maxValues, nullCount] = sections.map((section) => sectionOf(bytes, section, columns));
  if (minValues === undefined || maxValues === undefined || nullCount === undefined) return undefined;
  const numRecords = records === undefined ? undefined : valueOf(bytes, records);
  const isCount = typeof numRecords === "number" && Number.isSafeInteger(numRecords) && numRecords >= 0;
  return { ...(isCount ? { numRecords } : {}), tightBounds: false, minValues, maxValues, nullCount };
}

const SECTIONS: readonly ScannedColumn[] = ["numRecords", "minValues", "maxValues", "nullCount"].map(scannedColumn);

/** Members of the wanted names; undefined where the text is of another form. A section that is missing, or no object, has none. */
function sectionOf(
  bytes: Uint8Array,
  span: Span | undefined,
  columns: readonly ScannedColumn[],
): Record<string, JsonValue> | undefined {
  const found: Record<string, JsonValue> = {};
  if (span === undefined || bytes[span.start] !== OPEN_BRACE) return found;
  const end = eachMember(bytes, span, (name, value) => {
    for (const column of columns) {
      if (isText(bytes, name, column.quoted)) defineOwn(found, column.name, valueOf(bytes, value));
    }
  });
  return end === span.end ? found : undefined;
}

/** A column may be called `__proto__`. */
function defineOwn(object: Record<string, JsonValue>, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

/** Visits the members of an object, and gives the place behind it; -1: it is of another form. */
function eachMember(bytes: Uint8Array, span: Span, visit: (name: Span, value: Span) => void): number {
  let at = span.start;
  if (bytes[at] !== OPEN_BRACE) return -1;
  at += 1;
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  while (at < span.end) {
    const name = { start: at, end: plainStringEnd(bytes, at, span.end) };
    if (name.end < 0 || bytes[name.end] !== COLON) return -1;
    const value = { start: name.end + 1, end: valueEnd(bytes, name.end + 1, span.end) };
    if (value.end < 0) return -1;
    visit(name, value);
    at = value.end + 1;
    if (bytes[value.end] === CLOSE_BRACE) return at;
    if (bytes[value.end] !== COMMA) return -1;
  }
  return -1;
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

function textOf(bytes: Uint8Array, { start, end }: Span): string {
  return decoder.decode(bytes.subarray(start, end));
}

function valueOf(bytes: Uint8Array, span: Span): JsonValue {
  return parseJson(textOf(bytes, span));
}
