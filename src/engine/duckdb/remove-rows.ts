import {
  addWithVector,
  parseStats,
  removeOf,
  rowIdColumns,
  vectorPath,
  writeDeletionVectors,
  type AddFile,
  type ChangeFile,
  type RemoveFile,
  type RowSet,
  type TableMetadata,
} from "../../delta/index.ts";
import type { OpenTable } from "../engine.ts";
import { keepsChangeFeed, writeChangeFiles, type ChangedRows } from "./changes/write-change-files.ts";
import { conformed } from "./conform.ts";
import { writeDataFiles } from "./data-files.ts";
import type { DraftFiles } from "./draft-files.ts";
import type { Doing } from "./engine-failure.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { Positions } from "./positions.ts";
import { withRowCount } from "./row-count.ts";
import { rowIdNames } from "./row-id-fields.ts";
import type { Session } from "./session.ts";
import { tableScan } from "./table-scan.ts";
import type { WriteTarget } from "./write-target.ts";

export interface RemoveRequest {
  readonly table: OpenTable;
  readonly target: WriteTarget;
  readonly hits: Positions;
  readonly doing: Doing;
  readonly draft: DraftFiles;
  /** Rows to write in the same go, in the table's columns and types, and with the columns that keep row ids where the table has them. */
  readonly newRows?: string;
  /** Where the table keeps a feed of its changes: what besides deletions there is to tell. */
  readonly changed?: Omit<ChangedRows, "gone">;
}

export interface RemovedRows {
  readonly adds: readonly AddFile[];
  readonly removes: readonly RemoveFile[];
  readonly changeFiles: readonly ChangeFile[];
  readonly bytesWritten: number;
}

/** Property of a table whose readers know no deletion vectors: touched files are written anew. */
const MERGE_PROPERTY = "sluice.merge";

function writesVectors({ configuration }: Pick<TableMetadata, "configuration">): boolean {
  const isEnabled = configuration["delta.enableDeletionVectors"]?.toLowerCase() === "true";
  return isEnabled && configuration[MERGE_PROPERTY] !== "copy-on-write";
}

/**
 * Prepares the removal of rows, and new rows with it: by deletion vectors, which costs what was removed, or by writing the
 * touched files anew. A file that loses its last row is removed.
 */
export async function removeRows(parts: EngineParts, session: Session, request: RemoveRequest): Promise<RemovedRows> {
  const { table, target, hits } = request;
  const { doing } = request;
  const touched: { file: AddFile; counted: AddFile }[] = [];
  for (const file of hits.byFile.keys()) {
    touched.push({ file, counted: await withRowCount(parts, session, { table, file, doing }) });
  }
  const gone: AddFile[] = [];
  const left = new Map<AddFile, RowSet>();
  for (const { file, counted } of touched) {
    const before = await parts.deleted.rows(table, file);
    const rows = hits.byFile.get(file);
    if (rows === undefined) continue;
    const after = before === undefined ? rows : before.union(rows);
    if (after.size === parseStats(counted.stats)?.numRecords) gone.push(file);
    else left.set(counted, after);
  }
  const removes = touched.map(({ file }) => removeOf(file, parts.database.world.nowMs()));
  const prepared = writesVectors(target.metadata)
    ? await withVectors(parts, session, { request, left })
    : await withoutVectors(parts, session, { request, left });
  // What only adds needs no words: its files are its changes.
  const changeFiles =
    keepsChangeFeed(target) && hits.count > 0
      ? await writeChangeFiles(parts, session, { ...request, changed: { ...request.changed, gone: hits.byFile } })
      : [];
  return { ...prepared, removes, changeFiles };
}

type Prepared = Omit<RemovedRows, "removes" | "changeFiles">;

interface Rest {
  readonly request: RemoveRequest;
  /** Files that keep rows, with all rows of each that are deleted from now on. */
  readonly left: ReadonlyMap<AddFile, RowSet>;
}

async function withVectors(parts: EngineParts, session: Session, { request, left }: Rest): Promise<Prepared> {
  const { table, target, newRows, doing, draft } = request;
  const written =
    newRows === undefined
      ? []
      : await writeDataFiles(parts.database, session, {
          table,
          metadata: target.metadata,
          sql: newRows,
          doing,
          draft,
          rowIds: rowIdColumns(target.metadata),
          clustering: target.clustering,
          storesPartitions: target.storesPartitions,
        });
  const vectors = await writeDeletionVectors(table.store, [...left.values()], parts.database.world);
  const changed = [...left.keys()].flatMap((file, index) => {
    const vector = vectors[index];
    return vector === undefined ? [] : [addWithVector(file, vector)];
  });
  for (const vector of vectors) {
    const path = vectorPath(vector, table.store);
    if (path !== undefined) draft.add(path);
  }
  return {
    adds: [...changed, ...written],
    bytesWritten: written.reduce((sum, add) => sum + add.sizeBytes, 0),
  };
}

async function withoutVectors(parts: EngineParts, session: Session, { request, left }: Rest): Promise<Prepared> {
  const { table, target, newRows, doing, draft } = request;
  const files = [...left.keys()];
  const metadata = target.snapshot?.metadata ?? target.metadata;
  const rowIds = rowIdColumns(target.metadata);
  const kept =
    files.length === 0
      ? []
      : [await tableScan(parts.access(session), { table, metadata, files, hidden: left, rowIds })];
  const schema = target.metadata.schema;
  const conformedKept = await Promise.all(
    kept.map(
      async (sql) =>
        await conformed(session, sql, { schema, tableName: table.name, doing, besides: rowIdNames(rowIds) }),
    ),
  );
  const selects = [...conformedKept, ...(newRows === undefined ? [] : [newRows])];
  if (selects.length === 0) return { adds: [], bytesWritten: 0 };
  const sql = selects.map((one) => `(${one})`).join(" UNION ALL ");
  const adds = await writeDataFiles(parts.database, session, {
    table,
    metadata: target.metadata,
    sql,
    doing,
    draft,
    rowIds,
    clustering: target.clustering,
    storesPartitions: target.storesPartitions,
  });
  return {
    adds,
    bytesWritten: adds.reduce((sum, add) => sum + add.sizeBytes, 0),
  };
}
