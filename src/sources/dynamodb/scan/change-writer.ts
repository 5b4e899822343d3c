import { EXPORT_SHIFT_MICROS, RANK, encodeSequence } from "../../../contract/index.ts";
import { CLOSE_BRACE, COMMA, OPEN_BRACE, Pattern, QUOTE } from "./json-bytes.ts";
import type { LineKind } from "./record-check.ts";
import { EVENT_COLUMNS } from "./staged-columns.ts";
import { BytesColumn, LongColumn, type Column } from "../../staged/index.ts";
import { StreamFrame } from "./stream-frame.ts";
import type { ValueChecker } from "./value-checker.ts";

export interface ChangeWriterOptions {
  readonly kind: LineKind;
  readonly epoch: number;
  readonly keys: readonly string[];
  readonly ttlAttribute?: string;
  readonly hasOldImages: boolean;
}

const METADATA = new Pattern('"Metadata":{"WriteTimestampMicros":{"N":"');
const METADATA_TEXT = new Pattern('"Metadata":{"WriteTimestampMicros":"');
const KEYS = new Pattern('"Keys":');
const NEW_IMAGE = new Pattern('"NewImage":');
const OLD_IMAGE = new Pattern('"OldImage":');
const SHIFT = Number(EXPORT_SHIFT_MICROS);
type Span = readonly [start: number, end: number];
const ZERO = 0x30;
const NOTHING: readonly string[] = [];
const EXPIRED: readonly string[] = ['"ttl":true'];

/** Reads the frame of a window's or a stream's line – write time, keys, images – and writes the event columns that vary by line. */
export class ChangeWriter {
  readonly #checker: ValueChecker;
  readonly #operation = new BytesColumn(EVENT_COLUMNS.operation);
  readonly #sequence = new BytesColumn(EVENT_COLUMNS.sequence);
  readonly #time = new LongColumn(EVENT_COLUMNS.time);
  readonly #before = new BytesColumn(EVENT_COLUMNS.before);
  /** Of a stream, whose records each say their own place. */
  readonly #frame: StreamFrame | undefined;
  readonly #sequenceHead: Uint8Array;
  readonly #sequenceTail: Uint8Array;
  readonly #keyNames: readonly Uint8Array[];
  readonly #ttlName: Uint8Array | undefined;
  readonly #insert: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #walk: (start: number) => number = () => -1;
  #micros = 0;
  /** The digits stand bare, not as `{"N":…}`: kept for the rebuilt record. */
  #hasTextTime = false;
  #keysStart = -1;
  #keysEnd = -1;
  /** Start and end of each key's value in Keys. */
  readonly #keyPlaces: number[] = [];
  #hasAllKeys = false;
  #newStart = -1;
  #oldStart = -1;
  #oldEnd = -1;
  #expiresAt = Number.NaN;

  constructor(options: ChangeWriterOptions, checker: ValueChecker) {
    this.#checker = checker;
    const example = Buffer.from(encodeSequence({ epoch: options.epoch, timeMicros: 0n, rank: RANK.window }));
    this.#sequenceHead = example.subarray(0, 5);
    this.#sequenceTail = example.subarray(24);
    this.#keyNames = options.keys.map(nameBytes);
    this.#ttlName = options.ttlAttribute === undefined ? undefined : nameBytes(options.ttlAttribute);
    this.#frame = options.kind === "stream" ? new StreamFrame() : undefined;
    this.#insert = (options.hasOldImages ? "I" : "U").charCodeAt(0);
  }

  use(bytes: Uint8Array, view: DataView): void {
    this.#frame?.use(bytes, view);
    this.#bytes = bytes;
    this.#view = view;
  }

  columns(): readonly Column[] {
    const columns = [this.#operation, this.#sequence, this.#time, this.#before];
    return this.#frame === undefined ? columns : [...columns, this.#frame.event];
  }

  /** JSON members of what is particular to this line; empty for most. */
  extra(): readonly string[] {
    if (this.#frame !== undefined) return this.#frame.members();
    const isExpired = this.#newStart < 0 && this.#expiresAt <= this.#micros / 1_000_000;
    if (!this.#hasTextTime) return isExpired ? EXPIRED : NOTHING;
    const members = isExpired ? [...EXPIRED] : [];
    members.push(`"metadata":{"WriteTimestampMicros":"${this.#micros}"}`);
    return members;
  }

  /**
   * Reads the line that starts at `start`; gives the position of its end, or -1 when it is not in plain spelling.
   * `walk` reads the attributes that become columns: the new image, or the keys of a delete.
   */
  read(start: number, walk: (start: number) => number): number {
    this.#reset();
    this.#walk = walk;
    if (this.#bytes[start] !== OPEN_BRACE) return -1;
    let at = start;
    do {
      at = this.#member(at + 1);
      if (at < 0) return -1;
    } while (this.#bytes[at] === COMMA);
    if (this.#bytes[at] !== CLOSE_BRACE || this.#micros === 0 || !this.#hasAllKeys) return -1;
    if (this.#frame?.isMissing === true) return -1;
    if (this.#newStart < 0 && walk(this.#keysStart) < 0) return -1;
    return at + 1;
  }

  /** Whether Keys says the same as the key attributes of the image that was walked. */
  hasSameKeys(image: { readonly keyStarts: readonly number[]; readonly keyEnds: readonly number[] }): boolean {
    if (this.#newStart < 0) return true;
    return image.keyStarts.every((start, index) => {
      const from = this.#keyPlaces[2 * index] as number;
      const end = this.#keyPlaces[2 * index + 1] as number;
      return start >= 0 && sameBytes(this.#bytes, [from, end], this.#bytes, [start, image.keyEnds[index] as number]);
    });
  }

  /** Writes the event columns of the line read last. */
  commit(row: number): void {
    openValue(this.#operation);
    this.#operation.appendByte(this.#operationByte());
    commitValue(this.#operation, row);
    openValue(this.#sequence);
    if (this.#frame === undefined) this.#writeSequence();
    else this.#frame.writeSequence(this.#sequence);
    commitValue(this.#sequence, row);
    this.#frame?.commit(row);
    this.#time.open();
    this.#time.appendLong(this.#micros);
    this.#time.commit(row);
    if (this.#oldStart < 0) return;
    openValue(this.#before);
    this.#before.append(this.#bytes, this.#oldStart, this.#oldEnd);
    commitValue(this.#before, row);
  }

  #operationByte(): number {
    if (this.#frame !== undefined) return this.#frame.operation;
    if (this.#newStart < 0) return 0x44;
    return this.#oldStart < 0 ? this.#insert : 0x55;
  }

  #reset(): void {
    this.#frame?.reset();
    this.#micros = 0;
    this.#hasTextTime = false;
    this.#keysStart = -1;
    this.#newStart = -1;
    this.#oldStart = -1;
    this.#hasAllKeys = false;
    this.#expiresAt = Number.NaN;
  }

  #member(at: number): number {
    const view = this.#view;
    if (NEW_IMAGE.isAt(view, at) && this.#newStart < 0) {
      this.#newStart = at + NEW_IMAGE.length;
      return this.#walk(this.#newStart);
    }
    if (KEYS.isAt(view, at) && this.#keysStart < 0) return this.#keys(at + KEYS.length);
    if (OLD_IMAGE.isAt(view, at) && this.#oldStart < 0) return this.#oldImage(at + OLD_IMAGE.length);
    const frameEnd = this.#frame?.read(at) ?? -1;
    if (frameEnd >= 0) return frameEnd;
    return this.#micros === 0 ? this.#metadata(at) : -1;
  }

  #metadata(at: number): number {
    this.#hasTextTime = METADATA_TEXT.isAt(this.#view, at);
    if (!this.#hasTextTime && !METADATA.isAt(this.#view, at)) return -1;
    const bytes = this.#bytes;
    const start = at + (this.#hasTextTime ? METADATA_TEXT.length : METADATA.length);
    let value = 0;
    let end = start;
    for (; end < start + 17; end += 1) {
      const digit = (bytes[end] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (bytes[start] === ZERO || bytes[end] !== QUOTE || value < SHIFT || !Number.isSafeInteger(value)) return -1;
    this.#micros = value;
    const closing = this.#hasTextTime ? 1 : 2;
    for (let index = 1; index <= closing; index += 1) if (bytes[end + index] !== CLOSE_BRACE) return -1;
    return end + closing + 1;
  }

  #keys(start: number): number {
    this.#keysStart = start;
    this.#keysEnd = this.#checker.attributes(start);
    if (this.#keysEnd < 0) return -1;
    this.#hasAllKeys = this.#checker.memberCount === this.#keyNames.length;
    for (const [index, name] of this.#keyNames.entries()) {
      const member = this.#memberNamed(name);
      if (member < 0) return -1;
      this.#keyPlaces[2 * index] = this.#checker.memberPlace(member, 2);
      this.#keyPlaces[2 * index + 1] = this.#checker.memberPlace(member, 3);
    }
    return this.#keysEnd;
  }

  #oldImage(start: number): number {
    this.#oldStart = start;
    this.#oldEnd = this.#checker.attributes(start);
    if (this.#oldEnd >= 0 && this.#ttlName !== undefined) {
      const member = this.#memberNamed(this.#ttlName);
      if (member >= 0) this.#expiresAt = this.#number(this.#checker.memberPlace(member, 2), this.#checker.memberPlace(member, 3)); // prettier-ignore
    }
    return this.#oldEnd;
  }

  /** The number in `{"N":"…"}`; NaN for any other value. */
  #number(start: number, end: number): number {
    if (this.#bytes[start + 2] !== 0x4e || this.#bytes[start + 3] !== QUOTE) return Number.NaN;
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start + 6, end - start - 8).toString(
      "latin1",
    );
    return text === "" ? Number.NaN : Number(text);
  }

  #memberNamed(name: Uint8Array): number {
    for (let member = 0; member < this.#checker.memberCount; member += 1) {
      const from = this.#checker.memberPlace(member, 0);
      const end = this.#checker.memberPlace(member, 1);
      if (sameBytes(this.#bytes, [from, end], name, [0, name.length])) return member;
    }
    return -1;
  }

  #writeSequence(): void {
    const column = this.#sequence;
    column.append(this.#sequenceHead, 0, this.#sequenceHead.length);
    column.reserve(19);
    // In two halves, so that every division is one of small whole numbers.
    const rest = this.#micros - SHIFT;
    const upper = Math.floor(rest / 1_000_000_000);
    writeDigits(column.data, column.at, 10, upper);
    writeDigits(column.data, column.at + 10, 9, rest - upper * 1_000_000_000);
    column.at += 19;
    column.append(this.#sequenceTail, 0, this.#sequenceTail.length);
  }
}

function writeDigits(target: Uint8Array, start: number, count: number, value: number): void {
  let rest = value | 0;
  for (let at = start + count - 1; at >= start; at -= 1) {
    const tenth = (rest / 10) | 0;
    target[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}

function openValue(column: BytesColumn): void {
  column.open();
  column.openValue();
}

function commitValue(column: BytesColumn, row: number): void {
  column.closeValue();
  column.commit(row);
}

/** As it stands between the quotes. */
function nameBytes(name: string): Uint8Array {
  return Buffer.from(JSON.stringify(name).slice(1, -1), "utf8");
}

function sameBytes(left: Uint8Array, [from, end]: Span, right: Uint8Array, [otherFrom, otherEnd]: Span): boolean {
  if (end - from !== otherEnd - otherFrom) return false;
  for (let offset = 0; offset < end - from; offset += 1) {
    if (left[from + offset] !== right[otherFrom + offset]) return false;
  }
  return true;
}
