import {
  clusteringTags,
  clusteringColumns,
  rowIdColumns,
  storesPartitions,
  type AddFile,
  type Clustering,
  type RewriteGroup,
  type Snapshot,
  type TableMetadata,
} from "../../../delta/index.ts";
import type { OpenTable } from "../../engine.ts";
import { writeDataFiles } from "../data-files.ts";
import { DraftFiles } from "../draft-files.ts";
import type { EngineParts } from "../engine-parts.ts";
import { tableScan } from "../table-scan.ts";
import { clusteredRows } from "./clustered-rows.ts";

/** A group and the files that are to take its place; no log knows them yet. */
export interface Rewritten {
  readonly group: RewriteGroup;
  readonly adds: readonly AddFile[];
  readonly draft: DraftFiles;
}

export interface RewriteWork {
  readonly table: OpenTable;
  /** The version that the groups are of. */
  readonly snapshot: Snapshot;
  readonly signal: AbortSignal | undefined;
  /** The group's rows are sorted, into files of this size. */
  readonly clustered?: { readonly by: Clustering; readonly fileBytes: number } | undefined;
}

/** The groups say how large a file is to be: none is split further. */
const FILE_BYTES = 2 ** 40;

/** Writes the live rows of a group's files as one file, or sorted as several, with statistics and field ids of their own. */
export async function rewriteGroup(parts: EngineParts, work: RewriteWork, group: RewriteGroup): Promise<Rewritten> {
  const { table, snapshot, signal, clustered } = work;
  const { metadata } = snapshot;
  const draft = new DraftFiles(table.store);
  try {
    await using session = await parts.database.session(signal);
    const rowIds = rowIdColumns(metadata);
    const doing = { what: `rewrite files of table ${table.name}` };
    const rows = await tableScan(parts.access(session), { table, metadata, files: group.files, rowIds });
    const sql =
      clustered === undefined
        ? rows
        : await clusteredRows(session, { sql: rows, schema: metadata.schema, clustering: clustered.by }, doing);
    const hasPartitions = storesPartitions(snapshot.protocol);
    const written = await writeDataFiles(parts.database, session, {
      table,
      metadata: hasPartitions ? metadata : withoutPartitions(metadata),
      storesPartitions: hasPartitions,
      sql,
      doing,
      draft,
      fileBytes: clustered?.fileBytes ?? FILE_BYTES,
      rowIds,
      clustering: clusteringColumns(snapshot.domains),
    });
    const { partitionValues } = group;
    const cube = parts.database.world.uuid();
    const tags = clustered === undefined ? {} : { tags: clusteringTags(metadata, clustered.by, cube) };
    return { group, draft, adds: written.map((add) => ({ ...add, partitionValues, dataChange: false, ...tags })) };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

/** Of one partition, whose values are known: as the log has them, they need not pass through the engine. */
function withoutPartitions(metadata: TableMetadata): TableMetadata {
  const stored = metadata.schema.fields.filter((field) => !metadata.partitionColumns.includes(field.name));
  return { ...metadata, schema: { ...metadata.schema, fields: stored }, partitionColumns: [] };
}
