import { assert, parseJson } from "../../../base/index.ts";
import { columnsBelow, widenMembers, type Member } from "./attribute-tree.ts";
import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE, stringEnd } from "./json-bytes.ts";
import { JsonWriter } from "./json-writer.ts";
import { NameTable } from "./name-table.ts";
import { grow, Spellings, isComplete, leafCount, type Shape } from "../columns/shapes.ts";
import { EVENT_COLUMNS } from "./staged-columns.ts";
import { BytesColumn, isColumnName, isTopLevelName, type Column } from "../../staged/index.ts";
import type { ValueChecker } from "./value-checker.ts";
import { ValueWriter } from "./value-writer.ts";

export interface ItemWalkerOptions {
  readonly keys: readonly string[];
  /** Leaf columns that the record's attributes may have. */
  readonly columnsMax: number;
  readonly known: ReadonlyMap<string, Shape>;
  readonly checker: ValueChecker;
}

/** `{"NULL":true}`, which no column holds: by its length and its fourth letter. */
const NULL_BYTES = 13;
const UPPER_U = 0x55;

const REFUSED = -1;
/** The attribute has become known: look at it again. */
const LEARNT = -2;

/**
 * Walks the attributes of one item and writes each to its column; what fits no column is rescued whole, as it is spelt.
 * Attributes that nobody has seen yet become columns. One row at a time is open: `walk`, then `commitRow` or `undoRow`.
 */
export class ItemWalker {
  readonly #options: ItemWalkerOptions;
  readonly #table = new NameTable<Member>();
  readonly #shapes: Map<string, Shape>;
  readonly #spellings: Spellings;
  readonly #rescued = new BytesColumn(EVENT_COLUMNS.rescued);
  readonly #writer = new ValueWriter();
  readonly #json = new JsonWriter();
  /** Columns that the open row has written to; names in it that are no columns. */
  readonly #touched: Column[] = [];
  #touchedCount = 0;
  readonly #strangers = new Set<string>();
  #isRescuing = false;
  #metUnknown = false;
  #isHeadAt = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Objects walked so far: the present one's number tells a duplicate name. */
  #objects = 0;
  #leaves: number;
  /** Start and end of the value of each key attribute in the walked item; -1 where it has none. */
  readonly keyStarts: number[];
  readonly keyEnds: number[];

  constructor(options: ItemWalkerOptions) {
    this.#options = options;
    this.#shapes = new Map(options.known);
    this.#spellings = new Spellings(options.known.keys());
    this.#leaves = [...this.#shapes.values()].reduce((sum, shape) => sum + leafCount(shape), 0);
    this.keyStarts = options.keys.map(() => -1);
    this.keyEnds = options.keys.map(() => -1);
    this.#widen();
  }

  use(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
    this.#writer.use(bytes, view);
    this.#json.use(bytes, view);
  }

  get shapes(): ReadonlyMap<string, Shape> {
    return this.#shapes;
  }

  *columns(): Generator<Column> {
    yield this.#rescued;
    yield* columnsBelow(this.#table);
  }

  /**
   * Walks the object that starts at `start`; gives the position after it, or -1 when it is not an item in plain spelling.
   * `mayLearn` tells, when it matters, whether the whole line is a record: a broken one must not make columns.
   */
  walk(start: number, mayLearn: () => boolean): number {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN_BRACE) return REFUSED;
    this.#begin();
    this.#objects += 1;
    const object = this.#objects;
    let at = start + 1;
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    let previous: Member | undefined;
    for (;;) {
      const mark = this.#touchedCount;
      this.#metUnknown = false;
      const member = this.#memberAt(this.#table, previous, at);
      if (member?.seenIn === object) return REFUSED;
      let end = this.#isHeadAt ? this.#content(member as Member, at + (member as Member).head.length) : REFUSED;
      if (end === REFUSED) end = this.#odd(member, at, mark, mayLearn);
      if (end === LEARNT) continue;
      if (end === REFUSED) return REFUSED;
      if (member !== undefined) {
        member.seenIn = object;
        if (member.keyIndex >= 0) this.#keepKey(member.keyIndex, at + member.spelling.length, end);
        previous = member;
      }
      if (bytes[end] === CLOSE_BRACE) return end + 1;
      if (bytes[end] !== COMMA) return REFUSED;
      at = end + 1;
    }
  }

  /** The open row counts as row `row` of the group. */
  commitRow(row: number): void {
    if (this.#isRescuing) {
      this.#rescued.appendByte(CLOSE_BRACE);
      this.#rescued.closeValue();
      this.#isRescuing = false;
    }
    const touched = this.#touched;
    for (let index = 0; index < this.#touchedCount; index += 1) (touched[index] as Column).commit(row);
    this.#touchedCount = 0;
  }

  undoRow(): void {
    this.#undoTo(0);
    this.#isRescuing = false;
  }

  #begin(): void {
    for (let index = 0; index < this.keyStarts.length; index += 1) this.keyStarts[index] = -1;
    if (this.#strangers.size > 0) this.#strangers.clear();
    assert(this.#touchedCount === 0, "a row is committed or undone before the next one begins");
  }

  /** The member that stands at `at`, and in `#isHeadAt` whether with the tag of its column. */
  #memberAt(table: NameTable<Member>, previous: Member | undefined, at: number): Member | undefined {
    const predicted = table.predicted(previous);
    this.#isHeadAt = predicted !== undefined && predicted.head.isAt(this.#view, at);
    if (this.#isHeadAt) return predicted;
    const member = table.next(previous, this.#bytes, this.#view, at);
    this.#isHeadAt = member !== undefined && member.head.isAt(this.#view, at);
    return member;
  }

  #content(member: Member, start: number): number {
    const { bytes, booleans } = member;
    if (bytes !== undefined) {
      this.#touch(bytes);
      if (member.treatment === "text") return this.#writer.text(bytes, start);
      if (member.treatment === "number") return this.#writer.number(bytes, member, start);
      if (member.treatment === "binary") return this.#writer.binary(bytes, start);
      if (member.json !== undefined) return this.#jsonValue(bytes, member, start);
      return this.#writer.elements(member, start);
    }
    if (booleans === undefined) return REFUSED;
    this.#touch(booleans);
    if (member.treatment === "boolean") return this.#writer.boolean(booleans, start);
    if (member.members !== undefined) return this.#map(booleans, member.members, start);
    return this.#writer.elements(member, start);
  }

  #jsonValue(column: BytesColumn, member: Member, start: number): number {
    if (member.json === undefined) return REFUSED;
    const end = this.#json.write(column, member.json, start);
    this.#metUnknown ||= this.#json.metUnknown;
    return end;
  }

  #map(presence: Column & { appendBoolean(value: boolean): void }, table: NameTable<Member>, start: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN_BRACE) return REFUSED;
    this.#objects += 1;
    const object = this.#objects;
    presence.open();
    presence.appendBoolean(true);
    let at = start + 1;
    let previous: Member | undefined;
    while (bytes[at] !== CLOSE_BRACE) {
      if (previous !== undefined) {
        if (bytes[at] !== COMMA) return REFUSED;
        at += 1;
      }
      const member = this.#memberAt(table, previous, at);
      if (member === undefined) this.#metUnknown = true;
      if (member === undefined || member.seenIn === object || !this.#isHeadAt) return REFUSED;
      member.seenIn = object;
      at = this.#content(member, at + member.head.length);
      if (at < 0) return REFUSED;
      previous = member;
    }
    return bytes[at + 1] === CLOSE_BRACE ? at + 2 : REFUSED;
  }

  /** An attribute that its column refuses or that has none: learns it, or rescues it, or refuses the line. */
  #odd(member: Member | undefined, at: number, mark: number, mayLearn: () => boolean): number {
    this.#undoTo(mark);
    const bytes = this.#bytes;
    const nameEnd = bytes[at] === QUOTE ? stringEnd(bytes, at + 1) : -1;
    if (nameEnd < 0 || bytes[nameEnd + 1] !== COLON) return REFUSED;
    const end = this.#options.checker.value(nameEnd + 2);
    if (end < 0) return REFUSED;
    if (member === undefined) return this.#stranger(at, nameEnd, end, mayLearn);
    const verdict = this.#metUnknown ? this.#learn(member.name, nameEnd + 2, end, mayLearn) : end;
    if (verdict === end) this.#rescue(at, end);
    return verdict;
  }

  /** An attribute that has no column: it gets one, or is rescued. */
  #stranger(at: number, nameEnd: number, end: number, mayLearn: () => boolean): number {
    const name = JSON.parse(this.#text(at, nameEnd + 1)) as string;
    const isSpeltOtherwise = Buffer.byteLength(name) !== nameEnd - at - 1;
    if (this.#strangers.has(name) || (isSpeltOtherwise && isColumnName(name))) return REFUSED;
    const isNull = end - nameEnd - 2 === NULL_BYTES && this.#bytes[nameEnd + 5] === UPPER_U;
    if (!isNull && this.#mayBecomeColumn(name)) {
      const verdict = this.#learn(name, nameEnd + 2, end, mayLearn);
      if (verdict !== end) return verdict;
    }
    this.#strangers.add(name);
    const keyIndex = this.#options.keys.indexOf(name);
    if (keyIndex >= 0) this.#keepKey(keyIndex, nameEnd + 2, end);
    this.#rescue(at, end);
    return end;
  }

  #mayBecomeColumn(name: string): boolean {
    return isTopLevelName(name) && !this.#spellings.has(name);
  }

  /** `LEARNT`, `end` when the value cannot be learnt, or `REFUSED` when the line is not plain or no record. */
  #learn(name: string, start: number, end: number, mayLearn: () => boolean): number {
    const known = this.#shapes.get(name);
    const text = this.#text(start, end);
    // With no column left, only another spelling of known names could still fit.
    const isFull = this.#leaves >= this.#options.columnsMax;
    if (isFull && (known === undefined || !text.includes("\\"))) return end;
    const grown = grow(known, parseJson(text));
    if (grown === undefined || !isComplete(grown)) return end;
    const leaves = this.#leaves + leafCount(grown) - (known === undefined ? 0 : leafCount(known));
    if (leaves > this.#options.columnsMax) return end;
    if (grown === known || !mayLearn()) return REFUSED;
    this.#leaves = leaves;
    this.#shapes.set(name, grown);
    if (known === undefined) this.#spellings.add(name);
    this.#widen();
    return LEARNT;
  }

  #widen(): void {
    widenMembers(this.#table, this.#shapes, []);
    for (const [index, key] of this.#options.keys.entries()) {
      const member = this.#table.byName.get(key);
      if (member !== undefined) member.keyIndex = index;
    }
  }

  #rescue(start: number, end: number): void {
    if (this.#isRescuing) this.#rescued.appendByte(COMMA);
    else {
      this.#isRescuing = true;
      this.#touch(this.#rescued);
      this.#rescued.open();
      this.#rescued.openValue();
      this.#rescued.appendByte(OPEN_BRACE);
    }
    this.#rescued.append(this.#bytes, start, end);
  }

  #keepKey(keyIndex: number, start: number, end: number): void {
    this.keyStarts[keyIndex] = start;
    this.keyEnds[keyIndex] = end;
  }

  #touch(column: Column): void {
    this.#touched[this.#touchedCount] = column;
    this.#touchedCount += 1;
  }

  #undoTo(mark: number): void {
    while (this.#touchedCount > mark) {
      this.#touchedCount -= 1;
      this.#touched[this.#touchedCount]?.undo();
    }
  }

  #text(start: number, end: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString("utf8");
  }
}
