import { RowSet, type AddFile } from "../../../delta/index.ts";
import { recordsOf } from "../file-statistics.ts";

/** For a scan of these rows alone, deleted or not. The files say how many rows they have. */
export function onlyRows(rows: ReadonlyMap<AddFile, RowSet>): {
  readonly files: readonly AddFile[];
  readonly hidden: ReadonlyMap<AddFile, RowSet>;
} {
  const hidden = new Map<AddFile, RowSet>();
  for (const [{ deletionVector: _ignored, ...file }, set] of rows) hidden.set(file, without(set, recordsOf(file) ?? 0));
  return { files: [...hidden.keys()], hidden };
}

/** The rows of a file that are not among these. */
function without(rows: RowSet, count: number): RowSet {
  const others = new RowSet();
  let next = 0;
  for (const [start, end] of rows.ranges()) {
    if (start > next) others.addRange(next, start);
    next = end;
  }
  if (next < count) others.addRange(next, count);
  return others;
}
