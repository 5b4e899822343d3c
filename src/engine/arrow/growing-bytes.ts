/** Bytes that become more, in one buffer of at least twice the room when they are too many. */
export class GrowingBytes {
  #bytes = new Uint8Array(0);
  length = 0;

  /** Zero bytes at the end, to be filled in. The view is good until more are asked for. */
  grow(count: number): Uint8Array {
    const start = this.length;
    const end = start + count;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length, 1024));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    this.length = end;
    return this.#bytes.subarray(start, end);
  }

  push(bytes: Uint8Array): void {
    this.grow(bytes.length).set(bytes);
  }

  /** All of them; valid until the next change. */
  get all(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Begins anew, in the same room. */
  clear(): void {
    this.#bytes.fill(0, 0, this.length);
    this.length = 0;
  }
}

/** Bits that become more, the least significant one first. */
export class GrowingBits {
  readonly #bytes = new GrowingBytes();
  length = 0;

  /** So many bits of the same value. */
  fill(isSet: boolean, count: number): void {
    const from = this.length;
    const bytes = this.#room(count);
    if (!isSet) return;
    const to = this.length;
    let at = from;
    for (; at < to && (at & 7) !== 0; at += 1) set(bytes, at);
    const whole = to >> 3;
    if (at >> 3 < whole) {
      bytes.fill(255, at >> 3, whole);
      at = whole << 3;
    }
    for (; at < to; at += 1) set(bytes, at);
  }

  /** The bits `start` to `start + count` of others. Returns how many of them are set. */
  copy(bits: Uint8Array, start: number, count: number): number {
    const from = this.length;
    const bytes = this.#room(count);
    let ones = 0;
    for (let index = 0; index < count; index += 1) {
      const at = start + index;
      if (((bits[at >> 3] ?? 0) & (1 << (at & 7))) === 0) continue;
      ones += 1;
      set(bytes, from + index);
    }
    return ones;
  }

  /** One bit for each byte that is not zero. */
  ofBytes(values: Uint8Array): void {
    const from = this.length;
    const bytes = this.#room(values.length);
    for (let index = 0; index < values.length; index += 1) if (values[index] !== 0) set(bytes, from + index);
  }

  get all(): Uint8Array {
    return this.#bytes.all;
  }

  clear(): void {
    this.#bytes.clear();
    this.length = 0;
  }

  #room(count: number): Uint8Array {
    this.length += count;
    this.#bytes.grow(Math.ceil(this.length / 8) - this.#bytes.length);
    return this.#bytes.all;
  }
}

function set(bytes: Uint8Array, at: number): void {
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
}
