import { CHANGE_TYPE } from "../changes/change-columns.ts";
import { collectPositions } from "../positions.ts";
import type { RemoveRequest } from "../remove-rows.ts";
import type { Matches } from "./find-matches.ts";
import type { MergeStep } from "./merge-step.ts";
import { newRowsSql } from "./new-rows.ts";

/**
 * The rows that a merge writes, for a table that tells its changes. They are kept, as they are written twice: expressions may have
 * another value the second time.
 */
export async function typedNewRows(
  step: MergeStep,
  matches: Matches,
): Promise<Pick<RemoveRequest, "newRows" | "changed">> {
  const { session, doing } = step;
  const sql = await newRowsSql(step, matches, CHANGE_TYPE);
  if (sql === undefined) return {};
  const name = session.newName("new_rows");
  await session.run(`CREATE TEMP TABLE ${name} AS ${sql}`, doing);
  const updated = await collectPositions(session, `SELECT f, r FROM ${matches.updates}`, {
    files: matches.scanned,
    doing,
  });
  return {
    newRows: `SELECT * EXCLUDE (${CHANGE_TYPE}) FROM ${name}`,
    changed: { updated: updated.byFile, newRows: `SELECT * FROM ${name}` },
  };
}
