import { must } from "../../base/index.ts";
import { RowSet, type AddFile } from "../../delta/index.ts";
import type { Doing } from "./engine-failure.ts";
import type { Session } from "./session.ts";

/** Rows of some of a table's files. */
export interface Positions {
  readonly byFile: ReadonlyMap<AddFile, RowSet>;
  readonly count: number;
}

/** Runs SQL that gives (place in `files`, row of the file) and collects the distinct answers. */
export async function collectPositions(
  session: Session,
  sql: string,
  { files, doing }: { files: readonly AddFile[]; doing: Doing },
): Promise<Positions> {
  const sets: (RowSet | undefined)[] = [];
  // In order a set grows fastest.
  const { chunks } = await session.stream(`SELECT * FROM (${sql}) ORDER BY ALL`, doing);
  for await (const chunk of chunks) {
    const places = chunk.getColumnVector(0);
    const rows = chunk.getColumnVector(1);
    for (let at = 0; at < chunk.rowCount; at += 1) {
      const place = Number(places.getItem(at));
      const set = (sets[place] ??= new RowSet());
      set.add(Number(rows.getItem(at)));
    }
  }
  const byFile = new Map<AddFile, RowSet>();
  sets.forEach((set, place) => {
    if (set !== undefined) byFile.set(must(files[place], "a row's file is one of those scanned"), set);
  });
  return { byFile, count: [...byFile.values()].reduce((sum, set) => sum + set.size, 0) };
}
