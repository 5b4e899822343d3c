import { isFailure } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";

/** Files that a write has put into a table's store, data and deletion vectors, and that no log refers to yet. */
export class DraftFiles {
  readonly #store: ObjectStore;
  readonly #paths = new Set<string>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** To be said before the file is created, whose answer may get lost. */
  add(path: string): void {
    this.#paths.add(path);
  }

  /** Removes them, for a write that is known not to happen. What cannot be removed is an orphan that a later clean-up finds. */
  async discard(): Promise<void> {
    const paths = [...this.#paths];
    this.#paths.clear();
    if (paths.length === 0) return;
    try {
      await this.#store.remove(paths);
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }
}
