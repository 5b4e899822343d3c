import type { MergeSpec, OpenTable, Scratch, WriteOptions, WriteOutcome } from "../../engine.ts";
import { commitLoop, type PreparedWrite } from "../commit-loop.ts";
import type { DraftFiles } from "../draft-files.ts";
import type { EngineParts } from "../engine-parts.ts";
import { removeRows, type RemoveRequest } from "../remove-rows.ts";
import type { WriteTarget } from "../write-target.ts";
import { checkSource } from "./check-source.ts";
import type { MergeStep } from "./merge-step.ts";
import { findMatches, type Matches } from "./find-matches.ts";
import { keepsChangeFeed } from "../changes/write-change-files.ts";
import { newRowsSql } from "./new-rows.ts";
import { missingIdentities } from "../rules/identities.ts";
import { typedNewRows } from "./typed-new-rows.ts";

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
  const what = `merge into table ${table.name}`;
  const columns = await parts.columns(session, spec.source, what);
  const { sql, linesBefore } = await parts.source(session, spec.source);
  return await parts.scratches.create(session, { sql, columns }, { what, userSql: true, linesBefore });
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
  const identities = identitiesOf(step);
  const ranges = await checkSource(step);
  const matches = await findMatches(step, ranges);
  const tells = keepsChangeFeed(target) && matches.removed.count > 0;
  const newRows = await (tells ? typedNewRows(step, matches) : plainNewRows(step, matches));
  const { bytesWritten, ...removed } = await removeRows(parts, session, {
    table,
    target,
    hits: matches.removed,
    doing,
    draft,
    ...newRows,
  });
  return {
    ...removed,
    identities: { columns: identities, rows: matches.inserted },
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

/**
 * Identity columns whose values the merge leaves to the table. A source may have them to find rows by, as long as none of its rows is
 * inserted.
 */
function identitiesOf({ target, spec, source, table }: MergeStep): readonly string[] {
  const isKey = (name: string): boolean => spec.keys.some((key) => key.toLowerCase() === name.toLowerCase());
  const inserts = spec.notMatched?.insertWhen !== false;
  const brought = source.schema.fields.filter(({ name }) => inserts || !isKey(name));
  const set = Object.keys(spec.matched?.set ?? {}).map((name) => ({ name }));
  return missingIdentities(target, [...brought, ...set], table.name);
}

async function plainNewRows(step: MergeStep, matches: Matches): Promise<Pick<RemoveRequest, "newRows">> {
  const newRows = await newRowsSql(step, matches);
  return newRows === undefined ? {} : { newRows };
}
