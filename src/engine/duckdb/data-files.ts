import { mkdir, rm } from "node:fs/promises";
import { SluiceError, messageOf } from "../../base/index.ts";
import type { StructField, StructType } from "../../contract/index.ts";
import type { AddFile, PartitionValues, TableMetadata } from "../../delta/index.ts";
import type { OpenTable } from "../engine.ts";
import { NULL_MARK } from "./conform.ts";
import type { Database } from "./database.ts";
import type { DraftFiles } from "./draft-files.ts";
import type { Doing } from "./engine-failure.ts";
import { fieldIdsOption } from "./field-ids.ts";
import { statsOf } from "./file-stats.ts";
import { decodePartitionKey, encodePartitionKey } from "./partition-key.ts";
import type { Session } from "./session.ts";
import { writtenFile, type WrittenFile } from "./written-file.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-text.ts";

export interface WriteRequest {
  readonly table: Pick<OpenTable, "name" | "store">;
  readonly metadata: Pick<TableMetadata, "schema" | "partitionColumns" | "configuration">;
  /** Rows in the table's columns and types. */
  readonly sql: string;
  readonly doing: Doing;
  readonly draft: DraftFiles;
}

/** Files of this size are read in parallel and rewritten without pain. */
const FILE_BYTES = 192 * 2 ** 20;
const MOVES_AT_ONCE = 4;

/** Writes rows as data files of the table; they are in its store when this returns and no log knows them yet. */
export async function writeDataFiles(database: Database, session: Session, request: WriteRequest): Promise<AddFile[]> {
  const folder = database.newPath("write");
  await mkdir(folder, { mode: 0o700 });
  try {
    const written = await copy(session, request, { folder, rowGroups: database.rowGroups });
    return await publish(
      database,
      written.filter((file) => file.rows > 0),
      request,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copy(
  session: Session,
  request: WriteRequest,
  { folder, rowGroups }: { folder: string; rowGroups: string },
): Promise<readonly WrittenFile[]> {
  const { schema, partitionColumns } = request.metadata;
  const stored = schema.fields.filter((field) => !partitionColumns.includes(field.name));
  const partitions = partitionFields(schema, partitionColumns);
  const ids = fieldIdsOption(stored);
  const keys = partitions.map(
    (field, index) => `${encodePartitionKey(field, request.table.name)} AS ${keyName(index)}`,
  );
  const columns = [...stored.map((field) => quoteIdentifier(field.name)), ...keys].join(", ");
  const options = [
    "FORMAT parquet",
    "COMPRESSION zstd",
    rowGroups,
    "RETURN_STATS",
    "FILENAME_PATTERN '{uuid}'",
    partitions.length === 0
      ? `FILE_SIZE_BYTES ${FILE_BYTES}`
      : `PARTITION_BY (${partitions.map((_, index) => keyName(index)).join(", ")})`,
    ...(ids === undefined ? [] : [`FIELD_IDS ${ids}`]),
  ];
  const sql = `COPY (SELECT ${columns} FROM (${request.sql})) TO ${quoteLiteral(`${folder}/files`)} (${options.join(", ")})`;
  try {
    return (await session.rows(sql, request.doing)).map(writtenFile);
  } catch (error) {
    throw brokenRule(error, request.table.name) ?? error;
  }
}

/** A row that breaks a rule of the table reaches us as the text of DuckDB's `error()`. */
function brokenRule(error: unknown, tableName: string): SluiceError | undefined {
  const text = messageOf(error instanceof Error ? (error.cause ?? error) : error);
  const at = text.indexOf(NULL_MARK);
  if (at < 0) return undefined;
  const why = text.slice(at).split("\n", 1)[0] ?? "";
  return new SluiceError("table.schema-mismatch", `Cannot write to table ${tableName}: ${why}`, { cause: error });
}

async function publish(database: Database, files: readonly WrittenFile[], request: WriteRequest): Promise<AddFile[]> {
  const adds: AddFile[] = [];
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      // Opaque names: a partition value never becomes part of a path (delta.md 9).
      const path = `${database.world.uuid()}.parquet`;
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
  const partitions = partitionFields(request.metadata.schema, request.metadata.partitionColumns);
  const partitionValues: Record<string, string | null> = {};
  for (const [index, field] of partitions.entries()) {
    partitionValues[field.name] = decodePartitionKey(file.partitionKeys.get(keyName(index)));
  }
  return {
    path,
    partitionValues: partitionValues satisfies PartitionValues,
    sizeBytes: file.sizeBytes,
    modificationTime: nowMs,
    dataChange: true,
    stats: statsOf(file, request.metadata),
  };
}

function partitionFields(schema: StructType, names: readonly string[]): readonly StructField[] {
  return names.flatMap((name) => schema.fields.find((field) => field.name === name) ?? []);
}

function keyName(index: number): string {
  return `__k${index}`;
}
