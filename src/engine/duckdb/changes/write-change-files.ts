import { RowSet, type AddFile, type ChangeFile } from "../../../delta/index.ts";
import type { OpenTable } from "../../engine.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-text.ts";
import { writeDataFiles } from "../data-files.ts";
import type { DraftFiles } from "../draft-files.ts";
import type { Doing } from "../engine-failure.ts";
import type { EngineParts } from "../engine-parts.ts";
import { withRowCount } from "../row-count.ts";
import type { Session } from "../session.ts";
import { tableScan } from "../table-scan.ts";
import type { WriteTarget } from "../write-target.ts";
import { CHANGE_TYPE, withChangeType } from "./change-columns.ts";
import { onlyRows } from "./only-rows.ts";

export interface ChangedRows {
  /** Rows that go, for good or for their new version. */
  readonly gone: ReadonlyMap<AddFile, RowSet>;
  /** Those of them that have a new version. */
  readonly updated?: ReadonlyMap<AddFile, RowSet>;
  /** SQL for the rows that come, in the table's columns, and what they are in `_change_type`. */
  readonly newRows?: string;
}

export interface ChangeRequest {
  readonly table: OpenTable;
  readonly target: WriteTarget;
  readonly doing: Doing;
  readonly draft: DraftFiles;
  readonly changed: ChangedRows;
}

/** Whether readers of the table's changes want to be told which row became which. */
export function keepsChangeFeed({ metadata }: Pick<WriteTarget, "metadata">): boolean {
  return metadata.configuration["delta.enableChangeDataFeed"]?.toLowerCase() === "true";
}

/** Writes what a commit does to rows as files of changes, below `_change_data` (Delta PROTOCOL, "Change Data Files"). */
export async function writeChangeFiles(
  parts: EngineParts,
  session: Session,
  { table, target, doing, draft, changed }: ChangeRequest,
): Promise<readonly ChangeFile[]> {
  const { metadata } = target;
  const { gone, updated = new Map<AddFile, RowSet>(), newRows } = changed;
  const deleted = new Map<AddFile, RowSet>();
  for (const [file, rows] of gone) deleted.set(file, minus(rows, updated.get(file)));
  const columns = metadata.schema.fields.map((field) => quoteIdentifier(field.name)).join(", ");
  const selects = newRows === undefined ? [] : [`SELECT ${columns}, ${CHANGE_TYPE} FROM (${newRows})`];
  for (const [type, rows] of [
    ["delete", deleted],
    ["update_preimage", updated],
  ] as const) {
    const counted = new Map<AddFile, RowSet>();
    for (const [file, set] of rows) {
      if (set.size > 0) counted.set(await withRowCount(parts, session, { table, file, doing }), set);
    }
    if (counted.size === 0) continue;
    const scan = await tableScan(parts.access(session), { table, metadata, ...onlyRows(counted) });
    selects.push(`SELECT ${columns}, ${quoteLiteral(type)} AS ${CHANGE_TYPE} FROM (${scan})`);
  }
  if (selects.length === 0) return [];
  const adds = await writeDataFiles(parts.database, session, {
    table,
    metadata: withChangeType(metadata),
    sql: selects.join(" UNION ALL "),
    doing,
    draft,
    folder: "_change_data/",
  });
  return adds.map(({ path, partitionValues, sizeBytes }) => ({ path, partitionValues, sizeBytes }));
}

function minus(rows: RowSet, others: RowSet | undefined): RowSet {
  if (others === undefined) return rows;
  const left = new RowSet();
  for (const row of rows) if (!others.has(row)) left.add(row);
  return left;
}
