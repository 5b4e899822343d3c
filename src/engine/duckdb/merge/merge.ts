import type { MergeSpec, OpenTable, Scratch, WriteOptions, WriteOutcome } from "../../engine.ts";
import { commitLoop, type PreparedWrite } from "../commit-loop.ts";
import type { DraftFiles } from "../draft-files.ts";
import type { EngineParts } from "../engine-parts.ts";
import { removeRows } from "../remove-rows.ts";
import type { WriteTarget } from "../write-target.ts";
import { checkSource } from "./check-source.ts";
import { findMatches } from "./find-matches.ts";
import { newRowsSql } from "./new-rows.ts";

/**
 * Merges a source into a table by key. The source is kept once in the spill folder; a scan of the key columns finds the rows of
 * the target that it touches; these are deleted, and changed and new rows are written as new files.
 */
export async function merge(
  parts: EngineParts,
  table: OpenTable,
  spec: MergeSpec,
  options: WriteOptions = {},
): Promise<WriteOutcome> {
  await using source = await keepSource(parts, { table, spec, signal: options.signal });
  return await commitLoop(
    parts.database.world,
    table,
    {
      operation: "MERGE",
      operationParameters: { keys: spec.keys.join(", ") },
      prepare: async (target, draft) =>
        await prepare(parts, { table, spec, source, target, draft, signal: options.signal }),
    },
    options,
  );
}

async function keepSource(
  parts: EngineParts,
  { table, spec, signal }: { table: OpenTable; spec: MergeSpec; signal: AbortSignal | undefined },
): Promise<Scratch> {
  await using session = await parts.database.session(signal);
  const { sql, linesBefore } = await parts.source(session, spec.source);
  return await parts.scratches.create(session, sql, {
    what: `merge into table ${table.name}`,
    userSql: true,
    linesBefore,
  });
}

async function prepare(
  parts: EngineParts,
  request: {
    table: OpenTable;
    spec: MergeSpec;
    source: Scratch;
    target: WriteTarget;
    draft: DraftFiles;
    signal: AbortSignal | undefined;
  },
): Promise<PreparedWrite> {
  const { table, spec, source, target, draft } = request;
  await using session = await parts.database.session(request.signal);
  const doing = { what: `merge into table ${table.name}`, userSql: true };
  const step = { parts, session, table, spec, source, target, doing };
  const ranges = await checkSource(step);
  const matches = await findMatches(step, ranges);
  const newRows = await newRowsSql(step, matches);
  const { bytesWritten, ...removed } = await removeRows(parts, session, {
    table,
    target,
    hits: matches.removed,
    doing,
    draft,
    ...(newRows === undefined ? {} : { newRows }),
  });
  return {
    ...removed,
    reads: { wholeTable: matches.readsWholeTable, files: new Set(matches.scanned.map((file) => file.path)) },
    metrics: {
      rowsInserted: matches.inserted,
      rowsUpdated: matches.updated,
      rowsDeleted: matches.removed.count - matches.updated,
      filesAdded: removed.adds.length,
      filesRemoved: removed.removes.length,
      bytesWritten,
    },
  };
}
