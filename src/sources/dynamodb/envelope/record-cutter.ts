import { NEWLINE, OPEN_BRACE, valueEnd } from "../scan/json-bytes.ts";

/** What is done with what was cut. */
export interface RecordSink {
  /**
   * A JSON object between `start` and `end`, by its brackets, without a line break in it; `offset` is its place in the file.
   * Gives why it is no record, or undefined.
   */
  record(bytes: Uint8Array, start: number, end: number, offset: number): string | undefined;
  /** Bytes that are no record. */
  refuse(bytes: Uint8Array, offset: number, reason: string): void;
}

/** Firehose takes records of 1,000 KiB; escaped, or joined by a transformation, they do not come near this. */
const RECORD_BYTES_MAX = 16 * 1_048_576;

/**
 * Cuts a stream of bytes into JSON objects, whether they stand back to back or one a line. What is no record is given up to the end of its
 * line, or to the next object in it, so that those behind it are found again. Holds one record and one chunk.
 */
export class RecordCutter {
  readonly #sink: RecordSink;
  #rest: Buffer = Buffer.alloc(0);
  /** Of the first byte of the rest, in the file. */
  #offset = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    this.#cut(false);
  }

  end(): void {
    this.#cut(true);
  }

  #cut(isLast: boolean): void {
    const bytes = this.#rest;
    let at = behindBlanks(bytes, 0);
    while (at < bytes.length) {
      const mayWait = !isLast && bytes.length - at < RECORD_BYTES_MAX;
      const next = bytes[at] === OPEN_BRACE ? this.#object(bytes, at, mayWait) : this.#other(bytes, at, mayWait);
      if (next < 0) break;
      at = behindBlanks(bytes, next);
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    this.#offset += at;
  }

  /** The position behind what begins with a brace; -1 when more is needed to tell. */
  #object(bytes: Buffer, at: number, mayWait: boolean): number {
    const end = valueEnd(bytes, at);
    if (end < 0 && mayWait) return -1;
    const line = end < 0 ? undefined : oneLine(bytes, at, end);
    const reason = line === undefined ? "the record has no end" : this.#record(line, at);
    if (reason === undefined) return end;
    const newline = bytes.indexOf(NEWLINE, at);
    const behind = end >= 0 && (newline < 0 || newline >= end) ? end : newline < 0 ? bytes.length : newline;
    this.#sink.refuse(bytes.subarray(at, behind), this.#offset + at, reason);
    return behind;
  }

  #record({ bytes, start, end }: Line, at: number): string | undefined {
    return this.#sink.record(bytes, start, end, this.#offset + at);
  }

  #other(bytes: Buffer, at: number, mayWait: boolean): number {
    let end = at + 1;
    while (end < bytes.length && bytes[end] !== NEWLINE && bytes[end] !== OPEN_BRACE) end += 1;
    if (end === bytes.length && mayWait) return -1;
    this.#sink.refuse(bytes.subarray(at, end), this.#offset + at, "the file has something else between records");
    return end;
  }
}

interface Line {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The object as one line; undefined where a line breaks in the middle of a string, which is no JSON. */
function oneLine(bytes: Buffer, start: number, end: number): Line | undefined {
  const object = bytes.subarray(start, end);
  if (!object.includes(NEWLINE) && !object.includes(0x0d)) return { bytes, start, end };
  try {
    JSON.parse(object.toString("utf8"));
  } catch {
    return undefined;
  }
  // Outside of strings a break is a blank like any other.
  const line = Uint8Array.from(object, (byte) => (byte === NEWLINE || byte === 0x0d ? 0x20 : byte));
  return { bytes: line, start: 0, end: line.length };
}

function behindBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d || bytes[at] === NEWLINE) at += 1;
  return at;
}
