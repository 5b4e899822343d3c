import { must } from "../../../base/index.ts";
import type { BatchFile, StructType } from "../../../contract/index.ts";
import { localStore, type ObjectStore } from "../../../storage/index.ts";
import { assertUnchanged } from "../../input/index.ts";
import type { PlannedBatch, PlannedFile, StageContext, StagedBatch, UnreadableLine } from "../../source.ts";
import type { Shape } from "../columns/shapes.ts";
import { RecordCutter } from "../envelope/record-cutter.ts";
import { unreadableRecord } from "../envelope/unreadable-record.ts";
import { ImageFilter } from "../live/filtered-image.ts";
import { Spool, type Spooled } from "../live/spool.ts";
import { spoolTask, truncateFile } from "../live/stage-live.ts";
import type { ScannedFile } from "../scan/scan-file.ts";
import type { ScanThreads } from "../scan/scan-threads.ts";
import { stageLines } from "../stage-lines.ts";
import { readDelivered } from "./delivered-bytes.ts";
import type { DeliveryOptions } from "./options.ts";
import { readFile, type DeliveredRecords } from "./read-file.ts";

export interface DeliveryStaging {
  readonly options: DeliveryOptions;
  readonly store: ObjectStore;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
  readonly batch: PlannedBatch;
  readonly known: StructType | undefined;
  readonly context: StageContext;
}

interface TakenFile {
  readonly planned: PlannedFile;
  readonly spooled: Spooled;
  readonly read: DeliveredRecords;
}

/** Reads the files of a batch, and makes Bronze rows of the changes in them. */
export async function stageDeliveries(work: DeliveryStaging): Promise<StagedBatch> {
  const { options, hints, threads, batch, known, context } = work;
  const files: TakenFile[] = [];
  for (const [index, planned] of batch.files.entries()) files.push(await takeFile(work, planned, index));
  const staging = { options, store: localStore(context.folder, { world: context.world }), hints, known, context, threads }; // prettier-ignore
  const tasks = (shapes: ReadonlyMap<string, Shape>): ReturnType<typeof spoolTask>[] =>
    files.map(({ planned, spooled }, index) =>
      spoolTask(staging, {
        spooled,
        kind: "stream",
        epoch: batch.epoch,
        constants: { event: undefined, meta: '{"firehose":true}' },
        staged: `${index}.parquet`,
        known: shapes,
        delivered: planned.path,
      }),
    );
  const { scanned, ...staged } = await stageLines(staging, tasks, [truncateFile(staging, [])]);
  const outcomes: FileOutcome[] = [];
  for (const [index, file] of files.entries()) {
    outcomes.push(await outcomeOf(work, file, must(scanned[index], "every file was scanned")));
  }
  return {
    ...staged,
    files: outcomes.map(({ file }) => file),
    unreadable: outcomes.flatMap(({ unreadable }) => unreadable),
    // A batch that only says how far the listing was.
    ...(batch.end === undefined ? { end: batch.start } : {}),
  };
}

async function takeFile(
  { options, store, batch, context }: DeliveryStaging,
  planned: PlannedFile,
  index: number,
): Promise<TakenFile> {
  context.signal?.throwIfAborted();
  const spool = await Spool.create(context.folder, `${index}.ndjson`);
  try {
    const filter = options.filter === undefined ? undefined : new ImageFilter(options.filter);
    const reading = { table: options.table, epoch: batch.epoch, signal: context.signal, filter };
    const read = await readFile(store, planned.path, spool, reading);
    await assertUnchanged(store, "Firehose", planned, read.sizeBytes);
    return { planned, read, spooled: await spool.finish() };
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

interface FileOutcome {
  readonly file: BatchFile;
  readonly unreadable: readonly UnreadableLine[];
}

async function outcomeOf(
  { store }: DeliveryStaging,
  { planned, read }: TakenFile,
  scanned: ScannedFile,
): Promise<FileOutcome> {
  const reasons = new Map(scanned.unreadable.map(({ line, reason }) => [read.places[line - 1] ?? 0, reason]));
  const refused = reasons.size === 0 ? [] : await recordsAgain(store, planned.path, reasons);
  const unreadable = [...read.unreadable, ...refused].toSorted((left, right) => left.line - right.line);
  const { path, sizeBytes, unit } = planned;
  return {
    file: {
      path,
      sizeBytes,
      md5: read.md5,
      modifiedMs: Number(unit["modifiedMs"]),
      records: read.records,
      rows: scanned.rows,
      quarantined: unreadable.length,
    },
    unreadable,
  };
}

/** Records whose images the scanner refused, as they were delivered: what it saw was our own line. */
async function recordsAgain(
  store: ObjectStore,
  path: string,
  reasons: ReadonlyMap<number, string>,
): Promise<readonly UnreadableLine[]> {
  const found: UnreadableLine[] = [];
  let number = 0;
  const next = (raw: Uint8Array, offset: number): void => {
    number += 1;
    const reason = reasons.get(number);
    if (reason !== undefined) found.push(unreadableRecord(path, { number, offset, raw, reason }));
  };
  const cutter = new RecordCutter({
    record: (bytes, start, end, offset) => {
      next(bytes.subarray(start, end), offset);
      return undefined;
    },
    refuse: (raw, offset) => next(raw, offset),
  });
  await readDelivered(store, path, (chunk) => cutter.push(chunk));
  cutter.end();
  return found;
}
