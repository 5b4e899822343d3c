/**
 * Definition or repetition levels as runs of the RLE / bit-packed hybrid (Parquet format, "Encodings").
 * Only RLE runs are written: a column that is always or never there costs a few bytes for any number of rows.
 */
export class LevelRuns {
  #bytes: Uint8Array = new Uint8Array(64);
  #at = 4;
  #level = 0;
  #length = 0;

  add(level: number, times: number): void {
    if (level === this.#level) this.#length += times;
    else this.#change(level, times);
  }

  /** The levels of a data page: their size in four bytes, then the runs. Starts over. */
  take(): Uint8Array {
    this.#change(0, 0);
    const size = this.#at - 4;
    const levels = this.#bytes.slice(0, this.#at);
    new DataView(levels.buffer).setInt32(0, size, true);
    this.#at = 4;
    return levels;
  }

  #change(level: number, times: number): void {
    if (this.#at + 6 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    if (this.#length > 0) {
      let rest = this.#length * 2;
      while (rest >= 0x80) {
        this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      this.#bytes[this.#at++] = rest;
      this.#bytes[this.#at++] = this.#level;
    }
    this.#level = level;
    this.#length = times;
  }
}
