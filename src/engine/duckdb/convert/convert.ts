import { field, struct, type PrimitiveName, type StructField, type StructType } from "../../../contract/index.ts";
import { READ_NOTHING, type AddFile, type TableMetadata } from "../../../delta/index.ts";
import type { ObjectInfo } from "../../../storage/index.ts";
import type { ConvertOptions, OpenTable, WriteOutcome } from "../../engine.ts";
import { quoteLiteral, sqlTypeOf } from "../../sql-text.ts";
import { commitLoop } from "../commit-loop.ts";
import { deltaSchema } from "../delta-type.ts";
import type { Doing } from "../engine-failure.ts";
import type { EngineParts } from "../engine-parts.ts";
import { statsOf } from "../file-stats.ts";
import { fileList } from "../literal-list.ts";
import type { Session } from "../session.ts";
import { filesMetrics } from "../write-metrics.ts";
import { findFiles, refused, type FoundFile, type FoundFiles } from "./found-files.ts";
import { footerStatistics, leafTypes, rowsInFooters } from "./parquet-footers.ts";

/** Files whose footers are looked at together. */
const FILES_AT_ONCE = 200;
/** Types that DuckDB reads and other readers of Delta tables do not, or as something else. */
const FOREIGN_TYPE =
  /\b(?:U(?:TINY|SMALL|BIG|HUGE)INT|UINTEGER|HUGEINT|UUID|ENUM|(?<!WITH )TIME|INTERVAL|TIMESTAMP_NS|JSON|GEOMETRY|VARIANT)\b/;

/**
 * Makes a Delta table of a folder of Parquet files, in place: no file is touched, the log is written beside them. Rows and statistics
 * come from the files' footers.
 */
export async function convert(
  parts: EngineParts,
  table: OpenTable,
  options: ConvertOptions = {},
): Promise<WriteOutcome> {
  if (table.snapshot !== undefined) throw refused(table.name, "it is a Delta table already", "", "table.exists");
  const listed: ObjectInfo[] = [];
  for await (const info of table.store.list("")) listed.push(info);
  const found = findFiles(listed, table.name);
  const doing = { what: `convert ${table.name}` };
  await using session = await parts.database.session(options.signal);
  const schema = await schemaOf(parts, session, { table, found, options, doing });
  const { name, properties } = options;
  const create = {
    schema,
    partitionColumns: found.partitionColumns,
    ...(name === undefined ? {} : { name }),
    ...(properties === undefined ? {} : { properties }),
  };
  return await commitLoop(
    parts.database.world,
    table,
    {
      operation: "CONVERT",
      operationParameters: {
        numFiles: String(found.files.length),
        partitionedBy: JSON.stringify(found.partitionColumns),
        collectStats: "true",
      },
      prepare: async ({ metadata, snapshot, storesPartitions }) => {
        if (storesPartitions && found.partitionColumns.length > 0)
          throw refused(
            table.name,
            "its files do not have the partition columns that materializePartitionColumns asks for",
            "",
          );
        if (snapshot !== undefined)
          throw refused(table.name, "it has become a Delta table meanwhile", "", "table.exists");
        const adds: AddFile[] = [];
        for (let start = 0; start < found.files.length; start += FILES_AT_ONCE) {
          const files = found.files.slice(start, start + FILES_AT_ONCE);
          adds.push(...(await addsOf(parts, session, { table, files, metadata, doing })));
          options.onProgress?.({ files: adds.length, ofFiles: found.files.length });
        }
        return { adds, removes: [], reads: READ_NOTHING, metrics: filesMetrics(adds, []) };
      },
    },
    { create },
  );
}

interface Reading {
  readonly table: OpenTable;
  readonly found: FoundFiles;
  readonly options: ConvertOptions;
  readonly doing: Doing;
}

/** The columns of all files, each of one type in all of them, and the partition columns behind them. */
async function schemaOf(parts: EngineParts, session: Session, reading: Reading): Promise<StructType> {
  const stored = await storedColumns(parts, session, reading);
  return struct([...stored, ...(await partitionColumns(session, reading, stored))]);
}

async function storedColumns(parts: EngineParts, session: Session, reading: Reading): Promise<readonly StructField[]> {
  const { table, found, doing } = reading;
  const types = new Map<string, string>();
  let columns: StructType = struct([]);
  for (let start = 0; start < found.files.length; start += FILES_AT_ONCE) {
    const files = found.files.slice(start, start + FILES_AT_ONCE);
    const paths = await inReach(parts, session, { table, files });
    const leaves = await leafTypes(session, paths, doing);
    for (const [index, path] of paths.entries()) {
      addTypes(types, leaves.get(path) ?? new Map<string, string>(), { table, file: files[index]?.info.path ?? path });
    }
    const read = `SELECT * FROM read_parquet(${fileList(paths)}, union_by_name = true, hive_partitioning = false)`;
    columns = merged(columns, deltaSchema(await session.columns(read, doing)));
  }
  // INT96 is a moment in UTC, whatever the engine takes it for.
  return columns.fields.map((one) =>
    types.get(one.name)?.startsWith("INT96") === true ? field(one.name, "timestamp") : one,
  );
}

function addTypes(
  types: Map<string, string>,
  leaves: ReadonlyMap<string, string>,
  { table, file }: { readonly table: OpenTable; readonly file: string },
): void {
  for (const [leaf, type] of leaves) {
    const before = types.get(leaf) ?? type;
    types.set(leaf, before);
    if (before !== type)
      throw refused(table.name, `column ${leaf} is ${type} in one file and ${before} in others`, file);
    if (FOREIGN_TYPE.test(type))
      throw refused(table.name, `column ${leaf} is of a type that Delta has not: ${type}`, file);
  }
}

async function partitionColumns(
  session: Session,
  { table, found, options, doing }: Reading,
  stored: readonly StructField[],
): Promise<readonly StructField[]> {
  const { partitionTypes = {} } = options;
  const stray = Object.keys(partitionTypes).find((name) => !found.partitionColumns.includes(name));
  if (stray !== undefined) throw refused(table.name, `${stray}, whose type is given, is no partition`, "");
  const columns: StructField[] = [];
  for (const name of found.partitionColumns) {
    const isTwin = stored.some((one) => one.name.toLowerCase() === name.toLowerCase());
    if (isTwin) throw refused(table.name, `${name} is a partition and a column of the files`, "");
    const type = partitionTypes[name] ?? "string";
    await checkValues(session, { table, found, doing, name, type });
    columns.push(field(name, type));
  }
  return columns;
}

function merged(left: StructType, right: StructType): StructType {
  const more = right.fields.filter((one) => !left.fields.some((known) => known.name === one.name));
  return struct([...left.fields, ...more]);
}

async function checkValues(
  session: Session,
  request: { table: OpenTable; found: FoundFiles; doing: Doing; name: string; type: PrimitiveName },
): Promise<void> {
  const { table, found, doing, name, type } = request;
  const values = new Set(found.files.flatMap(({ partitionValues }) => partitionValues[name] ?? []));
  if (type === "string" || values.size === 0) return;
  const rows = [...values].map((value) => `(${quoteLiteral(value)})`).join(", ");
  const [bad] = await session.rows(
    `SELECT v FROM (VALUES ${rows}) t(v) WHERE TRY_CAST(v AS ${sqlTypeOf(type)}) IS NULL ORDER BY 1 LIMIT 1`,
    doing,
  );
  if (bad !== undefined) throw refused(table.name, `the partition ${name}=${String(bad[0])} is no ${type}`, "");
}

async function inReach(
  parts: EngineParts,
  session: Session,
  { table, files }: { table: OpenTable; files: readonly FoundFile[] },
): Promise<readonly string[]> {
  const adds = files.map((file) => addOf(file));
  const used = await parts.access(session).files.use(table.store, adds);
  session.defer(used.release);
  session.nameFiles(
    new Map(used.paths.map((path, index) => [path, `file ${files[index]?.info.path ?? path} of ${table.name}`])),
  );
  return used.paths;
}

async function addsOf(
  parts: EngineParts,
  session: Session,
  request: { table: OpenTable; files: readonly FoundFile[]; metadata: TableMetadata; doing: Doing },
): Promise<readonly AddFile[]> {
  const { files, metadata, doing } = request;
  const paths = await inReach(parts, session, request);
  const columns = metadata.schema.fields.filter((one) => !metadata.partitionColumns.includes(one.name));
  const rows = await rowsInFooters(session, paths, doing);
  const statistics = await footerStatistics(session, { paths, columns }, doing);
  return files.map((file, index) => {
    const path = paths[index] ?? "";
    const written = { file: path, sizeBytes: file.info.sizeBytes, partitionKeys: new Map<string, string>() };
    const facts = { ...written, rows: rows.get(path) ?? 0, columns: statistics.get(path) ?? [] };
    return { ...addOf(file), stats: statsOf(facts, metadata) };
  });
}

function addOf({ info, partitionValues }: FoundFile): AddFile {
  const modificationTime = Math.floor(info.modifiedMs);
  return { path: info.path, partitionValues, sizeBytes: info.sizeBytes, modificationTime, dataChange: true };
}
