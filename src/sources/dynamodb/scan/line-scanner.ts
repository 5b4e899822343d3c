import { isUtf8 } from "node:buffer";
import { assert, stringifyJson, type JsonObject } from "../../../base/index.ts";
import type { UnreadableLine } from "../../source.ts";
import { ChangeWriter } from "./change-writer.ts";
import { ItemWalker } from "./item-walker.ts";
import { NEWLINE, Pattern, CLOSE_BRACE, SLACK_BYTES } from "./json-bytes.ts";
import { KeyWriter } from "./key-writer.ts";
import { plainLine } from "./plain-line.ts";
import type { LineKind, RecordRules } from "./record-check.ts";
import type { Shape } from "../columns/shapes.ts";
import { EVENT_COLUMNS } from "./staged-columns.ts";
import { BytesColumn, type Column } from "../../staged/index.ts";
import { ValueChecker } from "./value-checker.ts";

export interface LineScannerOptions {
  readonly kind: LineKind;
  /** For unreadable lines: the data file. */
  readonly file: string;
  readonly epoch: number;
  readonly keys: readonly string[];
  readonly ttlAttribute?: string;
  /** Whether a change without an old image is known to be an insert. */
  readonly hasOldImages: boolean;
  readonly known: ReadonlyMap<string, Shape>;
  readonly columnsMax: number;
}

/** Raw bytes that an unreadable line carries. */
const RAW_MAX = 1_048_576;
const NO_MEMBERS: readonly string[] = [];
const ITEM = new Pattern('{"Item":');

/**
 * Turns lines of an export file into rows of the open row group. A line in plain spelling goes from bytes to columns in
 * one walk; any other line is read the strict way and then walked in its plain spelling, or found to be no record.
 */
export class LineScanner {
  readonly #options: LineScannerOptions;
  readonly #walker: ItemWalker;
  readonly #checker = new ValueChecker();
  readonly #key = new KeyWriter();
  readonly #change: ChangeWriter;
  readonly #extra = new BytesColumn(EVENT_COLUMNS.extra);
  readonly #keyTags: number[];
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #lineStart = 0;
  #isKnownRecord = false;
  /** What the plain spelling of the line under way had to leave out. */
  #plainExtra: JsonObject | undefined;
  #line = 0;
  #offset = 0;
  /** Rows of the open group. */
  #row = 0;
  rows = 0;
  readonly unreadable: UnreadableLine[] = [];
  /** Raw bytes that `unreadable` holds. */
  unreadableBytes = 0;

  constructor(options: LineScannerOptions) {
    this.#options = options;
    this.#walker = new ItemWalker({ ...options, checker: this.#checker });
    this.#change = new ChangeWriter(options, this.#checker);
    this.#keyTags = options.keys.map(() => 0);
  }

  get shapes(): ReadonlyMap<string, Shape> {
    return this.#walker.shapes;
  }

  get groupRows(): number {
    return this.#row;
  }

  /** All columns; after a group has been taken from them the next row is the first of a new one. */
  *columns(): Generator<Column> {
    yield this.#key.column;
    yield this.#extra;
    if (this.#options.kind !== "full") yield* this.#change.columns();
    yield* this.#walker.columns();
  }

  startGroup(): void {
    this.#row = 0;
  }

  /** Scans whole lines: `bytes[end - 1]` is a newline, and `SLACK_BYTES` of room lie behind `end`. */
  scan(bytes: Uint8Array, end: number): void {
    this.#use(bytes);
    const isText = isUtf8(bytes.subarray(0, end));
    let at = 0;
    while (at < end) {
      this.#line += 1;
      this.#lineStart = at;
      this.#isKnownRecord = false;
      let next = isText ? this.#plainRow(at) : -1;
      if (next < 0) {
        next = bytes.indexOf(NEWLINE, at) + 1;
        this.#otherLine(Buffer.from(bytes.buffer, bytes.byteOffset + at, next - at));
        this.#use(bytes);
      }
      at = next;
    }
    this.#offset += end;
  }

  /** A line that was too long to be looked at. */
  skip(beginning: Uint8Array, sizeBytes: number, reason: string): void {
    this.#line += 1;
    this.#refuse(beginning, sizeBytes, reason, this.#offset);
    this.#offset += sizeBytes + 1;
  }

  #use(bytes: Uint8Array): void {
    assert(bytes.length >= SLACK_BYTES, "a scanned buffer has room behind its text");
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#checker.use(bytes, this.#view);
    this.#walker.use(bytes, this.#view);
    this.#change.use(bytes, this.#view);
  }

  /** Writes the row of a line in plain spelling; gives the position after the line, or -1 with nothing written. */
  #plainRow(start: number): number {
    const end = this.#options.kind === "full" ? this.#item(start) : this.#changeLine(start);
    if (end < 0 || this.#bytes[end] !== NEWLINE || !this.#writeKey()) {
      this.#walker.undoRow();
      return -1;
    }
    this.#key.column.commit(this.#row);
    if (this.#options.kind !== "full") this.#change.commit(this.#row);
    this.#writeExtra();
    this.#walker.commitRow(this.#row);
    this.#row += 1;
    this.rows += 1;
    return end + 1;
  }

  #item(start: number): number {
    if (!ITEM.isAt(this.#view, start)) return -1;
    const end = this.#walker.walk(start + ITEM.length, this.#isRecord);
    return end >= 0 && this.#bytes[end] === CLOSE_BRACE ? end + 1 : -1;
  }

  #changeLine(start: number): number {
    const end = this.#change.read(start, this.#walk);
    return end >= 0 && this.#change.hasSameKeys(this.#walker) ? end : -1;
  }

  #writeKey(): boolean {
    const { keyStarts, keyEnds, shapes } = this.#walker;
    this.#key.open();
    for (let index = 0; index < keyStarts.length; index += 1) {
      const start = keyStarts[index] as number;
      if (start < 0 || !this.#key.add(this.#bytes, start, keyEnds[index] as number, index === 0)) return this.#noKey();
      this.#keyTags[index] ||= shapes.get(this.#options.keys[index] ?? "")?.tag.charCodeAt(0) ?? 0;
      if (this.#keyTags[index] !== 0 && this.#keyTags[index] !== this.#bytes[start + 2]) return this.#noKey();
    }
    this.#key.close();
    return true;
  }

  #noKey(): false {
    this.#key.column.undo();
    return false;
  }

  /** Whether the line under way is a record as a whole, looked at once a line and only when it would add a column. */
  readonly #isRecord = (): boolean => {
    if (!this.#isKnownRecord) {
      const start = this.#bytes.byteOffset + this.#lineStart;
      const end = this.#bytes.indexOf(NEWLINE, this.#lineStart) + 1;
      const line = Buffer.from(this.#bytes.buffer, start, end - this.#lineStart);
      this.#isKnownRecord = plainLine(line, this.#rules()).kind === "record";
    }
    return this.#isKnownRecord;
  };

  readonly #walk = (start: number): number => this.#walker.walk(start, this.#isRecord);

  #rules(): RecordRules {
    const { kind, keys } = this.#options;
    return { kind, keys, keyTags: keys.map((key) => this.#walker.shapes.get(key)?.tag) };
  }

  #otherLine(line: Buffer): void {
    if (isBlank(line)) return;
    const plain = plainLine(line.subarray(0, -1), this.#rules());
    if (plain.kind === "unreadable") {
      this.#refuse(line.subarray(0, -1), line.length - 1, plain.reason, this.#offset + this.#lineStart);
      return;
    }
    const text = Buffer.from(plain.text, "utf8");
    const padded = new Uint8Array(text.length + SLACK_BYTES);
    padded.set(text);
    this.#use(padded);
    this.#lineStart = 0;
    this.#isKnownRecord = true;
    this.#plainExtra = plain.extra;
    const end = this.#plainRow(0);
    this.#plainExtra = undefined;
    assert(
      end === text.length,
      `the plain spelling of a record is scanned (${this.#options.file}, line ${this.#line})`,
    );
  }

  /** What the line says beside the record, as a JSON object. */
  #writeExtra(): void {
    const members = this.#options.kind === "full" ? NO_MEMBERS : this.#change.extra();
    if (members.length === 0 && this.#plainExtra === undefined) return;
    const others = this.#plainExtra === undefined ? [] : [stringifyJson(this.#plainExtra).slice(1, -1)];
    const text = Buffer.from(`{${[...members, ...others].join(",")}}`, "utf8");
    this.#extra.open();
    this.#extra.openValue();
    this.#extra.append(text, 0, text.length);
    this.#extra.closeValue();
    this.#extra.commit(this.#row);
  }

  #refuse(raw: Uint8Array, sizeBytes: number, reason: string, byteOffset: number): void {
    const kept = raw.subarray(0, RAW_MAX);
    this.unreadableBytes += kept.length;
    this.unreadable.push({
      file: this.#options.file,
      line: this.#line,
      byteOffset,
      reason,
      raw: Buffer.from(kept.buffer, kept.byteOffset, kept.length).toString("base64"),
      sizeBytes,
    });
  }
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === NEWLINE);
}
