import { join } from "node:path";
import { must } from "../../../base/index.ts";
import type { BatchFile, StructType } from "../../../contract/index.ts";
import type { Engine } from "../../../engine/index.ts";
import { localStore, type ObjectStore } from "../../../storage/index.ts";
import { assertUnchanged } from "../../input/index.ts";
import type { PlannedBatch, PlannedFile, StageContext, StagedBatch, UnreadableLine } from "../../source.ts";
import type { Shape } from "../columns/shapes.ts";
import type { RecordSink } from "../envelope/record-cutter.ts";
import { unreadableRecord } from "../envelope/unreadable-record.ts";
import { ImageFilter } from "../live/filtered-image.ts";
import { Spool, type Spooled } from "../live/spool.ts";
import { spoolTask, truncateFile } from "../live/stage-live.ts";
import type { ScannedFile } from "../scan/scan-file.ts";
import type { ScanThreads } from "../scan/scan-threads.ts";
import { stageLines } from "../stage-lines.ts";
import type { DeliveryOptions } from "./options.ts";
import { layoutOptions } from "./parquet/layout-options.ts";
import { readFile, type DeliveredRecords } from "./read-file.ts";
import { readRecords, type DeliveryReading } from "./read-records.ts";

export interface DeliveryStaging {
  readonly options: DeliveryOptions;
  readonly store: ObjectStore;
  readonly engine: Engine;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
  readonly batch: PlannedBatch;
  readonly known: StructType | undefined;
  readonly context: StageContext;
}

interface TakenFile {
  readonly planned: PlannedFile;
  readonly reading: DeliveryReading;
  readonly spooled: Spooled;
  readonly read: DeliveredRecords;
}

/** Reads the files of a batch, and makes Bronze rows of the changes in them. */
export async function stageDeliveries(work: DeliveryStaging): Promise<StagedBatch> {
  const { options, store, engine, hints, threads, batch, known, context } = work;
  const layout = layoutOptions(options, known);
  const files: TakenFile[] = [];
  for (const [index, planned] of batch.files.entries()) {
    const reading = {
      store,
      engine,
      layout,
      local: join(context.folder, `${index}.delivered`),
      signal: context.signal,
    };
    files.push(await takeFile(work, { planned, reading, index }));
  }
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
    outcomes.push(await outcomeOf(file, must(scanned[index], "every file was scanned")));
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
  { planned, reading, index }: Pick<TakenFile, "planned" | "reading"> & { readonly index: number },
): Promise<TakenFile> {
  context.signal?.throwIfAborted();
  const spool = await Spool.create(context.folder, `${index}.ndjson`);
  try {
    const filter = options.filter === undefined ? undefined : new ImageFilter(options.filter);
    const which = { table: options.table, epoch: batch.epoch, filter };
    const read = await readFile(planned.path, spool, { ...reading, which });
    await assertUnchanged(store, "Firehose", planned, read.sizeBytes);
    return { planned, reading, read, spooled: await spool.finish() };
  } catch (error) {
    await spool.abandon();
    throw error;
  }
}

interface FileOutcome {
  readonly file: BatchFile;
  readonly unreadable: readonly UnreadableLine[];
}

async function outcomeOf({ planned, reading, read }: TakenFile, scanned: ScannedFile): Promise<FileOutcome> {
  const reasons = new Map(scanned.unreadable.map(({ line, reason }) => [read.places[line - 1] ?? 0, reason]));
  const refused = reasons.size === 0 ? [] : await recordsAgain(planned.path, reasons, reading);
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
  path: string,
  reasons: ReadonlyMap<number, string>,
  reading: DeliveryReading,
): Promise<readonly UnreadableLine[]> {
  const found: UnreadableLine[] = [];
  let number = 0;
  const next = (raw: Uint8Array, offset: number): void => {
    number += 1;
    const reason = reasons.get(number);
    if (reason !== undefined) found.push(unreadableRecord(path, { number, offset, raw, reason }));
  };
  const sink: RecordSink = {
    record: (bytes, start, end, offset) => {
      next(bytes.subarray(start, end), offset);
      return undefined;
    },
    refuse: (raw, offset) => next(raw, offset),
  };
  await readRecords(path, sink, reading);
  return found;
}
