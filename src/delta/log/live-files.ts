import type { AddFile } from "../actions.ts";
import { ColumnarFiles, type ColumnarState } from "./columnar-files.ts";

interface LiveFilesState extends ColumnarState<AddFile> {
  readonly size: number;
}

/** The live files of a version by path. */
export class LiveFiles extends ColumnarFiles<AddFile> implements ReadonlyMap<string, AddFile> {
  readonly size: number;

  constructor({ size = 0, ...state }: Partial<LiveFilesState> = {}) {
    super(state);
    this.size = size;
  }

  /** The files after some changes (undefined: removed), `size` of them. */
  with(changes: ReadonlyMap<string, AddFile | undefined>, size: number): LiveFiles {
    return new LiveFiles({ ...this.state, changes: this.state.changes.with(changes), size });
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
}
