import { assert, must } from "../../base/index.ts";
import type { AddFile } from "../actions.ts";
import type { AddColumns, TextColumn } from "../needs.ts";
import { addActionAt, textAt } from "./add-columns.ts";
import { decodeFilePath, encodeFilePath, type TableRoot } from "./file-path.ts";
import { areEqual, hashOf, isPlainUri, type BytesAt } from "./path-bytes.ts";
import { readAction } from "./read-action.ts";

/** Rows of a batch at most; a vector of an engine has fewer. A file's number says its batch and its row there. */
const BATCH_ROWS_MAX = 4096;
/** Files that stay objects once they were asked for: what is known of an object, such as its parsed statistics, stays with it. */
const KEPT_MAX = 16_384;

/** Rows as they were read. */
export interface FileBatch {
  readonly columns: AddColumns;
  /** The number of the first row's file; the next ones follow. */
  readonly first: number;
  /** Paths in the table's store: the URIs themselves, except where those are encoded or absolute. */
  readonly paths: TextColumn;
}

/**
 * The files of a checkpoint in columns, each with a number: found by path, and made an object only when it is asked for. Grows while
 * a checkpoint is read and stays as it is afterwards, whatever later commits do to its files.
 */
export class FileColumns {
  readonly #batches: FileBatch[] = [];
  readonly #where: string;
  readonly #root: TableRoot;
  readonly #kept = new Map<number, AddFile>();
  /** Open addressing by path, two places a slot: a number plus one (0: the slot is free), and the hash of its path. */
  #slots = new Uint32Array(128);
  #size = 0;

  constructor(place: { readonly where: string; readonly root: TableRoot }) {
    this.#where = place.where;
    this.#root = place.root;
  }

  get size(): number {
    return this.#size;
  }

  get batches(): readonly FileBatch[] {
    return this.#batches;
  }

  /** Takes rows in. Tells of URIs that are not what we would write for their path, and of rows whose path an earlier row has. */
  take(
    columns: AddColumns,
    tell: { uri: (path: string, uri: string) => void; repeated: (number: number) => void },
  ): void {
    assert(columns.rows <= BATCH_ROWS_MAX, "a batch of a checkpoint's rows is as small as an engine's vector");
    const first = this.#batches.length * BATCH_ROWS_MAX;
    const paths = this.#pathsOf(columns, tell.uri);
    this.#batches.push({ columns, first, paths });
    this.#reserve(this.#size + columns.rows);
    for (let row = 0; row < columns.rows; row += 1) {
      const start = paths.starts[row] ?? 0;
      const length = paths.lengths[row] ?? 0;
      const hash = hashOf(paths.bytes, start, start + length);
      const slot = this.#slotOf(hash, { bytes: paths.bytes, start }, length);
      if (this.#slots[slot] !== 0) {
        tell.repeated(first + row);
        continue;
      }
      this.#slots[slot] = first + row + 1;
      this.#slots[slot + 1] = hash;
      this.#size += 1;
    }
  }

  /** The number of the file at a path. */
  find(path: string): number | undefined {
    if (this.#size === 0) return undefined;
    const bytes = Buffer.from(path);
    const slot = this.#slotOf(hashOf(bytes, 0, bytes.length), { bytes, start: 0 }, bytes.length);
    const entry = this.#slots[slot] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  /** The file of a number. */
  at(number: number): AddFile {
    const known = this.#kept.get(number);
    if (known !== undefined) return known;
    const { batch, row } = this.#place(number);
    const action = readAction(addActionAt(batch.columns, row), { where: this.#where, root: this.#root });
    assert(action?.kind === "add", "columns of adds hold adds");
    if (this.#kept.size < KEPT_MAX) this.#kept.set(number, action.add);
    return action.add;
  }

  #place(number: number): { batch: FileBatch; row: number } {
    const batch = must(this.#batches[Math.floor(number / BATCH_ROWS_MAX)], "a file's number is of one of the batches");
    return { batch, row: number - batch.first };
  }

  #pathsOf({ uris, rows }: AddColumns, tell: (path: string, uri: string) => void): TextColumn {
    const paths: string[] = [];
    let isPlain = true;
    for (let row = 0; row < rows; row += 1) {
      const start = uris.starts[row] ?? 0;
      const plain = isPlainUri(uris.bytes, start, start + (uris.lengths[row] ?? 0));
      if (plain && isPlain) continue;
      if (isPlain) for (let before = 0; before < row; before += 1) paths.push(textAt(uris, before) ?? "");
      isPlain = false;
      const uri = textAt(uris, row) ?? "";
      const path = plain ? uri : decodeFilePath(uri, this.#root);
      if (!plain && uri !== encodeFilePath(path)) tell(path, uri);
      paths.push(path);
    }
    return isPlain ? uris : textColumn(paths);
  }

  /** Where the slot of a path is, or the free one where it would be. */
  #slotOf(hash: number, path: BytesAt, length: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (hash * 2) & mask; ; slot = (slot + 2) & mask) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) return slot;
      if (slots[slot + 1] === hash && this.#hasPath(entry - 1, path, length)) return slot;
    }
  }

  #hasPath(number: number, path: BytesAt, length: number): boolean {
    const { batch, row } = this.#place(number);
    const { paths } = batch;
    return (
      paths.lengths[row] === length && areEqual({ bytes: paths.bytes, start: paths.starts[row] ?? 0 }, path, length)
    );
  }

  /** At most half of the slots are taken. */
  #reserve(size: number): void {
    if (size * 4 <= this.#slots.length) return;
    const before = this.#slots;
    const length = 2 ** Math.ceil(Math.log2(size * 4));
    const slots = new Uint32Array(length);
    for (let at = 0; at < before.length; at += 2) {
      const entry = before[at] ?? 0;
      if (entry === 0) continue;
      const hash = before[at + 1] ?? 0;
      let slot = (hash * 2) & (length - 1);
      while (slots[slot] !== 0) slot = (slot + 2) & (length - 1);
      slots[slot] = entry;
      slots[slot + 1] = hash;
    }
    this.#slots = slots;
  }
}

function textColumn(texts: readonly string[]): TextColumn {
  const parts = texts.map((text) => Buffer.from(text));
  const starts = new Uint32Array(parts.length);
  const lengths = new Int32Array(parts.length);
  let at = 0;
  for (const [row, part] of parts.entries()) {
    starts[row] = at;
    lengths[row] = part.length;
    at += part.length;
  }
  return { bytes: Buffer.concat(parts), starts, lengths };
}
