import { assert, must } from "../../base/index.ts";
import type { AddFile, FilePlace, RemoveFile } from "../actions.ts";
import type { ActionColumns, TextColumn } from "../needs.ts";
import { actionAt, textAt, vectorAt } from "./action-columns.ts";
import { decodeFilePath, encodeFilePath, type TableRoot } from "./file-path.ts";
import { areEqual, hashOf, isPlainUri, type BytesAt } from "./path-bytes.ts";
import { readAction, type Action, type ActionPlace } from "./read-action.ts";
import { keyOf } from "./vector-id.ts";

/** Rows of a batch at most; a vector of an engine has fewer. A file's number says its batch and its row there. */
const BATCH_ROWS_MAX = 4096;

/** What the rows of columns stand for. */
interface RowKind<File> {
  readonly kind: ActionColumns["kind"];
  readonly fileOf: (action: Action | undefined) => File | undefined;
  /** Files that stay objects once they were asked for: what is known of an object, such as its parsed statistics, stays with it. */
  readonly keptMax: number;
}

export const ADDS: RowKind<AddFile> = {
  kind: "adds",
  fileOf: (action) => (action?.kind === "add" ? action.add : undefined),
  keptMax: 16_384,
};

export const REMOVES: RowKind<RemoveFile> = {
  kind: "removes",
  fileOf: (action) => (action?.kind === "remove" ? action.remove : undefined),
  keptMax: 0,
};

/** Rows as they were read. */
export interface FileBatch {
  readonly columns: ActionColumns;
  /** The number of the first row's file; the next ones follow. */
  readonly first: number;
  /** Paths in the table's store: the URIs themselves, except where those are encoded or absolute. */
  readonly paths: TextColumn;
  /** What each row is found by (`fileKey`): the paths, except where removed files had deletion vectors. */
  readonly keys: TextColumn;
}

/**
 * Files of a checkpoint in columns, each with a number: found by its key, and made an object only when it is asked for. The key is a live
 * file's path, a removed one's path and deletion vector. Grows while a checkpoint is read and stays as it is afterwards, whatever
 * later commits do to its files.
 */
export class FileColumns<File extends AddFile | RemoveFile> {
  readonly #batches: FileBatch[] = [];
  readonly #kind: RowKind<File>;
  readonly #place: ActionPlace;
  readonly #kept = new Map<number, File>();
  /** Open addressing by key, two places a slot: a number plus one (0: the slot is free), and the hash of its key. */
  #slots = new Uint32Array(128);
  #size = 0;

  constructor(kind: RowKind<File>, place: ActionPlace) {
    this.#kind = kind;
    this.#place = place;
  }

  get size(): number {
    return this.#size;
  }

  get batches(): readonly FileBatch[] {
    return this.#batches;
  }

  /** Takes rows in. Tells of URIs that are not what we would write for their path, and of rows whose key an earlier row has. */
  take(
    columns: ActionColumns,
    tell: { uri: (path: string, uri: string) => void; repeated: (number: number) => void },
  ): void {
    assert(columns.kind === this.#kind.kind, "columns hold actions of one kind");
    assert(columns.rows <= BATCH_ROWS_MAX, "a batch of a checkpoint's rows is as small as an engine's vector");
    const first = this.#batches.length * BATCH_ROWS_MAX;
    const paths = pathsOf(columns, this.#place.root, tell.uri);
    const keys = keysOf(columns, paths);
    this.#batches.push({ columns, first, paths, keys });
    this.#reserve(this.#size + columns.rows);
    for (let row = 0; row < columns.rows; row += 1) {
      const start = keys.starts[row] ?? 0;
      const length = keys.lengths[row] ?? 0;
      const hash = hashOf(keys.bytes, start, start + length);
      const slot = this.#slotOf(hash, { bytes: keys.bytes, start }, length);
      if (this.#slots[slot] !== 0) {
        tell.repeated(first + row);
        continue;
      }
      this.#slots[slot] = first + row + 1;
      this.#slots[slot + 1] = hash;
      this.#size += 1;
    }
  }

  /** The number of the file that a key stands for. */
  find(key: string): number | undefined {
    if (this.#size === 0) return undefined;
    const bytes = Buffer.from(key);
    const slot = this.#slotOf(hashOf(bytes, 0, bytes.length), { bytes, start: 0 }, bytes.length);
    const entry = this.#slots[slot] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  /** The file of a number. */
  at(number: number): File {
    const known = this.#kept.get(number);
    if (known !== undefined) return known;
    const { batch, row } = this.#rowOf(number);
    const action = readAction(actionAt(batch.columns, row), this.#place);
    const file = must(this.#kind.fileOf(action), "columns hold actions of one kind");
    if (this.#kept.size < this.#kind.keptMax) this.#kept.set(number, file);
    return file;
  }

  /** Where the file of a number lies, without making more of it an object. */
  placeAt(number: number): FilePlace {
    const { batch, row } = this.#rowOf(number);
    const { vectorIds, deletedRows } = batch.columns;
    const hasVector = (vectorIds.lengths[row] ?? -1) >= 0 || (deletedRows[row] ?? -1) >= 0;
    const deletionVector = hasVector ? vectorAt(batch.columns, row) : undefined;
    return { path: textAt(batch.paths, row) ?? "", ...(deletionVector === undefined ? {} : { deletionVector }) };
  }

  #rowOf(number: number): { batch: FileBatch; row: number } {
    const batch = must(this.#batches[Math.floor(number / BATCH_ROWS_MAX)], "a file's number is of one of the batches");
    return { batch, row: number - batch.first };
  }

  /** Where the slot of a key is, or the free one where it would be. */
  #slotOf(hash: number, key: BytesAt, length: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (hash * 2) & mask; ; slot = (slot + 2) & mask) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) return slot;
      if (slots[slot + 1] === hash && this.#hasKey(entry - 1, key, length)) return slot;
    }
  }

  #hasKey(number: number, key: BytesAt, length: number): boolean {
    const { batch, row } = this.#rowOf(number);
    const { keys } = batch;
    return keys.lengths[row] === length && areEqual({ bytes: keys.bytes, start: keys.starts[row] ?? 0 }, key, length);
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

/** The paths in the table's store that the URIs stand for. */
function pathsOf(
  { uris, rows }: ActionColumns,
  root: TableRoot,
  tell: (path: string, uri: string) => void,
): TextColumn {
  const paths: string[] = [];
  let isPlain = true;
  for (let row = 0; row < rows; row += 1) {
    const start = uris.starts[row] ?? 0;
    const plain = isPlainUri(uris.bytes, start, start + (uris.lengths[row] ?? 0));
    if (plain && isPlain) continue;
    if (isPlain) for (let before = 0; before < row; before += 1) paths.push(textAt(uris, before) ?? "");
    isPlain = false;
    const uri = textAt(uris, row) ?? "";
    const path = plain ? uri : decodeFilePath(uri, root);
    if (!plain && uri !== encodeFilePath(path)) tell(path, uri);
    paths.push(path);
  }
  return isPlain ? uris : textColumn(paths);
}

function keysOf({ vectorIds, rows }: ActionColumns, paths: TextColumn): TextColumn {
  if (vectorIds.lengths.length === 0) return paths;
  return textColumn(
    Array.from({ length: rows }, (_, row) => keyOf(textAt(paths, row) ?? "", textAt(vectorIds, row) ?? "")),
  );
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
