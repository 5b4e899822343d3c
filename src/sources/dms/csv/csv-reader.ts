import { isUtf8 } from "node:buffer";

/** How records and fields are told apart; RFC 4180 where `quoted`. */
export interface CsvFormat {
  readonly delimiter: Uint8Array;
  readonly rowDelimiter: Uint8Array;
  /** Whether a field that begins with a quotation mark goes on to the next single one. */
  readonly quoted: boolean;
}

/** One record; valid until the sink returns, and then used again for the next. */
export interface CsvRecord {
  readonly bytes: Uint8Array;
  /** The record as it stands, from `start` to before its row delimiter. */
  readonly start: number;
  readonly end: number;
  readonly fields: number;
  /** Of each field's content, without its quotation marks. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 0 where the field stood without quotation marks, 1 with them, 2 where there are doubled ones inside. */
  readonly quotes: Uint8Array;
  /** Of the record, from 1, counting broken ones. */
  readonly number: number;
  readonly line: number;
  readonly byteOffset: number;
}

export interface CsvPlace {
  /** Row delimiters before it, plus one. */
  readonly line: number;
  /** Of the uncompressed file. */
  readonly byteOffset: number;
}

export interface CsvSink {
  record(record: CsvRecord): void;
  /** What is no record; the bytes are without the row delimiter, and valid until it returns. */
  broken(reason: string, raw: Uint8Array, place: CsvPlace): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function rawBytes({ bytes, start, end }: CsvRecord): Uint8Array {
  return bytes.subarray(start, end);
}

/** No row of DMS comes near (large objects are cut at a limit of megabytes); a quotation mark that is never closed does. */
const RECORD_BYTES_MAX = 64 * 1_048_576;
const QUOTE = 0x22;
const INCOMPLETE = -1;
const BROKEN = -2;

/**
 * Cuts a stream of bytes into records. Nothing is lost in silence: every byte is in a record, in a broken piece, or is a delimiter.
 * After a broken piece it goes on behind the next row delimiter, so that one bad quotation mark does not swallow what follows.
 */
export class CsvReader {
  readonly #format: CsvFormat;
  readonly #sink: CsvSink;
  #bytes = new Uint8Array(4_096);
  #used = 0;
  /** Of the file, where the buffer begins. */
  #base = 0;
  #line = 1;
  #number = 0;
  #fields = 0;
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #quotes = new Uint8Array(64);
  /** Whether a field of the record is quoted: row delimiters may be inside. */
  #isQuoted = false;
  readonly #record: Mutable<CsvRecord> = {
    bytes: this.#bytes,
    start: 0,
    end: 0,
    fields: 0,
    starts: this.#starts,
    ends: this.#ends,
    quotes: this.#quotes,
    number: 0,
    line: 1,
    byteOffset: 0,
  };
  #failedAt = 0;
  #reason = "";

  constructor(format: CsvFormat, sink: CsvSink) {
    this.#format = format;
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    this.#append(chunk);
    this.#scan(false);
  }

  /** The last record may lack its row delimiter. */
  end(): void {
    this.#scan(true);
  }

  #scan(isLast: boolean): void {
    const isText = isUtf8(this.#bytes.subarray(0, isLast ? this.#used : this.#wholeLines()));
    let at = 0;
    while (at < this.#used) {
      let next = this.#parse(at, isLast);
      if (next === INCOMPLETE && this.#used - at > RECORD_BYTES_MAX) {
        next = BROKEN;
        this.#failedAt = at;
        this.#reason = `the record is longer than ${RECORD_BYTES_MAX} bytes: a quotation mark is not closed`;
      }
      if (next === BROKEN) {
        next = this.#skip(at, isLast);
        if (next === INCOMPLETE) break;
      } else if (next === INCOMPLETE) break;
      else this.#deliver(at, next, isText);
      at = next;
    }
    this.#bytes.copyWithin(0, at, this.#used);
    this.#used -= at;
    this.#base += at;
  }

  #deliver(start: number, next: number, isText: boolean): void {
    const record = this.#record;
    const last = this.#fields - 1;
    record.bytes = this.#bytes;
    record.fields = this.#fields;
    record.starts = this.#starts;
    record.ends = this.#ends;
    record.quotes = this.#quotes;
    record.start = start;
    record.end = (this.#ends[last] ?? start) + (this.#quotes[last] === 0 ? 0 : 1);
    record.line = this.#line;
    record.byteOffset = this.#base + start;
    record.number = ++this.#number;
    this.#line += this.#isQuoted ? this.#rowDelimiters(start, next) : 1;
    if (isText || isUtf8(rawBytes(record))) this.#sink.record(record);
    else this.#sink.broken("it is not UTF-8", rawBytes(record), { line: record.line, byteOffset: record.byteOffset });
  }

  /** Over a broken record: to behind the next row delimiter after where it failed. */
  #skip(start: number, isLast: boolean): number {
    const delimiter = this.#rowDelimiterFrom(this.#failedAt);
    if (delimiter < 0 && !isLast) return INCOMPLETE;
    const end = delimiter < 0 ? this.#used : delimiter;
    const next = delimiter < 0 ? this.#used : delimiter + this.#format.rowDelimiter.length;
    const place = { line: this.#line, byteOffset: this.#base + start };
    this.#number += 1;
    this.#line += this.#rowDelimiters(start, next);
    this.#sink.broken(this.#reason, this.#bytes.subarray(start, end), place);
    return next;
  }

  /** The fields of the record that begins at `start`; gives where the next one begins. */
  #parse(start: number, isLast: boolean): number {
    const { quoted } = this.#format;
    let at = start;
    this.#fields = 0;
    this.#isQuoted = false;
    for (;;) {
      const end = quoted && at < this.#used && this.#bytes[at] === QUOTE ? this.#quotedField(at, isLast, start) : this.#plainField(at, isLast); // prettier-ignore
      if (end < 0) return end;
      if (end >= this.#used) return this.#used;
      if (this.#isAt(end, this.#format.delimiter)) at = end + this.#format.delimiter.length;
      else if (this.#isAt(end, this.#format.rowDelimiter)) return end + this.#format.rowDelimiter.length;
      else if (!isLast && end + this.#longest() > this.#used) return INCOMPLETE;
      else {
        this.#failedAt = end;
        this.#reason = "text follows the closing quotation mark of a field";
        return BROKEN;
      }
    }
  }

  #quotedField(start: number, isLast: boolean, recordStart: number): number {
    let quotes = 1;
    let at = start + 1;
    for (;;) {
      at = this.#bytes.indexOf(QUOTE, at);
      if (at < 0 || at >= this.#used) {
        if (!isLast) return INCOMPLETE;
        // Everything behind it would be one field: only its first line is given up.
        this.#failedAt = recordStart;
        this.#reason = "the quotation mark of a field is not closed";
        return BROKEN;
      }
      if (at + 1 >= this.#used && !isLast) return INCOMPLETE;
      if (at + 1 >= this.#used || this.#bytes[at + 1] !== QUOTE) break;
      quotes = 2;
      at += 2;
    }
    this.#isQuoted = true;
    this.#add(start + 1, at, quotes);
    return at + 1;
  }

  #plainField(start: number, isLast: boolean): number {
    const bytes = this.#bytes;
    const used = this.#used;
    const { delimiter, rowDelimiter } = this.#format;
    const [first, rowFirst] = [delimiter[0], rowDelimiter[0]];
    const isSimple = delimiter.length === 1 && rowDelimiter.length === 1;
    let at = start;
    for (; at < used; at += 1) {
      const byte = bytes[at];
      if (byte !== first && byte !== rowFirst) continue;
      if (isSimple || this.#isAt(at, delimiter) || this.#isAt(at, rowDelimiter)) break;
      // Half a delimiter at the end of what is there.
      if (!isLast && at + this.#longest() > used) return INCOMPLETE;
    }
    if (at >= used && !isLast) return INCOMPLETE;
    this.#add(start, at, 0);
    return at;
  }

  #add(start: number, end: number, quotes: number): void {
    const index = this.#fields;
    if (index === this.#starts.length) this.#grow();
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#quotes[index] = quotes;
    this.#fields = index + 1;
  }

  #grow(): void {
    const size = this.#starts.length * 2;
    const [starts, ends, quotes] = [new Int32Array(size), new Int32Array(size), new Uint8Array(size)];
    starts.set(this.#starts);
    ends.set(this.#ends);
    quotes.set(this.#quotes);
    this.#starts = starts;
    this.#ends = ends;
    this.#quotes = quotes;
  }

  #isAt(at: number, delimiter: Uint8Array): boolean {
    if (at + delimiter.length > this.#used) return false;
    for (let index = 0; index < delimiter.length; index += 1) {
      if (this.#bytes[at + index] !== delimiter[index]) return false;
    }
    return true;
  }

  #longest(): number {
    return Math.max(this.#format.delimiter.length, this.#format.rowDelimiter.length);
  }

  #rowDelimiterFrom(start: number): number {
    const first = this.#format.rowDelimiter[0] ?? 0;
    for (
      let at = this.#bytes.indexOf(first, start);
      at >= 0 && at < this.#used;
      at = this.#bytes.indexOf(first, at + 1)
    ) {
      if (this.#isAt(at, this.#format.rowDelimiter)) return at;
    }
    return -1;
  }

  #rowDelimiters(start: number, end: number): number {
    let count = 0;
    const size = this.#format.rowDelimiter.length;
    for (let at = this.#rowDelimiterFrom(start); at >= 0 && at < end; at = this.#rowDelimiterFrom(at + size))
      count += 1;
    return count;
  }

  /** Where the last whole line ends: no character is cut there. */
  #wholeLines(): number {
    const last = this.#format.rowDelimiter.at(-1) ?? 0;
    return this.#used === 0 ? 0 : this.#bytes.lastIndexOf(last, this.#used - 1) + 1;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#used);
    this.#used += chunk.length;
  }
}
