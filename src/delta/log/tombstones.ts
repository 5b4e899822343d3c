import type { RemoveFile, Tombstone } from "../actions.ts";
import { ColumnarFiles, type ListedRows } from "./columnar-files.ts";
import { LayeredMap } from "./layered-map.ts";

/**
 * The newest removes of a version by logical file, and some that have expired since: a commit does not look through all of them, so whoever
 * goes through them says up to which moment (`sinceMs`, since the epoch) they have.
 */
export class Tombstones extends ColumnarFiles<RemoveFile> {
  /** The tombstones after some changes (undefined: the file was added again). */
  with(changes: ReadonlyMap<string, RemoveFile | undefined>): Tombstones {
    return new Tombstones({ ...this.state, changes: this.state.changes.with(changes) });
  }

  *unexpired(sinceMs: number): Generator<RemoveFile, undefined> {
    yield* this.filesOf(this.unexpiredRows(sinceMs));
    yield* this.unexpiredChanges(sinceMs);
    return undefined;
  }

  /** What is to be known of them where no more is asked for. */
  *tombstones(sinceMs: number): Generator<Tombstone, undefined> {
    const { columns } = this;
    for (const { batch, rows } of this.unexpiredRows(sinceMs)) {
      for (const row of rows) {
        const deletionTimestamp = removedMs(batch.columns.times[row]);
        if (columns !== undefined) yield { ...columns.placeAt(batch.first + row), deletionTimestamp };
      }
    }
    yield* this.unexpiredChanges(sinceMs);
    return undefined;
  }

  /** Those in the columns. */
  unexpiredRows(sinceMs: number): Generator<ListedRows, undefined> {
    return this.listed(({ times }, row) => !isExpired(times[row], sinceMs));
  }

  /** Those that are not in the columns. */
  *unexpiredChanges(sinceMs: number): Generator<RemoveFile, undefined> {
    for (const remove of this.changed()) if (!isExpired(remove.deletionTimestamp, sinceMs)) yield remove;
    return undefined;
  }

  *expired(sinceMs: number): Generator<RemoveFile, undefined> {
    yield* this.filesOf(this.listed(({ times }, row) => isExpired(times[row], sinceMs)));
    for (const remove of this.changed()) if (isExpired(remove.deletionTimestamp, sinceMs)) yield remove;
    return undefined;
  }

  /** The same without those that have expired, as far as they take memory each: columns go once all of theirs have. */
  withoutExpired(sinceMs: number): Tombstones {
    const hasRows = this.unexpiredRows(sinceMs).next().done !== true;
    const columns = hasRows ? this.columns : undefined;
    const changes = new Map<string, RemoveFile | undefined>();
    for (const [key, remove] of this.state.changes.entries()) {
      if (remove !== undefined && !isExpired(remove.deletionTimestamp, sinceMs)) changes.set(key, remove);
      else if (columns?.find(key) !== undefined) changes.set(key, undefined);
    }
    const kept = hasRows ? this.state : {};
    return new Tombstones({ ...kept, changes: new LayeredMap<RemoveFile>().with(changes) });
  }
}

function isExpired(deletionTimestamp: number | undefined, sinceMs: number): boolean {
  return removedMs(deletionTimestamp) <= sinceMs;
}

/** A remove without a time is from before all times (Delta PROTOCOL, "Add File and Remove File": defaults to 0). */
function removedMs(deletionTimestamp: number | undefined): number {
  return deletionTimestamp === undefined || Number.isNaN(deletionTimestamp) ? 0 : deletionTimestamp;
}
