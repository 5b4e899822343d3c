import { join } from "node:path";
import { must } from "../../base/index.ts";
import { EXPORT_SHIFT_MICROS, RANK, encodeSequence, type BatchFile, type StructType } from "../../contract/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { PlannedBatch, PlannedFile, StageContext, StagedBatch } from "../source.ts";
import { bronzeRelation } from "./bronze-relation.ts";
import { checkHints, schemaOf, shapesOf } from "./columns/column-schema.ts";
import { decodeCoverage } from "./plan/coverage.ts";
import { shortTime } from "./plan/cut-batches.ts";
import type { ExportSummary } from "./plan/manifests.ts";
import { COLUMNS_MAX, type DynamoDbExportsOptions } from "./options.ts";
import { constantColumns, type EventConstants, type ScanTask, type ScannedFile } from "./scan/scan-file.ts";
import { scanFiles, type ScanContext } from "./scan/scan-files.ts";
import type { ScanThreads } from "./scan/scan-threads.ts";
import { leafCount, unite, type Shape } from "./columns/shapes.ts";
import { EVENT_COLUMNS, columnsOf } from "./scan/staged-columns.ts";
import { StagedFileWriter, finishStagedFile, type StagedFile } from "../staged/index.ts";

export interface Staging {
  readonly options: DynamoDbExportsOptions;
  readonly store: ObjectStore;
  /** Columns that hints ask for. */
  readonly hints: ReadonlyMap<string, Shape>;
  readonly batch: PlannedBatch;
  readonly known: StructType | undefined;
  readonly context: StageContext;
  readonly threads: ScanThreads;
}

/**
 * Scans the files of a batch into staged files of one schema. Each file is scanned as if it were the only one; where
 * two of them saw an attribute differently, the earlier one of the manifest decides and the later one is scanned again.
 * So the outcome depends on the files and their order alone.
 */
export async function stageBatch(staging: Staging): Promise<StagedBatch> {
  const { options, batch, known } = staging;
  const shapes = shapesOf(known);
  checkHints(shapes, staging.hints);
  for (const [name, shape] of staging.hints) if (!shapes.has(name)) shapes.set(name, shape);
  const tasks = batch.files.map((file, index) => taskOf(staging, file, { index, known: shapes }));
  const scanned = [...(await scanFiles(tasks, scanContext(staging)))];
  const united = await reconcile(staging, tasks, scanned, shapes);

  const schema = schemaOf(known, united);
  const inOrder = shapesOf(schema);
  const staged = [...scanned.map((file) => file.staged), stageTruncates(staging)];
  const columns = [
    ...Object.values(EVENT_COLUMNS),
    ...[...inOrder].flatMap(([name, shape]) => columnsOf([name], shape)),
  ];
  for (const file of staged) finishStagedFile(file, columns);
  return {
    relation: bronzeRelation(staged.map((file) => file.file), options.table, schema, inOrder), // prettier-ignore
    schema,
    files: batch.files.map((file, index) => batchFile(file, must(scanned[index], "every file was scanned"))),
    rows: staged.reduce((sum, file) => sum + rowsOf(file), 0),
    unreadable: scanned.flatMap((file) => file.unreadable),
  };
}

/** Makes one set of columns of what the files found, scanning again where they disagree. */
async function reconcile(
  staging: Staging,
  tasks: readonly ScanTask[],
  scanned: ScannedFile[],
  known: ReadonlyMap<string, Shape>,
): Promise<ReadonlyMap<string, Shape>> {
  const columnsMax = staging.options.columnsMax ?? COLUMNS_MAX;
  let united: Shape = { tag: "M", members: known };
  for (const [index, task] of tasks.entries()) {
    const file = must(scanned[index], "every file was scanned");
    const wider = unite(united, { tag: "M", members: file.shapes });
    if (wider !== undefined && (wider === united || leafCount(wider) <= columnsMax)) {
      united = wider;
      continue;
    }
    const again = { ...task, known: united.tag === "M" ? united.members : known, staged: `${task.staged}.again` };
    const [rescanned] = await scanFiles([again], scanContext(staging));
    scanned[index] = must(rescanned, "the file was scanned again");
    united = { tag: "M", members: scanned[index].shapes };
  }
  return united.tag === "M" ? united.members : known;
}

function scanContext({ store, threads, context: { signal, onProgress } }: Staging): ScanContext {
  return {
    store,
    threads,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

function taskOf(
  { options, batch, context }: Staging,
  file: PlannedFile,
  { index, known }: { readonly index: number; readonly known: ReadonlyMap<string, Shape> },
): ScanTask {
  const content = file.unit as unknown as ExportSummary["content"];
  return {
    kind: content.kind,
    file: file.path,
    staged: join(context.folder, `${index}.parquet`),
    epoch: batch.epoch,
    keys: options.keys,
    ...(options.ttlAttribute === undefined ? {} : { ttlAttribute: options.ttlAttribute }),
    hasOldImages: content.kind === "window" && content.view === "NEW_AND_OLD_IMAGES",
    known,
    columnsMax: options.columnsMax ?? COLUMNS_MAX,
    constants: constantsOf(content, batch.epoch),
    md5: file.md5,
    records: file.records,
    sizeBytes: file.sizeBytes,
  };
}

function constantsOf(content: ExportSummary["content"], epoch: number): EventConstants {
  if (content.kind === "full") return snapshotConstants(content.time, epoch, "R");
  const { from, to, view } = content;
  return {
    event: `export/${epoch}/${shortTime(from)}..${shortTime(to)}/`,
    meta: JSON.stringify({ window: [from, to], ...(view === "NEW_IMAGE" ? { view } : {}) }),
  };
}

function snapshotConstants(time: string, epoch: number, operation: "R" | "T"): EventConstants {
  const timeMicros = Date.parse(time) * 1_000;
  const rank = operation === "R" ? RANK.snapshot : RANK.truncate;
  const sequence = encodeSequence({ epoch, timeMicros: BigInt(timeMicros) - EXPORT_SHIFT_MICROS, rank });
  return {
    event: `export/${epoch}/${shortTime(time)}/${operation === "T" ? "T" : ""}`,
    meta: JSON.stringify({ export: time }),
    snapshot: { operation, sequence, timeMicros },
  };
}

/** One `T` for each full export that is whole with this batch; without one a file without rows, so that there is always one. */
function stageTruncates({ batch, context }: Staging): StagedFile {
  const writer = new StagedFileWriter(join(context.folder, "truncates.parquet"));
  for (const time of wholeSnapshots(batch)) {
    const file = batch.files.findLast(({ unit }) => unit["kind"] === "full" && unit["time"] === time);
    writer.writeGroup(1, [], constantColumns(file?.path, snapshotConstants(time, batch.epoch, "T")));
  }
  return writer.close();
}

/** Times of the full exports that end in the batch. */
function wholeSnapshots(batch: PlannedBatch): readonly string[] {
  const before = decodeCoverage(batch.start);
  const after = decodeCoverage(batch.end);
  if (after === undefined) return [];
  const isSameEpoch = before?.epoch === after.epoch && before.tableId === after.tableId;
  return after.snapshots.filter((time) => !isSameEpoch || !before.snapshots.includes(time));
}

function rowsOf(file: StagedFile): number {
  return file.groups.reduce((sum, group) => sum + group.rows, 0);
}

function batchFile({ path, sizeBytes, md5, records }: PlannedFile, { rows, unreadable }: ScannedFile): BatchFile {
  return { path, sizeBytes, md5, records, rows, quarantined: unreadable.length };
}
