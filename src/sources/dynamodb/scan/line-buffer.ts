import { NEWLINE, SLACK_BYTES } from "./json-bytes.ts";

/** Far above any record of DynamoDB (two images of 400 KB, every character escaped). */
const LINE_BYTES_MAX = 16 * 1_048_576;

/** What is kept of a longer line. */
const BEGINNING_BYTES = 1_048_576;

/** What is done with lines. */
export interface LineSink {
  /** Whole lines: `bytes[end - 1]` is a newline, and `SLACK_BYTES` of room lie behind `end`. */
  scan(bytes: Uint8Array, end: number): void;
  /** A line that was too long to be kept; its newline does not count. */
  skip(beginning: Uint8Array, sizeBytes: number, reason: string): void;
}

/** Cuts a stream of bytes into whole lines; keeps no more than one line and one chunk. */
export class LineBuffer {
  readonly #sink: LineSink;
  #bytes = new Uint8Array(1_048_576 + SLACK_BYTES);
  #used = 0;
  /** Bytes of a line that is too long, the beginning of which is in the buffer. */
  #skipped = 0;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#skipped > 0) {
      const end = rest.indexOf(NEWLINE);
      this.#skipped += end < 0 ? rest.length : end;
      if (end < 0) return;
      this.#endSkipped();
      rest = rest.subarray(end + 1);
    }
    this.#append(rest);
    const end = rest.lastIndexOf(NEWLINE);
    if (end >= 0) this.#scan(this.#used - rest.length + end + 1);
    if (this.#used > LINE_BYTES_MAX) {
      this.#skipped = this.#used;
      this.#used = 0;
    }
  }

  /** The last line may lack its newline. */
  end(): void {
    if (this.#skipped > 0) this.#endSkipped();
    if (this.#used === 0) return;
    this.#append(Uint8Array.of(NEWLINE));
    this.#scan(this.#used);
  }

  /** Bytes of the line that has not ended yet. */
  get pendingBytes(): number {
    return this.#skipped + this.#used;
  }

  #scan(end: number): void {
    this.#sink.scan(this.#bytes, end);
    this.#bytes.copyWithin(0, end, this.#used);
    this.#used -= end;
  }

  #endSkipped(): void {
    const reason = `the line is longer than ${LINE_BYTES_MAX} bytes`;
    this.#sink.skip(this.#bytes.subarray(0, BEGINNING_BYTES), this.#skipped, reason);
    this.#skipped = 0;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length + SLACK_BYTES;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#used);
    this.#used += chunk.length;
  }
}
