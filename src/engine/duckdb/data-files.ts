import { mkdir, rm } from "node:fs/promises";
import { SluiceError } from "../../base/index.ts";
import type { StructField } from "../../contract/index.ts";
import {
  physicalTable,
  type AddFile,
  type PartitionValues,
  type RowIdColumns,
  type TableMetadata,
} from "../../delta/index.ts";
import type { OpenTable } from "../engine.ts";
import { copyRows } from "./copy-rows.ts";
import type { Database } from "./database.ts";
import type { DraftFiles } from "./draft-files.ts";
import type { Doing } from "./engine-failure.ts";
import { statsOf } from "./file-stats.ts";
import { decodePartitionKey, keyName } from "./partition-key.ts";
import { quoteIdentifier } from "../sql-text.ts";
import { renameMembers } from "./rename-members.ts";
import { rowIdFields, rowIdNames } from "./row-id-fields.ts";
import type { Session } from "./session.ts";
import type { WrittenFile } from "./written-file.ts";

export interface WriteRequest {
  readonly table: Pick<OpenTable, "name" | "store">;
  readonly metadata: Pick<TableMetadata, "schema" | "partitionColumns" | "configuration">;
  /** Rows in the table's columns and types. */
  readonly sql: string;
  readonly doing: Doing;
  readonly draft: DraftFiles;
  /** A file is ended once it is larger; of a good size by default. */
  readonly fileBytes?: number;
  /** Of the table, where the files go: its root by default. */
  readonly folder?: string;
  /** Columns of these names the rows have, too: what they keep from where they were. */
  readonly rowIds?: RowIdColumns | undefined;
  /** Whether the files have the partition columns in them; what is a partition the log says in any case. */
  readonly storesPartitions?: boolean;
  /** Names in files of the columns that the table is clustered by. */
  readonly clustering?: readonly (readonly string[])[];
}

const MOVES_AT_ONCE = 4;

/** Writes rows as data files of the table; they are in its store when this returns and no log knows them yet. */
export async function writeDataFiles(database: Database, session: Session, request: WriteRequest): Promise<AddFile[]> {
  const folder = database.newPath("write");
  await mkdir(folder, { mode: 0o700 });
  try {
    const physical = inPhysicalNames(request);
    const metadata = withFields(physical.metadata, rowIdFields(request.rowIds));
    const written = await copyRows(database, session, { ...physical, metadata, folder: `${folder}/files` });
    return await publish(
      database,
      written.filter((file) => file.rows > 0),
      physical,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** From here on columns have the names that files, statistics and partition values have them by. */
function inPhysicalNames(request: WriteRequest): WriteRequest {
  const { schema } = request.metadata;
  const physical = physicalTable(request.metadata);
  if (physical.mode === "none") return request;
  const columns = schema.fields.map((field, index) => {
    const inFiles = physical.schema.fields[index] ?? field;
    const value = renameMembers(`r.${quoteIdentifier(field.name)}`, field.type, inFiles.type);
    return `${value} AS ${quoteIdentifier(inFiles.name)}`;
  });
  columns.push(...rowIdNames(request.rowIds).map((name) => `r.${quoteIdentifier(name)}`));
  return { ...request, metadata: physical, sql: `SELECT ${columns.join(", ")} FROM (${request.sql}) r` };
}

function withFields(metadata: WriteRequest["metadata"], more: readonly StructField[]): WriteRequest["metadata"] {
  return { ...metadata, schema: { ...metadata.schema, fields: [...metadata.schema.fields, ...more] } };
}

async function publish(database: Database, files: readonly WrittenFile[], request: WriteRequest): Promise<AddFile[]> {
  const adds: AddFile[] = [];
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      // Opaque names: a partition value never becomes part of a path (delta.md 9).
      const path = `${request.folder ?? ""}${database.world.uuid()}.parquet`;
      adds.push(addOf(file, path, database.world.nowMs(), request));
      request.draft.add(path);
      await moveTo(request.table, path, file.file);
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: MOVES_AT_ONCE }, worker));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return adds;
}

async function moveTo({ name, store }: WriteRequest["table"], path: string, file: string): Promise<void> {
  if ((await store.createFromFile(path, file)) === "created") return;
  throw new SluiceError("internal.bug", `Cannot write to table ${name}: a random file name is taken`, {
    facts: { path },
  });
}

function addOf(file: WrittenFile, path: string, nowMs: number, request: WriteRequest): AddFile {
  const partitionValues: Record<string, string | null> = {};
  for (const [index, name] of request.metadata.partitionColumns.entries()) {
    partitionValues[name] = decodePartitionKey(file.partitionKeys.get(keyName(index)));
  }
  return {
    path,
    partitionValues: partitionValues satisfies PartitionValues,
    sizeBytes: file.sizeBytes,
    modificationTime: nowMs,
    dataChange: true,
    stats: statsOf(file, { ...request.metadata, clustering: request.clustering }),
  };
}
