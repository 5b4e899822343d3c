import { rm } from "node:fs/promises";
import { SluiceError, isFailure, messageOf } from "../../base/index.ts";
import type { StructField } from "../../contract/index.ts";
import type { TableMetadata } from "../../delta/index.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-text.ts";
import { NULL_MARK } from "./conform.ts";
import { constantKeys } from "./constant-keys.ts";
import type { Database } from "./database.ts";
import type { Doing } from "./engine-failure.ts";
import { fieldIdsOption } from "./field-ids.ts";
import { DATA_FILE_OPTIONS, SCRATCH_FILE_OPTIONS } from "./parquet-options.ts";
import { encodePartitionKey, keyName } from "./partition-key.ts";
import { RULE_MARK } from "./rules/rule-mark.ts";
import type { Session } from "./session.ts";
import { writtenFile, type WrittenFile } from "./written-file.ts";

export interface CopyRequest {
  readonly table: { readonly name: string };
  readonly metadata: Pick<TableMetadata, "schema" | "partitionColumns">;
  /** Rows in the table's columns and types. */
  readonly sql: string;
  readonly doing: Doing;
  /** Is made by this, in the spill folder. */
  readonly folder: string;
  /** Whether the files have the partition columns in them. */
  readonly storesPartitions?: boolean;
  /** A file is ended once it is larger; of a good size by default. */
  readonly fileBytes?: number;
}

/** Files of this size are read in parallel and rewritten without pain. */
const FILE_BYTES = 192 * 2 ** 20;

/**
 * Writes rows to Parquet files of the spill folder, each of one partition. Rows of several partitions are gathered in memory until
 * there are half a million of them; where they are too wide for that, they are kept aside and written partition by partition.
 */
export async function copyRows(
  database: Database,
  session: Session,
  request: CopyRequest,
): Promise<readonly WrittenFile[]> {
  const copying = planCopy(database, session, request);
  try {
    if (copying.partitions.length === 0) return await copying.toFiles(request.sql, new Map());
    const constant = await constantKeys(session, request.sql, { ...request, partitions: copying.partitions });
    if (constant !== undefined) return await copying.toFiles(request.sql, constant);
    try {
      return await copying.toPartitions();
    } catch (error) {
      if (!isTooWide(error)) throw error;
      await rm(request.folder, { recursive: true, force: true });
      return await partitionByPartition(database, session, { request, copying });
    }
  } catch (error) {
    throw brokenRule(error, request.table.name) ?? error;
  }
}

/** Too much to gather in memory, or a value too long for the name of a folder, which DuckDB makes one a partition. */
function isTooWide(error: unknown): boolean {
  if (isFailure(error, "engine.out-of-memory")) return true;
  return isFailure(error, "engine.failed") && /File name too long|ENAMETOOLONG/.test(error.message);
}

interface Copying {
  readonly partitions: readonly StructField[];
  /** Rows that all have these keys. */
  readonly toFiles: (sql: string, keys: ReadonlyMap<string, string>) => Promise<readonly WrittenFile[]>;
  readonly toPartitions: () => Promise<readonly WrittenFile[]>;
  /** For a `select` list: the stored columns, and the keys. */
  readonly columns: string;
  readonly keys: readonly string[];
}

function planCopy(database: Database, session: Session, request: CopyRequest): Copying {
  const { table, metadata, sql, doing, folder, fileBytes = FILE_BYTES } = request;
  const { schema, partitionColumns } = metadata;
  const isStored = ({ name }: StructField): boolean =>
    request.storesPartitions === true || !partitionColumns.includes(name);
  const stored = schema.fields.filter(isStored);
  const partitions = partitionColumns.flatMap((name) => schema.fields.find((field) => field.name === name) ?? []);
  const columns = stored.map((field) => quoteIdentifier(field.name)).join(", ");
  const keys = partitions.map((field, index) => `${encodePartitionKey(field, table.name)} AS ${keyName(index)}`);
  const names = partitions.map((_, index) => keyName(index)).join(", ");
  const ids = fieldIdsOption(stored);
  const copy = async (select: string, option: string): Promise<readonly WrittenFile[]> => {
    const options = [
      DATA_FILE_OPTIONS,
      database.rowGroups,
      "RETURN_STATS",
      "FILENAME_PATTERN '{uuid}'",
      option,
      ...(ids === undefined ? [] : [`FIELD_IDS ${ids}`]),
    ];
    const rows = await session.rows(`COPY (${select}) TO ${quoteLiteral(folder)} (${options.join(", ")})`, doing);
    return rows.map(writtenFile);
  };
  return {
    partitions,
    columns,
    keys,
    toFiles: async (rows, partitionKeys) => {
      const written = await copy(`SELECT ${columns} FROM (${rows})`, `FILE_SIZE_BYTES ${fileBytes}, APPEND`);
      return written.map((file) => ({ ...file, partitionKeys }));
    },
    toPartitions: async () =>
      await copy(`SELECT ${[columns, ...keys].join(", ")} FROM (${sql})`, `PARTITION_BY (${names})`),
  };
}

async function partitionByPartition(
  database: Database,
  session: Session,
  { request, copying }: { request: CopyRequest; copying: Copying },
): Promise<readonly WrittenFile[]> {
  const aside = `${database.newPath("aside")}.parquet`;
  session.defer(async () => await rm(aside, { force: true }));
  await session.run(
    `COPY (SELECT ${[copying.columns, ...copying.keys].join(", ")} FROM (${request.sql})) TO ${quoteLiteral(aside)} ` +
      `(${SCRATCH_FILE_OPTIONS}, ${database.rowGroups})`,
    request.doing,
  );
  const rows = `SELECT * FROM read_parquet(${quoteLiteral(aside)})`;
  const names = copying.partitions.map((_, index) => keyName(index));
  const found = await session.rows(`SELECT DISTINCT ${names.join(", ")} FROM (${rows}) ORDER BY ALL`, request.doing);
  const written: WrittenFile[] = [];
  for (const values of found) {
    const keys = new Map(names.map((name, index) => [name, String(values[index])]));
    const same = [...keys].map(([name, key]) => `${name} = ${quoteLiteral(key)}`).join(" AND ");
    written.push(...(await copying.toFiles(`${rows} WHERE ${same}`, keys)));
  }
  return written;
}

/** A row that breaks a rule of the table reaches us as the text of DuckDB's `error()`. */
function brokenRule(error: unknown, tableName: string): SluiceError | undefined {
  const text = messageOf(error instanceof Error ? (error.cause ?? error) : error);
  const said = (mark: string): string | undefined => {
    const at = text.indexOf(mark);
    return at < 0 ? undefined : text.slice(at).split("\n", 1)[0];
  };
  const isNull = said(NULL_MARK);
  const broken = said(RULE_MARK);
  if (isNull === undefined && broken === undefined) return undefined;
  const advice = broken === undefined ? {} : { advice: "Correct the rows, or drop the rule; nothing was written." };
  return new SluiceError("table.schema-mismatch", `Cannot write to table ${tableName}: ${isNull ?? broken}`, {
    ...advice,
    cause: error,
  });
}
