import type { AddFile, ChangeFile, CommitChanges, RemoveFile } from "../../../delta/index.ts";

/** Rows of one file that one version brought or took. */
export interface FileChange {
  readonly version: number;
  readonly type: "insert" | "delete";
  /** With the deletion vector that it has had, or has, in that version. */
  readonly file: AddFile;
  /**
   * The same file as it was on the other side of the commit: only the rows that one of the two has deleted and the other has not
   * count. Without it, all of its live rows do.
   */
  readonly other?: AddFile;
}

export interface RecordedChange {
  readonly version: number;
  readonly file: ChangeFile;
}

export interface ChangePlan {
  readonly inferred: readonly FileChange[];
  /** Of commits that tell it themselves. */
  readonly recorded: readonly RecordedChange[];
}

/** What of a table's files has to be read to know the changes of commits (Delta PROTOCOL, "Add CDC File"). */
export function planChanges(
  commits: readonly CommitChanges[],
  removedFile: (remove: RemoveFile) => AddFile,
): ChangePlan {
  const inferred: FileChange[] = [];
  const recorded: RecordedChange[] = [];
  for (const { version, adds, removes, changeFiles } of commits) {
    if (changeFiles.length > 0) {
      recorded.push(...changeFiles.map((file) => ({ version, file })));
      continue;
    }
    const removed = new Map(removes.filter((one) => one.dataChange).map((one) => [one.path, one]));
    for (const add of adds.filter((one) => one.dataChange)) {
      const before = removed.get(add.path);
      removed.delete(add.path);
      if (before === undefined) {
        inferred.push({ version, type: "insert", file: add });
        continue;
      }
      // The row count is in the new statistics; a remove has none.
      const earlier = { ...add, ...vectorOf(before) };
      const now = add;
      inferred.push({ version, type: "delete", file: earlier, other: now });
      inferred.push({ version, type: "insert", file: now, other: earlier });
    }
    for (const remove of removed.values()) inferred.push({ version, type: "delete", file: removedFile(remove) });
  }
  return { inferred, recorded };
}

function vectorOf({ deletionVector }: RemoveFile): Pick<AddFile, "deletionVector"> {
  return { deletionVector } as Pick<AddFile, "deletionVector">;
}
