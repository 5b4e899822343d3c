/** Bytes of a variant, little-endian. Reading past their end fails with a RangeError. */
export class VariantBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A whole number of one to four bytes that is not negative. */
  unsigned(at: number, width: number): number {
    this.#check(at, at + width);
    let value = 0;
    for (let index = width - 1; index >= 0; index -= 1) value = value * 256 + (this.#bytes[at + index] ?? 0);
    return value;
  }

  /** A whole number in two's complement. */
  signed(at: number, width: number): bigint {
    this.#check(at, at + width);
    let value = 0n;
    for (let index = width - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(this.#bytes[at + index] ?? 0);
    return BigInt.asIntN(width * 8, value);
  }

  double(at: number): number {
    this.#check(at, at + 8);
    return this.#view.getFloat64(at, true);
  }

  /** The shortest number that is this one in single precision. */
  float(at: number): number {
    this.#check(at, at + 4);
    const value = this.#view.getFloat32(at, true);
    for (let digits = 1; digits < 9; digits += 1) {
      const shorter = Number(value.toPrecision(digits));
      if (Math.fround(shorter) === value) return shorter;
    }
    return value;
  }

  slice(start: number, end: number): Uint8Array {
    this.#check(start, end);
    return this.#bytes.subarray(start, end);
  }

  #check(start: number, end: number): void {
    if (start > end || end > this.#bytes.length) throw new RangeError("it is cut off or points beyond its end");
  }
}
