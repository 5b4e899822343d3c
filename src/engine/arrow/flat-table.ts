const OFFSET_BYTES = 4;

/**
 * A table of a FlatBuffer, read in place (https://flatbuffers.dev/internals/). A member that is not there has the default that the caller
 * gives. Places beyond the buffer fail with a RangeError, as `DataView` has it: whoever reads bytes of others catches that.
 */
export class FlatTableView {
  readonly #view: DataView;
  readonly #at: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  /** The root of a buffer. */
  static root(bytes: Uint8Array): FlatTableView {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTableView(view, view.getUint32(0, true));
  }

  byte(member: number, missing = 0): number {
    const at = this.#place(member);
    return at === undefined ? missing : this.#view.getInt8(at);
  }

  short(member: number, missing = 0): number {
    const at = this.#place(member);
    return at === undefined ? missing : this.#view.getInt16(at, true);
  }

  int(member: number, missing = 0): number {
    const at = this.#place(member);
    return at === undefined ? missing : this.#view.getInt32(at, true);
  }

  /** Sizes and counts; those that no buffer can have are not told apart. */
  long(member: number): number {
    const at = this.#place(member);
    return at === undefined ? 0 : Number(this.#view.getBigInt64(at, true));
  }

  text(member: number): string | undefined {
    const at = this.#target(member);
    if (at === undefined) return undefined;
    const { buffer, byteOffset } = this.#view;
    const length = this.#view.getUint32(at, true);
    return new TextDecoder().decode(new Uint8Array(buffer, byteOffset + at + OFFSET_BYTES, length));
  }

  table(member: number): FlatTableView | undefined {
    const at = this.#target(member);
    return at === undefined ? undefined : new FlatTableView(this.#view, at);
  }

  tables(member: number): readonly FlatTableView[] {
    const vector = this.#target(member);
    if (vector === undefined) return [];
    return Array.from({ length: this.#count(vector, OFFSET_BYTES) }, (_, index) => {
      const at = vector + OFFSET_BYTES * (1 + index);
      return new FlatTableView(this.#view, at + this.#view.getUint32(at, true));
    });
  }

  /** A vector of structs, each of two 64-bit numbers. */
  pairs(member: number): readonly (readonly [number, number])[] {
    const vector = this.#target(member);
    if (vector === undefined) return [];
    return Array.from({ length: this.#count(vector, 16) }, (_, index) => {
      const at = vector + OFFSET_BYTES + 16 * index;
      return [Number(this.#view.getBigInt64(at, true)), Number(this.#view.getBigInt64(at + 8, true))] as const;
    });
  }

  #count(vector: number, each: number): number {
    const count = this.#view.getUint32(vector, true);
    if (count * each > this.#view.byteLength) throw new RangeError("a vector is longer than its buffer");
    return count;
  }

  #place(member: number): number | undefined {
    const layout = this.#at - this.#view.getInt32(this.#at, true);
    const entry = OFFSET_BYTES + 2 * member;
    if (entry >= this.#view.getUint16(layout, true)) return undefined;
    const place = this.#view.getUint16(layout + entry, true);
    return place === 0 ? undefined : this.#at + place;
  }

  #target(member: number): number | undefined {
    const at = this.#place(member);
    return at === undefined ? undefined : at + this.#view.getUint32(at, true);
  }
}
