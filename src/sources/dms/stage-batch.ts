import { join } from "node:path";
import { SluiceError, must } from "../../base/index.ts";
import type { BatchFile, StructType } from "../../contract/index.ts";
import { countOf, quoteIdentifier, textOf, type Engine } from "../../engine/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import { assertUnchanged, copyFile, fileBytes } from "../input/index.ts";
import type { PlannedBatch, PlannedFile, StageContext, StagedBatch, UnreadableLine } from "../source.ts";
import { finishStagedFile } from "../staged/index.ts";
import { OPERATION_COLUMN, type FileKind } from "./csv/csv-layout.ts";
import { STAGED, fieldColumn, stageCsv, type StagedCsv } from "./csv/stage-csv.ts";
import { COLUMNS_MAX, type DmsFilesOptions } from "./options.ts";
import { decodeMemory } from "./plan/memory.ts";
import { parquetColumns } from "./rows/parquet-columns.ts";
import { ChangeRows, truncationAlone, type FileFacts, type Part, type RowOptions, type Truncation } from "./rows/change-rows.ts"; // prettier-ignore
import { collectProblems } from "./rows/collect-problems.ts";
import { schemaWith, targetColumns } from "./rows/target-columns.ts";

export interface Staging {
  readonly options: DmsFilesOptions;
  readonly store: ObjectStore;
  readonly engine: Engine;
  readonly batch: PlannedBatch;
  readonly known: StructType | undefined;
  readonly context: StageContext;
}

/** What the plan says of a file beside its path and size. */
export interface FileUnit {
  readonly [name: string]: string | number | boolean | null;
  readonly kind: FileKind;
  readonly format: "csv" | "parquet";
  readonly epoch: number;
  readonly stamp: string;
  readonly stampMicros: number;
  readonly modifiedMs: number;
}

/** A file as it came: its checksum, and the columns that it has. */
export interface TakenFile {
  readonly planned: PlannedFile;
  readonly unit: FileUnit;
  readonly md5: string;
  /** As the engine reads it. */
  readonly local: string;
  readonly columns: readonly string[];
  readonly csv: StagedCsv | undefined;
  readonly part: Part | undefined;
}

/** Reads the files of a batch – CSV by our own scanner, Parquet by the engine – and makes one relation of them. */
export async function stageBatch(staging: Staging): Promise<StagedBatch> {
  const { options, batch, known } = staging;
  const names = new Map<string, number>();
  const files: TakenFile[] = [];
  for (const [index, planned] of batch.files.entries()) {
    staging.context.signal?.throwIfAborted();
    files.push(await takeFile(staging, planned, { index, names }));
  }
  const parts = partsOf(files, names);
  // What a file declares comes before what is text for want of a type.
  const found = [...parts.filter(isTyped), ...parts.filter((part) => !isTyped(part))].flatMap((part) => part.columns);
  const columnsMax = options.columnsMax ?? COLUMNS_MAX;
  const targets = targetColumns(known, { hints: options.hints, found, columnsMax });
  const schema = schemaWith(known, targets);
  const truncation = truncationOf(batch);
  const rowOptions = rowOptionsOf(options);
  if (parts.length === 0) {
    const end = must(truncation, "a batch without files ends a load");
    const relation = truncationAlone(schema, end, rowOptions);
    return { relation, schema, files: [], rows: 1, unreadable: [] };
  }
  const rows = new ChangeRows(parts, files.map((file) => factsOf(file, options)), { ...rowOptions, targets }); // prettier-ignore
  const counted = await countRows(staging, rows, files);
  const unreadable = [
    ...files.flatMap(({ csv }) => csv?.unreadable ?? []),
    ...(await collectProblems(staging, rows, files)),
  ];
  return {
    relation: rows.events(schema, truncation),
    schema,
    files: files.map((file) => batchFile(file, must(counted.get(file.planned.path), "each file was counted"), unreadable)), // prettier-ignore
    rows: [...counted.values()].reduce((sum, { good, moved }) => sum + good + moved, truncation === undefined ? 0 : 1),
    unreadable,
  };
}

function rowOptionsOf(options: DmsFilesOptions): RowOptions {
  const { schema, table, keys, settings, sequenceColumn, beforeImagePrefix } = options;
  return { schema, table, keys, timeColumn: settings.timestampColumnName, sequenceColumn, beforeImagePrefix };
}

async function takeFile(
  { options, store, engine, context }: Staging,
  planned: PlannedFile,
  { index, names }: { readonly index: number; readonly names: Map<string, number> },
): Promise<TakenFile> {
  const unit = planned.unit as unknown as FileUnit;
  const bytes = fileBytes(store.localFolder ?? store, planned.path);
  const local = join(context.folder, `${index}.parquet`);
  const progress = context.onProgress ?? (() => undefined);
  if (unit.format === "parquet") {
    const { md5, sizeBytes } = await copyFile(bytes, local);
    await assertUnchanged(store, "AWS DMS", planned, sizeBytes);
    const columns = await parquetColumns(engine, planned.path, local);
    progress({ records: 0, bytes: sizeBytes });
    const operation = columns.find(({ name }) => name === OPERATION_COLUMN);
    const part: Part = {
      input: { kind: "parquet", files: [local], positions: true },
      file: "__file",
      row: "__row + 1",
      operation: operation === undefined ? "CAST(NULL AS VARCHAR)" : `CAST(${operation.sql} AS VARCHAR)`,
      columns: columns.filter((column) => column !== operation),
    };
    return { planned, unit, md5, local, columns: columns.map(({ name }) => name), csv: undefined, part };
  }
  const task = { path: planned.path, kind: unit.kind, staged: local, key: local, options, names };
  const csv = await stageCsv(task, bytes, (read) => {
    context.signal?.throwIfAborted();
    progress(read);
  });
  await assertUnchanged(store, "AWS DMS", planned, csv.sizeBytes);
  return { planned, unit, md5: csv.md5, local, columns: csv.columns, csv, part: undefined };
}

/** All CSV files are one part; Parquet files of the same columns are one. */
function partsOf(files: readonly TakenFile[], names: ReadonlyMap<string, number>): readonly Part[] {
  const staged = files.flatMap(({ csv }) => (csv === undefined ? [] : [csv.staged]));
  const kinds = [...Object.values(STAGED), ...[...names.values()].map((index) => fieldColumn(index))];
  for (const file of staged) finishStagedFile(file, kinds);
  const parts = new Map<string, Part>();
  if (staged.length > 0) {
    parts.set("csv", {
      input: { kind: "parquet", files: staged.map(({ file }) => file) },
      file: quoteIdentifier(STAGED.file.name),
      row: quoteIdentifier(STAGED.row.name),
      operation: quoteIdentifier(STAGED.operation.name),
      columns: [...names].map(([name, index]) => ({ name, type: "string", sql: quoteIdentifier(fieldColumn(index).name) })), // prettier-ignore
    });
  }
  for (const { part, local } of files) {
    if (part === undefined) continue;
    const shape = JSON.stringify([part.columns, part.operation]);
    const same = parts.get(shape);
    const before = same?.input.kind === "parquet" ? same.input.files : [];
    parts.set(shape, { ...part, input: { kind: "parquet", files: [...before, local], positions: true } });
  }
  return [...parts.values()];
}

function isTyped({ file }: Part): boolean {
  return file !== quoteIdentifier(STAGED.file.name);
}

function factsOf(
  { planned, unit, local, columns }: TakenFile,
  { settings, sequenceColumn }: DmsFilesOptions,
): FileFacts {
  const { timestampColumnName } = settings;
  return {
    key: local,
    path: planned.path,
    isLoad: unit.kind === "load",
    epoch: unit.epoch,
    stamp: unit.stamp,
    stampMicros: unit.stampMicros,
    modifiedMicros: Math.trunc(unit.modifiedMs) * 1_000,
    hasTime: timestampColumnName !== undefined && columns.includes(timestampColumnName),
    hasSequence: sequenceColumn !== undefined && columns.includes(sequenceColumn),
    operation: unit.kind === "load" ? null : (settings.withoutDeletes ?? null),
  };
}

/** A load that replaces what was before ends with the batch in which it is known to be whole. */
function truncationOf({ start, end }: PlannedBatch): Truncation | undefined {
  const [before, after] = [decodeMemory(start), decodeMemory(end ?? start)];
  if (after === undefined || after.epoch === 0 || after.isLoading) return undefined;
  if (before?.epoch === after.epoch && !before.isLoading) return undefined;
  return { epoch: after.epoch, micros: Math.trunc(after.loadedMs) * 1_000 };
}

interface Counted {
  readonly good: number;
  readonly bad: number;
  /** Updates of the key: of each there are two events. */
  readonly moved: number;
  /** Commit times of the oldest and the newest change, ms; undefined where the file has none. */
  readonly oldestMs?: number | undefined;
  readonly newestMs?: number | undefined;
}

/** The engine must see each row that the scanner wrote. */
async function countRows(
  { engine }: Staging,
  rows: ChangeRows,
  files: readonly TakenFile[],
): Promise<ReadonlyMap<string, Counted>> {
  const counted = new Map<string, Counted>(files.map(({ planned }) => [planned.path, { good: 0, bad: 0, moved: 0 }]));
  for (const row of await engine.rows(rows.counts())) {
    const bad = countOf(row, "bad");
    const [good, moved] = [countOf(row, "rows") - bad, countOf(row, "moved")];
    const times = { oldestMs: msOf(row["oldest"]), newestMs: msOf(row["newest"]) };
    counted.set(textOf(row, "f_path"), { good, bad, moved, ...times });
  }
  for (const { csv, planned } of files) {
    const seen = must(counted.get(planned.path), "each file was counted");
    if (csv === undefined || csv.rows === seen.good + seen.bad) continue;
    throw new SluiceError("internal.bug", "Cannot stage a file of AWS DMS: rows were lost on the way", {
      facts: { file: planned.path, written: csv.rows, found: seen.good + seen.bad },
    });
  }
  return counted;
}

/** Milliseconds of a count of microseconds, as the engine gives it. */
function msOf(micros: unknown): number | undefined {
  return micros === null || micros === undefined ? undefined : Math.floor(Number(micros) / 1_000);
}

function batchFile(
  { planned, unit, md5 }: TakenFile,
  { good, oldestMs, newestMs }: Counted,
  unreadable: readonly UnreadableLine[],
): BatchFile {
  const quarantined = unreadable.filter(({ file }) => file === planned.path).length;
  const { path, sizeBytes } = planned;
  return {
    path,
    sizeBytes,
    md5,
    modifiedMs: unit.modifiedMs,
    records: good + quarantined,
    rows: good,
    quarantined,
    ...(oldestMs === undefined ? {} : { oldestMs }),
    ...(newestMs === undefined ? {} : { newestMs }),
  };
}
