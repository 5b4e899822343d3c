import type { AddFile, FilePlace, RemoveFile } from "../actions.ts";
import type { ActionColumns } from "../needs.ts";
import type { FileBatch, FileColumns } from "./file-columns.ts";
import { LayeredMap } from "./layered-map.ts";

/** What is known of files by a checkpoint, and what has become of them since. */
export interface ColumnarState<File extends AddFile | RemoveFile> {
  readonly columns: FileColumns<File> | undefined;
  /** Rows of the columns that do not count: another row has their key. */
  readonly passedOver: ReadonlySet<number>;
  /** Files that came or were replaced since, by key; undefined: gone. */
  readonly changes: LayeredMap<File>;
}

/** Some rows of a batch, in order. */
export interface ListedRows {
  readonly batch: FileBatch;
  readonly rows: readonly number[];
}

/**
 * Files of a version by key (`fileKey`): a checkpoint's in columns, later ones as objects on top. A new version costs what its commit
 * has changed; both share everything else. A file of the columns becomes an object when it is asked for.
 */
export class ColumnarFiles<File extends AddFile | RemoveFile> {
  protected readonly state: ColumnarState<File>;
  #superseded: ReadonlySet<number> | undefined;

  constructor(state: Partial<ColumnarState<File>> = {}) {
    const { columns, passedOver = NOTHING, changes = new LayeredMap() } = state;
    this.state = { columns, passedOver, changes };
  }

  get columns(): FileColumns<File> | undefined {
    return this.state.columns;
  }

  get(key: string): File | undefined {
    const { columns, changes } = this.state;
    const { known, value } = changes.look(key);
    if (known || columns === undefined) return value;
    const number = columns.find(key);
    return number === undefined ? undefined : columns.at(number);
  }

  has(key: string): boolean {
    const { columns, changes } = this.state;
    const { known, value } = changes.look(key);
    return known ? value !== undefined : columns?.find(key) !== undefined;
  }

  /** Whether a row of the columns is one of the files as it stands there. */
  isListed(number: number): boolean {
    this.#superseded ??= this.#supersededRows();
    return !this.#superseded.has(number);
  }

  /** The files that are not in the columns. */
  changed(): Iterable<File> {
    return this.state.changes.values();
  }

  /** The files that are in the columns, as rows of them; only those that are wanted. */
  *listed(isWanted: (columns: ActionColumns, row: number) => boolean = () => true): Generator<ListedRows, undefined> {
    for (const batch of this.state.columns?.batches ?? []) {
      const rows: number[] = [];
      for (let row = 0; row < batch.columns.rows; row += 1) {
        if (this.isListed(batch.first + row) && isWanted(batch.columns, row)) rows.push(row);
      }
      if (rows.length > 0) yield { batch, rows };
    }
    return undefined;
  }

  *values(): Generator<File, undefined> {
    yield* this.filesOf(this.listed());
    yield* this.changed();
    return undefined;
  }

  /** Where the files lie: of those in the columns nothing else becomes an object. */
  *places(): Generator<FilePlace, undefined> {
    const { columns } = this.state;
    for (const { batch, rows } of this.listed()) {
      for (const row of rows) if (columns !== undefined) yield columns.placeAt(batch.first + row);
    }
    yield* this.changed();
    return undefined;
  }

  protected *filesOf(listed: Iterable<ListedRows>): Generator<File, undefined> {
    const { columns } = this.state;
    if (columns === undefined) return undefined;
    for (const { batch, rows } of listed) for (const row of rows) yield columns.at(batch.first + row);
    return undefined;
  }

  #supersededRows(): ReadonlySet<number> {
    const { columns, passedOver, changes } = this.state;
    const superseded = new Set(passedOver);
    if (columns === undefined) return superseded;
    for (const [key] of changes.entries()) {
      const number = columns.find(key);
      if (number !== undefined) superseded.add(number);
    }
    return superseded;
  }
}

const NOTHING: ReadonlySet<number> = new Set();
