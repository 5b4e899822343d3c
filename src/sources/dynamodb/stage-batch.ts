import { join } from "node:path";
import { must } from "../../base/index.ts";
import type { BatchFile } from "../../contract/index.ts";
import type { PlannedBatch, PlannedFile, StagedBatch } from "../source.ts";
import { decodeCoverage } from "./plan/coverage.ts";
import { shortTime } from "./plan/cut-batches.ts";
import type { ExportSummary } from "./plan/manifests.ts";
import { COLUMNS_MAX } from "./options.ts";
import { constantColumns, type EventConstants, type ScanTask, type ScannedFile } from "./scan/scan-file.ts";
import { snapshotConstants } from "./snapshot-events.ts";
import { stageLines, type Staging } from "./stage-lines.ts";
import type { Shape } from "./columns/shapes.ts";
import { StagedFileWriter, type StagedFile } from "../staged/index.ts";

/** The files of a batch of exports as Bronze rows, and a `T` for each full export that is whole with it. */
export async function stageBatch(staging: Staging, batch: PlannedBatch): Promise<StagedBatch> {
  const tasks = (known: ReadonlyMap<string, Shape>): readonly ScanTask[] =>
    batch.files.map((file, index) => taskOf(staging, batch, { file, index, known }));
  const { scanned, ...staged } = await stageLines(staging, tasks, [stageTruncates(staging, batch)]);
  const files = batch.files.map((file, index) => batchFile(file, must(scanned[index], "every file was scanned")));
  return { ...staged, files };
}

function taskOf(
  { options, context }: Staging,
  batch: PlannedBatch,
  {
    file,
    index,
    known,
  }: { readonly file: PlannedFile; readonly index: number; readonly known: ReadonlyMap<string, Shape> },
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
  if (content.kind === "full") return snapshotConstants({ channel: "export", time: content.time, epoch }, "R");
  const { from, to, view } = content;
  return {
    event: `export/${epoch}/${shortTime(from)}..${shortTime(to)}/`,
    meta: JSON.stringify({ window: [from, to], ...(view === "NEW_IMAGE" ? { view } : {}) }),
  };
}

/** One `T` for each full export that is whole with this batch; without one a file without rows, so that there is always one. */
function stageTruncates({ context }: Staging, batch: PlannedBatch): StagedFile {
  const writer = new StagedFileWriter(join(context.folder, "truncates.parquet"));
  for (const time of wholeSnapshots(batch)) {
    const file = batch.files.findLast(({ unit }) => unit["kind"] === "full" && unit["time"] === time);
    const constants = snapshotConstants({ channel: "export", time, epoch: batch.epoch }, "T");
    writer.writeGroup(1, [], constantColumns(file?.path, constants));
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

function batchFile({ path, sizeBytes, md5, records }: PlannedFile, { rows, unreadable }: ScannedFile): BatchFile {
  return { path, sizeBytes, md5, records, rows, quarantined: unreadable.length };
}
