import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  stringEnd,
  valueEnd,
} from "../scan/json-bytes.ts";
import type { JsonItems } from "./table-client.ts";

/** Start and end of a value in a buffer. */
export type Place = readonly [start: number, end: number];

/** Bytes that are no JSON of the form that was expected. The message says where. */
export class JsonFormError extends Error {}

/** The members of the object that starts at `start`, by name as spelt (names with escapes are not looked for by anybody). */
export function* membersAt(bytes: Uint8Array, start: number): Generator<readonly [name: string, place: Place]> {
  let at = skipSpace(bytes, expect(bytes, skipSpace(bytes, start), OPEN_BRACE));
  while (bytes[at] !== CLOSE_BRACE) {
    const nameEnd = bytes[at] === QUOTE ? stringEnd(bytes, at + 1) : -1;
    if (nameEnd < 0) throw unexpected(at);
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, nameEnd - at - 1).toString("utf8");
    const from = skipSpace(bytes, expect(bytes, skipSpace(bytes, nameEnd + 1), COLON));
    const end = valueEnd(bytes, from);
    if (end < 0) throw unexpected(from);
    yield [name, [from, end]];
    at = behind(bytes, end, CLOSE_BRACE);
  }
}

/** The elements of the array that starts at `start`. */
export function itemsAt(bytes: Uint8Array, start: number): JsonItems {
  const places: number[] = [];
  let at = skipSpace(bytes, expect(bytes, skipSpace(bytes, start), OPEN_BRACKET));
  while (bytes[at] !== CLOSE_BRACKET) {
    const end = valueEnd(bytes, at);
    if (end < 0) throw unexpected(at);
    places.push(at, end);
    at = behind(bytes, end, CLOSE_BRACKET);
  }
  return { bytes, places };
}

/** The text of a JSON string's content that needs no unescaping, such as an identifier. */
export function plainText(bytes: Uint8Array, [start, end]: Place): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
  return JSON.parse(text) as string;
}

/** The position behind a value and the comma after it, or that of `close`. */
function behind(bytes: Uint8Array, end: number, close: number): number {
  const at = skipSpace(bytes, end);
  if (bytes[at] === close) return at;
  const next = skipSpace(bytes, expect(bytes, at, COMMA));
  if (bytes[next] === close) throw unexpected(next);
  return next;
}

function expect(bytes: Uint8Array, at: number, byte: number): number {
  if (bytes[at] !== byte) throw unexpected(at);
  return at + 1;
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return at;
}

function unexpected(at: number): JsonFormError {
  return new JsonFormError(`the answer is no JSON of the expected form at byte ${at}`);
}
