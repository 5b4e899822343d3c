import { unreadable, type ArrowField, type ArrowType } from "./arrow-field.ts";

/** A column of a batch, in the buffers of the format (Columnar format, "Physical memory layout"). */
export interface ColumnBuffers {
  readonly field: ArrowField;
  readonly length: number;
  /** One bit a row, set where there is a value; undefined: every row has one. */
  readonly validity: Uint8Array | undefined;
  /** Ends of rows after a first zero: of texts, bytes and lists. */
  readonly ends: DataView | undefined;
  /** Values, or the numbers of a dictionary's values. */
  readonly values: Uint8Array<ArrayBuffer>;
  readonly children: readonly ColumnBuffers[];
  readonly dictionary: ColumnBuffers | undefined;
}

export interface BatchSource {
  /** Length and nulls of each column, depth first. */
  readonly nodes: readonly (readonly [number, number])[];
  /** Place and length of each buffer in the body. */
  readonly buffers: readonly (readonly [number, number])[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly dictionaries: ReadonlyMap<number, ColumnBuffers>;
}

/** The columns of a batch. Buffers that are shorter than the rows need are refused. */
export function readColumns(fields: readonly ArrowField[], source: BatchSource): readonly ColumnBuffers[] {
  const cursor = new Cursor(source);
  return fields.map((field) => cursor.column(field));
}

/** Whether a row has a value. */
export function hasValue({ validity }: ColumnBuffers, row: number): boolean {
  return validity === undefined || ((validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

class Cursor {
  readonly #source: BatchSource;
  #node = 0;
  #buffer = 0;

  constructor(source: BatchSource) {
    this.#source = source;
  }

  column(field: ArrowField): ColumnBuffers {
    const [length, nulls] = this.#nextNode(field);
    const { type } = field;
    if (type.kind === "null" && field.dictionary === undefined) return this.#nulls(field, length);
    const bits = this.#next(field, nulls === 0 ? 0 : Math.ceil(length / 8));
    const validity = nulls === 0 ? undefined : bits;
    if (field.dictionary !== undefined) return this.#numbered({ ...NOTHING, field, length, validity });
    // Of no row there may be no end at all.
    const ends = hasEnds(type)
      ? viewOf(this.#next(field, length === 0 ? 0 : (length + 1) * endBytes(type)))
      : undefined;
    const values = hasValues(type) ? this.#next(field, bytesFor(type, length)) : NOTHING.values;
    const children = hasChildren(type) ? field.children.map((child) => this.column(child)) : [];
    return checked({ field, length, validity, ends, values, children, dictionary: undefined });
  }

  #nextNode({ name }: ArrowField): readonly [number, number] {
    const node = this.#source.nodes[this.#node];
    this.#node += 1;
    if (node === undefined || node[0] < 0 || node[0] > ROWS_MAX) throw unreadable(`column ${name} is not in a batch`);
    return node;
  }

  #nulls(field: ArrowField, length: number): ColumnBuffers {
    return { ...NOTHING, field, length, validity: new Uint8Array(Math.ceil(length / 8)) };
  }

  #numbered(column: ColumnBuffers): ColumnBuffers {
    const { field, length } = column;
    const { id, index } = field.dictionary ?? { id: -1, index: { bits: 32 } };
    const values = this.#next(field, (length * index.bits) / 8);
    const dictionary = this.#source.dictionaries.get(id);
    if (dictionary === undefined && length > 0) throw unreadable(`column ${field.name} comes before its dictionary`);
    return { ...column, values, dictionary };
  }

  #next({ name }: ArrowField, bytesMin: number): Uint8Array<ArrayBuffer> {
    const [start = 0, length = -1] = this.#source.buffers[this.#buffer] ?? [];
    this.#buffer += 1;
    const { body } = this.#source;
    const isThere = start >= 0 && length >= bytesMin && start + length <= body.length;
    if (!isThere) throw unreadable(`a buffer of column ${name} is too short`);
    return body.subarray(start, start + length);
  }
}

const NOTHING = {
  ends: undefined,
  values: new Uint8Array(0),
  children: [],
  dictionary: undefined,
} as const;

/** Offsets have 31 bits. */
const ROWS_MAX = 2 ** 31;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function hasEnds({ kind }: ArrowType): boolean {
  return !kind.startsWith("fixed-") && (/text|binary|list/.test(kind) || kind === "map");
}

function endBytes({ kind }: ArrowType): number {
  return kind.startsWith("large-") ? 8 : 4;
}

function hasChildren({ kind }: ArrowType): boolean {
  return kind === "struct" || kind === "map" || kind.endsWith("list");
}

function hasValues(type: ArrowType): boolean {
  return !hasChildren(type) && type.kind !== "null";
}

/** Bytes that the values of so many rows take at least; of texts that is for their ends to say. */
function bytesFor(type: ArrowType, rows: number): number {
  if (type.kind === "boolean") return Math.ceil(rows / 8);
  if (type.kind === "date") return rows * (type.unit === "day" ? 4 : 8);
  if (type.kind === "timestamp") return rows * 8;
  if (type.kind === "fixed-binary") return rows * type.bytes;
  return "bits" in type ? (rows * type.bits) / 8 : 0;
}

/** Children as long as their parents need. */
function checked(column: ColumnBuffers): ColumnBuffers {
  const { field, length, children } = column;
  const isShort =
    (field.type.kind === "struct" && children.some((child) => child.length < length)) ||
    (field.type.kind === "fixed-list" && (children[0]?.length ?? -1) < length * field.type.size);
  if (isShort) throw unreadable(`a child of column ${field.name} is too short`);
  return column;
}

/** Where a row's bytes or items begin and end. */
export function extentOf({ field, ends, values, children }: ColumnBuffers, row: number): readonly [number, number] {
  if (field.type.kind === "fixed-list") return [row * field.type.size, (row + 1) * field.type.size];
  const isLarge = field.type.kind.startsWith("large-");
  const at = (index: number): number =>
    isLarge ? Number(ends?.getBigInt64(index * 8, true)) : (ends?.getInt32(index * 4, true) ?? 0);
  const [start, end] = [at(row), at(row + 1)];
  const last = children[0]?.length ?? values.length;
  if (start < 0 || end < start || end > last) throw unreadable(`column ${field.name} has a row outside of its values`);
  return [start, end];
}
