/**
 * FlatBuffers, as far as Arrow's messages need them: tables whose members are scalars, texts, tables, and vectors of tables or of
 * structs of 64-bit numbers (https://flatbuffers.dev/internals/). Numbers are whole and below 2^53.
 */
export type FlatMember =
  | { readonly bytes: 1 | 2 | 4 | 8; readonly value: number }
  | { readonly text: string }
  | { readonly table: FlatTable }
  | { readonly tables: readonly FlatTable[] }
  /** A vector of structs, each of so many 64-bit numbers. */
  | { readonly longs: readonly number[]; readonly each: number };

/** Members by their places in the schema; one that is left out has its default. */
export type FlatTable = readonly (FlatMember | undefined)[];

const OFFSET_BYTES = 4;
const ALIGNMENT = 8;

/** A finished buffer with one root table, padded to 8 bytes. */
export function encodeFlatBuffer(root: FlatTable): Uint8Array {
  const encoder = new Encoder();
  const at = encoder.reserve(OFFSET_BYTES, ALIGNMENT);
  encoder.pointTo(at, encoder.table(root));
  return encoder.finished();
}

/** Writes from front to back: whatever a table refers to comes after it, and its place is filled in then. */
class Encoder {
  #view = new DataView(new ArrayBuffer(1024));
  #length = 0;

  /** Room of so many zero bytes; `before` bytes of it may stand in front of the aligned place. */
  reserve(bytes: number, alignment: number, before = 0): number {
    const misaligned = (this.#length + before) % alignment;
    const at = this.#length + (misaligned === 0 ? 0 : alignment - misaligned);
    this.#length = at + bytes;
    if (this.#length > this.#view.byteLength) this.#grow();
    return at;
  }

  /** Offsets lead forwards from the place where they stand. */
  pointTo(at: number, target: number): void {
    this.#view.setUint32(at, target - at, true);
  }

  table(members: FlatTable): number {
    const places: number[] = [];
    let inline = OFFSET_BYTES;
    for (const member of members) {
      const bytes = member === undefined ? 0 : "bytes" in member ? member.bytes : OFFSET_BYTES;
      if (bytes > 0) inline = Math.ceil(inline / bytes) * bytes;
      places.push(bytes === 0 ? 0 : inline);
      inline += bytes;
    }
    const layout = this.reserve(OFFSET_BYTES + 2 * members.length, 2);
    const table = this.reserve(inline, ALIGNMENT);
    this.#view.setInt32(table, table - layout, true);
    this.#view.setUint16(layout, OFFSET_BYTES + 2 * members.length, true);
    this.#view.setUint16(layout + 2, inline, true);
    places.forEach((place, index) => this.#view.setUint16(layout + OFFSET_BYTES + 2 * index, place, true));
    members.forEach((member, index) => {
      if (member !== undefined) this.#member(table + (places[index] ?? 0), member);
    });
    return table;
  }

  finished(): Uint8Array {
    this.reserve(0, ALIGNMENT);
    return new Uint8Array(this.#view.buffer, 0, this.#length);
  }

  #member(at: number, member: FlatMember): void {
    if ("bytes" in member) this.#scalar(at, member);
    else if ("text" in member) this.pointTo(at, this.#text(member.text));
    else if ("table" in member) this.pointTo(at, this.table(member.table));
    else if ("tables" in member) this.#tables(at, member.tables);
    else this.pointTo(at, this.#longs(member.longs, member.each));
  }

  #scalar(at: number, { bytes, value }: { bytes: 1 | 2 | 4 | 8; value: number }): void {
    if (bytes === 1) this.#view.setInt8(at, value);
    else if (bytes === 2) this.#view.setInt16(at, value, true);
    else if (bytes === 4) this.#view.setInt32(at, value, true);
    else this.#view.setBigInt64(at, BigInt(value), true);
  }

  #text(text: string): number {
    const bytes = new TextEncoder().encode(text);
    // A zero byte ends it, which its length does not count.
    const at = this.reserve(OFFSET_BYTES + bytes.length + 1, OFFSET_BYTES);
    this.#view.setUint32(at, bytes.length, true);
    new Uint8Array(this.#view.buffer).set(bytes, at + OFFSET_BYTES);
    return at;
  }

  #tables(at: number, tables: readonly FlatTable[]): void {
    const vector = this.reserve(OFFSET_BYTES * (1 + tables.length), OFFSET_BYTES);
    this.pointTo(at, vector);
    this.#view.setUint32(vector, tables.length, true);
    tables.forEach((table, index) => this.pointTo(vector + OFFSET_BYTES * (1 + index), this.table(table)));
  }

  #longs(values: readonly number[], each: number): number {
    // The numbers are aligned, not the count before them.
    const at = this.reserve(OFFSET_BYTES + 8 * values.length, ALIGNMENT, OFFSET_BYTES);
    this.#view.setUint32(at, values.length / each, true);
    values.forEach((value, index) => this.#view.setBigInt64(at + OFFSET_BYTES + 8 * index, BigInt(value), true));
    return at;
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(this.#length, 2 * this.#view.byteLength));
    bytes.set(new Uint8Array(this.#view.buffer));
    this.#view = new DataView(bytes.buffer);
  }
}
