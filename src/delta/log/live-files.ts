import type { AddFile } from "../actions.ts";
import type { FileColumns } from "./file-columns.ts";
import { LayeredMap } from "./layered-map.ts";

/** What is known of the files of a checkpoint, and what has become of them since. */
interface LiveFilesState {
  readonly columns: FileColumns | undefined;
  /** Rows of the columns that do not count: another row has their path. */
  readonly passedOver: ReadonlySet<number>;
  /** Files added or replaced since, by path; undefined: removed. */
  readonly changes: LayeredMap<AddFile>;
  readonly size: number;
}

/**
 * The live files of a version by path: the checkpoint's in columns, later ones as objects on top. A new version costs what its commit
 * has changed; both share everything else. A file of the columns becomes an object when it is asked for.
 */
export class LiveFiles implements ReadonlyMap<string, AddFile> {
  readonly #state: LiveFilesState;
  #superseded: ReadonlySet<number> | undefined;

  constructor(state: LiveFilesState = NONE) {
    this.#state = state;
  }

  get size(): number {
    return this.#state.size;
  }

  get columns(): FileColumns | undefined {
    return this.#state.columns;
  }

  get(path: string): AddFile | undefined {
    const { columns, changes } = this.#state;
    const { known, value } = changes.look(path);
    if (known || columns === undefined) return value;
    const number = columns.find(path);
    return number === undefined ? undefined : columns.at(number);
  }

  has(path: string): boolean {
    const { columns, changes } = this.#state;
    const { known, value } = changes.look(path);
    return known ? value !== undefined : columns?.find(path) !== undefined;
  }

  /** The files after some changes (undefined: removed), `size` of them. */
  with(changes: ReadonlyMap<string, AddFile | undefined>, size: number): LiveFiles {
    return new LiveFiles({ ...this.#state, changes: this.#state.changes.with(changes), size });
  }

  /** Whether a row of the columns is a live file as it stands there. */
  isListed(number: number): boolean {
    this.#superseded ??= this.#supersededRows();
    return !this.#superseded.has(number);
  }

  /** The live files that are not in the columns. */
  changed(): Iterable<AddFile> {
    return this.#state.changes.values();
  }

  *values(): Generator<AddFile, undefined> {
    const { columns } = this.#state;
    for (const { columns: rows, first } of columns?.batches ?? []) {
      for (let number = first; number < first + rows.rows; number += 1) {
        if (this.isListed(number)) yield (columns as FileColumns).at(number);
      }
    }
    yield* this.changed();
    return undefined;
  }

  *keys(): Generator<string, undefined> {
    for (const file of this.values()) yield file.path;
    return undefined;
  }

  *entries(): Generator<[string, AddFile], undefined> {
    for (const file of this.values()) yield [file.path, file];
    return undefined;
  }

  [Symbol.iterator](): Generator<[string, AddFile], undefined> {
    return this.entries();
  }

  forEach(visit: (file: AddFile, path: string, files: ReadonlyMap<string, AddFile>) => void): void {
    for (const [path, file] of this) visit(file, path, this);
  }

  #supersededRows(): ReadonlySet<number> {
    const { columns, passedOver, changes } = this.#state;
    const superseded = new Set(passedOver);
    if (columns === undefined) return superseded;
    for (const [path] of changes.entries()) {
      const number = columns.find(path);
      if (number !== undefined) superseded.add(number);
    }
    return superseded;
  }
}

const NONE: LiveFilesState = { columns: undefined, passedOver: new Set(), changes: new LayeredMap(), size: 0 };
