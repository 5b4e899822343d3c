import type { OpenTable, WriteOptions, WriteOutcome } from "../engine.ts";
import { commitLoop, type PreparedWrite } from "./commit-loop.ts";
import type { DraftFiles } from "./draft-files.ts";
import type { EngineParts } from "./engine-parts.ts";
import { filesWithin } from "./file-statistics.ts";
import { collectPositions } from "./positions.ts";
import { predicateRanges } from "./pruning/predicate-ranges.ts";
import { assertReadOnlyExpression } from "./query-guard.ts";
import { removeRows } from "./remove-rows.ts";
import { FILE_COLUMN, ROW_COLUMN, tableScan } from "./table-scan.ts";
import type { WriteTarget } from "./write-target.ts";

/** Removes the rows for which the predicate is true; rows for which it is null stay. */
export async function deleteRows(
  parts: EngineParts,
  table: OpenTable,
  predicate: string,
  options: WriteOptions = {},
): Promise<WriteOutcome> {
  return await commitLoop(
    parts.database.world,
    table,
    {
      operation: "DELETE",
      operationParameters: { predicate },
      prepare: async (target, draft) => await prepare(parts, { table, predicate, target, draft, options }),
    },
    options,
  );
}

async function prepare(
  parts: EngineParts,
  request: {
    table: OpenTable;
    predicate: string;
    target: WriteTarget;
    draft: DraftFiles;
    options: WriteOptions;
  },
): Promise<PreparedWrite> {
  const { table, predicate, target, draft, options } = request;
  const metadata = target.snapshot?.metadata ?? target.metadata;
  await using session = await parts.database.session(options.signal);
  const tree = await assertReadOnlyExpression(session, predicate);
  const ranges = await predicateRanges(session, tree, { schema: metadata.schema, alias: undefined });
  const files = filesWithin(target.snapshot, metadata, ranges);
  const scan = await tableScan(parts.access(session), { table, metadata, files, positions: "index" });
  const doing = { what: `delete from table ${table.name}`, userSql: true, linesBefore: 1 };
  const hits = await collectPositions(
    session,
    `SELECT ${FILE_COLUMN}, ${ROW_COLUMN} FROM (${scan.replaceAll("\n", " ")}) WHERE (\n${predicate}\n)`,
    { files, doing },
  );
  const { bytesWritten, ...removed } = await removeRows(parts, session, { table, target, hits, doing, draft });
  return {
    ...removed,
    reads: { wholeTable: true, files: new Set(files.map((file) => file.path)) },
    metrics: {
      rowsInserted: 0,
      rowsUpdated: 0,
      rowsDeleted: hits.count,
      filesAdded: removed.adds.length,
      filesRemoved: removed.removes.length,
      bytesWritten,
    },
  };
}
