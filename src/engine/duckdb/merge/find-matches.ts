import type { AddFile, ColumnRange, RowIdColumns } from "../../../delta/index.ts";
import { quoteIdentifier, sqlTypeOf } from "../../sql-text.ts";
import { collectPositions, type Positions } from "../positions.ts";
import { FILE_COLUMN, ROW_COLUMN, tableScan } from "../table-scan.ts";
import { SOURCE_ROW, keyField, sourceField, sourceRows, type MergeStep } from "./merge-step.ts";
import { bitOf, rowBits } from "./row-bits.ts";
import { filesWithin } from "../file-statistics.ts";

/** What a merge does to which rows. */
export interface Matches {
  /** The target's files whose rows were looked at. */
  readonly scanned: readonly AddFile[];
  /** Whether a file that appears meanwhile could change the outcome. */
  readonly readsWholeTable: boolean;
  /** Rows of the target that go, be it for good or for their new version. */
  readonly removed: Positions;
  readonly updated: number;
  /** Whether a source row updates several rows, of a table that has its key more than once. */
  readonly updatesRepeat: boolean;
  readonly inserted: number;
  /** Temporary table of the updates: place of the file, row in it, row of the source. */
  readonly updates: string;
  /** Temporary table of the source rows to insert. */
  readonly inserts: string;
}

/**
 * Finds the rows of the target whose keys the source has. Only the keys and what the conditions mention is read, and only of files
 * whose statistics do not exclude the source's keys.
 */
export async function findMatches(step: MergeStep, ranges: readonly ColumnRange[]): Promise<Matches> {
  const { session, spec, target, doing } = step;
  const needsAll = spec.notMatchedBySource !== undefined;
  const scanned = filesWithin(target.snapshot, target.metadata, needsAll ? [] : ranges);
  const scan = await scanOf(step, scanned, undefined);
  const hits = await createHits(step, scan);
  const gone = [`SELECT f, r FROM ${hits} WHERE d OR u`];
  if (spec.notMatchedBySource !== undefined) {
    gone.push(
      `SELECT target.${FILE_COLUMN}, target.${ROW_COLUMN} FROM (${scan}) target ANTI JOIN ${sourceRows(step)} source ` +
        `ON ${keysEqual(step)} WHERE (\n${spec.notMatchedBySource.deleteWhen}\n)`,
    );
  }
  const removed = await collectPositions(session, gone.join(" UNION ALL "), { files: scanned, doing });
  const matched = await rowBits(step, `SELECT s FROM ${hits}`);
  return {
    ...(await createUpdates(step, { hits, matched })),
    scanned,
    // That a key is absent is only true as long as nobody adds it.
    readsWholeTable: needsAll || spec.notMatched?.insertWhen !== false,
    removed,
    ...(await createInserts(step, matched)),
  };
}

/** The rows of both sides with one key, and the source rows among them as bits. */
interface Hits {
  readonly hits: string;
  readonly matched: string;
}

/** The target's rows with their positions; of a table that does not exist yet, none. */
export async function scanOf(
  { parts, session, table, target }: MergeStep,
  files: readonly AddFile[],
  rowIds: RowIdColumns | undefined,
): Promise<string> {
  // Columns that this very commit adds are read as null.
  return await tableScan(parts.access(session), {
    table,
    metadata: target.metadata,
    files,
    positions: "index",
    rowIds,
  });
}

async function createHits(step: MergeStep, scan: string): Promise<string> {
  const { session, spec, doing } = step;
  const hits = session.newName("hits");
  const deleted = spec.matched?.deleteWhen ?? "false";
  const updated = spec.matched?.updateWhen === false ? "false" : (spec.matched?.updateWhen ?? "true");
  await session.run(
    `CREATE TEMP TABLE ${hits} AS SELECT target.${FILE_COLUMN} AS f, target.${ROW_COLUMN} AS r, source.${SOURCE_ROW} AS s, ` +
      `coalesce((\n${deleted}\n), false) AS d, coalesce((\n${updated}\n), false) AS u ` +
      `FROM (${scan}) target JOIN ${sourceRows(step)} source ON ${keysEqual(step)}`,
    doing,
  );
  return hits;
}

async function createUpdates(
  step: MergeStep,
  { hits, matched }: Hits,
): Promise<Pick<Matches, "updates" | "updated" | "updatesRepeat">> {
  const { session, spec, doing } = step;
  const isEvery = spec.matched?.deleteWhen === undefined && spec.matched?.updateWhen === undefined;
  const updates = isEvery ? hits : session.newName("updates");
  if (!isEvery) {
    await session.run(`CREATE TEMP TABLE ${updates} AS SELECT f, r, s FROM ${hits} WHERE u AND NOT d`, doing);
  }
  const sources = isEvery ? matched : await rowBits(step, `SELECT s FROM ${updates}`);
  const [rows, used] = await countsOf(
    step,
    `SELECT count(*), (SELECT bit_count(bits) FROM ${sources}) FROM ${updates}`,
  );
  return { updates, updated: rows ?? 0, updatesRepeat: rows !== used };
}

async function createInserts(step: MergeStep, matched: string): Promise<Pick<Matches, "inserts" | "inserted">> {
  const { session, spec, doing } = step;
  const inserts = session.newName("inserts");
  const condition = spec.notMatched?.insertWhen === false ? "false" : (spec.notMatched?.insertWhen ?? "true");
  await session.run(
    `CREATE TEMP TABLE ${inserts} AS SELECT source.${SOURCE_ROW} AS s FROM ${sourceRows(step)} source, ${matched} b ` +
      `WHERE ${bitOf("b", `source.${SOURCE_ROW}`)} = 0 AND (\n${condition}\n)`,
    doing,
  );
  const [rows] = await countsOf(step, `SELECT count(*) FROM ${inserts}`);
  return { inserts, inserted: rows ?? 0 };
}

async function countsOf({ session, doing }: MergeStep, sql: string): Promise<readonly number[]> {
  const [row] = await session.rows(sql, doing);
  return (row ?? []).map((count) => Number(count ?? 0));
}

function keysEqual(step: MergeStep): string {
  const equal = step.spec.keys.map((key) => {
    const field = keyField(step, key);
    const present = sourceField(step, key) ?? field;
    return `target.${quoteIdentifier(field.name)} = CAST(source.${quoteIdentifier(present.name)} AS ${sqlTypeOf(field.type)})`;
  });
  return equal.join(" AND ");
}
