/** Thrift's compact protocol, as far as Parquet's metadata needs it (Thrift specification, "thrift-compact-protocol"). */
export class CompactWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  #at = 0;
  /** Field ids already written, one entry an open struct. */
  readonly #last: number[] = [];

  begin(): void {
    this.#last.push(0);
  }

  end(): void {
    this.#byte(0);
    this.#last.pop();
  }

  integer(id: number, type: "i32" | "i64", value: number): void {
    this.#field(id, type === "i32" ? 5 : 6);
    this.#varint(zigzag(value));
  }

  boolean(id: number, value: boolean): void {
    this.#field(id, value ? 1 : 2);
  }

  text(id: number, value: string): void {
    this.#field(id, 8);
    this.#string(value);
  }

  struct(id: number, write: () => void): void {
    this.#field(id, 12);
    this.element(write);
  }

  /** Structs as elements of a list. */
  element(write: () => void): void {
    this.begin();
    write();
    this.end();
  }

  list(id: number, elementType: "i32" | "text" | "struct", size: number): void {
    this.#field(id, 9);
    const type = { i32: 5, text: 8, struct: 12 }[elementType];
    if (size < 15) this.#byte((size << 4) | type);
    else {
      this.#byte(0xf0 | type);
      this.#varint(size);
    }
  }

  listInteger(value: number): void {
    this.#varint(zigzag(value));
  }

  listText(value: string): void {
    this.#string(value);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #field(id: number, type: number): void {
    const last = this.#last.at(-1) ?? 0;
    this.#last[this.#last.length - 1] = id;
    this.#byte(((id - last) << 4) | type);
  }

  #string(value: string): void {
    const body = Buffer.from(value, "utf8");
    this.#varint(body.length);
    this.#reserve(body.length);
    this.#bytes.set(body, this.#at);
    this.#at += body.length;
  }

  /** Of a whole number below 2^53: no bit operations, which stop at 32 bits. */
  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + size));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
