import { SluiceError } from "../../../base/index.ts";
import type { BatchManifest } from "../../../contract/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import {
  GroupCounter,
  INFLATION,
  chunksOf,
  compareFiles,
  markOf,
  type Compared,
  type DeliveredFile,
} from "../../input/index.ts";
import type { ChannelPlan, PlannedBatch } from "../../source.ts";
import { BATCH_BYTES, BATCH_FILES_MAX } from "../options.ts";
import { UNKNOWN_SINCE_SCAN, type Beginning } from "../live/first-epoch.ts";
import { nameInGroups } from "./delivered-path.ts";
import { failedAfter } from "./failed-files.ts";
import { listDeliveries, type Deliveries } from "./list-deliveries.ts";
import { encodeDeliveries, type DeliveryMemory } from "./memory.ts";
import { LATENESS_MS, type DeliveryOptions } from "./options.ts";

const DAY_MS = 86_400_000;
/** Prefixes that hash or partition by a value of few; where there are more, every file may have its own. */
const SERIES_MAX = 256;

export interface DeliveryNeeds {
  readonly store: ObjectStore;
  readonly memory: DeliveryMemory | undefined;
  readonly history: (() => AsyncIterable<BatchManifest>) | undefined;
  /** Of the filter that records are read through. */
  readonly filter?: string | undefined;
  /** Whether that is another one than before, which is to be remembered. */
  readonly isRefiltered?: boolean;
  /** Of whatever snapshot and stream are read beside the files: what is taken in from now on belongs to it. */
  readonly begin: (sinceMs: number) => Beginning;
  readonly nowMs: number;
}

/** Finds the files that are not in. */
export async function planDeliveries(options: DeliveryOptions, needs: DeliveryNeeds): Promise<ChannelPlan> {
  const { store, memory, history, nowMs } = needs;
  const fromDay = dayToListFrom(options, memory, nowMs);
  const known = new Set(memory?.series);
  const listing = await listDeliveries(store, { errors: options.errors, fromDay, series: known });
  const compared = await compareFiles(listing.files, { store, groups: memory?.groups, nameInGroups, history });
  const problem = replacedFile(compared);
  const sinceMs =
    memory?.sinceMs ?? compared.fresh.reduce((least, { modifiedMs }) => Math.min(least, modifiedMs), nowMs);
  const { epoch, isBehindScan } = needs.begin(sinceMs);
  const batches = batchesOf(options, needs, { listing, compared, fromDay, sinceMs, epoch });
  const isEmpty = memory === undefined && listing.files.length === 0;
  const why = isEmpty ? "Firehose has not delivered a file yet" : isBehindScan ? UNKNOWN_SINCE_SCAN : undefined;
  const waiting = why === undefined ? [] : [{ what: store.url, why }];
  return { batches, waiting, skipped: listing.skipped, ...(problem === undefined ? {} : { problem }) };
}

/** Undefined: all of the place is listed, which is done once a day, so that nothing that comes very late is overlooked. */
function dayToListFrom(
  { latenessMs = LATENESS_MS }: DeliveryOptions,
  memory: DeliveryMemory | undefined,
  nowMs: number,
): string | undefined {
  if (memory === undefined || memory.series === null || memory.newest === "") return undefined;
  if (isTimeToLookAtAll(memory, nowMs)) return undefined;
  const { newest } = memory;
  const newestMs = Date.UTC(Number(newest.slice(0, 4)), Number(newest.slice(4, 6)) - 1, Number(newest.slice(6, 8)), Number(newest.slice(8, 10))); // prettier-ignore
  // A time of some far day in a path must not hide what comes before it.
  return new Date(Math.min(newestMs, nowMs + DAY_MS) - latenessMs).toISOString().slice(0, 10).replaceAll("-", "");
}

function isTimeToLookAtAll({ wholeMs }: DeliveryMemory, nowMs: number): boolean {
  return nowMs - wholeMs >= DAY_MS;
}

interface Found {
  readonly listing: Deliveries;
  readonly compared: Compared<DeliveredFile>;
  readonly fromDay: string | undefined;
  /** When the first file came. */
  readonly sinceMs: number;
  readonly epoch: number;
}

function batchesOf(options: DeliveryOptions, needs: DeliveryNeeds, found: Found): readonly PlannedBatch[] {
  const { memory } = needs;
  const { compared, fromDay, epoch } = found;
  const fresh = compared.fresh.toSorted(byTime);
  const counter = new GroupCounter(memory?.groups, (group) => fromDay !== undefined && isBefore(group, fromDay));
  for (const { file } of compared.taken) counter.add(file.name, markOf(file), false);
  const after = memoryAfter(needs, found);
  const limits = { bytesMax: options.batchBytes ?? BATCH_BYTES, filesMax: BATCH_FILES_MAX, sizeOf: inflatedSize };
  const chunks = chunksOf(fresh, limits);
  // All was looked at, and nothing new was there: that alone is remembered.
  const isToRemember =
    memory !== undefined &&
    (needs.isRefiltered === true ||
      isTimeToLookAtAll(memory, needs.nowMs) ||
      JSON.stringify(after.failed) !== JSON.stringify(memory.failed));
  if (chunks.length === 0 && isToRemember) {
    const start = encodeDeliveries({ ...after, groups: counter.groups() });
    return [{ epoch, files: [], start, end: undefined, title: "files of Firehose" }];
  }
  let start = memory;
  return chunks.map((files, index) => {
    for (const file of files) counter.add(file.name, markOf(file), true);
    const isLast = index === chunks.length - 1;
    // What was listed counts as seen once all of it is in.
    const seen = isLast ? after : { ...after, wholeMs: memory?.wholeMs ?? 0, newest: memory?.newest ?? "", series: memory?.series ?? [] }; // prettier-ignore
    const end: DeliveryMemory = { ...seen, groups: counter.groups() };
    const batch = {
      epoch,
      files: files.map(({ path, sizeBytes, modifiedMs }) => ({
        path,
        sizeBytes,
        md5: "",
        records: 0,
        unit: { modifiedMs },
      })),
      start: encodeDeliveries(start),
      end: encodeDeliveries(end),
      title: files.length === 1 ? "1 file of Firehose" : `${files.length} files of Firehose`,
    };
    start = end;
    return batch;
  });
}

/** What is remembered once everything that was listed is in, but for the groups. */
function memoryAfter(
  { memory, nowMs, filter }: DeliveryNeeds,
  { listing, fromDay, sinceMs, epoch }: Found,
): Omit<DeliveryMemory, "groups"> {
  const series = [...listing.series].toSorted();
  const failed = failedAfter(memory?.failed, listing.failed, fromDay);
  return {
    format: 1,
    epoch,
    ...(filter === undefined ? {} : { filter }),
    sinceMs,
    wholeMs: fromDay === undefined ? nowMs : (memory?.wholeMs ?? nowMs),
    newest: newestHour(memory?.newest ?? "", listing.files),
    series: series.length > SERIES_MAX ? null : series,
    ...(failed === undefined ? {} : { failed }),
  };
}

/** Whether all files of a group are of days before. */
function isBefore(group: string, day: string): boolean {
  return /^\d/.test(group) && group < day.slice(0, group.length);
}

function newestHour(before: string, files: readonly DeliveredFile[]): string {
  return files.reduce((newest, { name }) => {
    const hour = /^\d{10}/.exec(name)?.[0] ?? "";
    return hour > newest ? hour : newest;
  }, before);
}

/** Names do not tell for sure whether a file is compressed. */
function inflatedSize({ path, sizeBytes }: DeliveredFile): number {
  return /\.(?:gz|gzip|parquet)$/.test(path) ? sizeBytes * INFLATION : sizeBytes;
}

function byTime(left: DeliveredFile, right: DeliveredFile): number {
  if (left.name !== right.name) return left.name < right.name ? -1 : 1;
  return left.path < right.path ? -1 : Number(left.path > right.path);
}

function replacedFile({ changed }: Compared<DeliveredFile>): SluiceError | undefined {
  const [replaced] = changed;
  if (replaced === undefined) return undefined;
  return new SluiceError("source.invalid", "Cannot go on: a file of Firehose that is in was replaced by another one", {
    facts: { file: replaced.file.path, sizeBytes: replaced.file.sizeBytes },
    advice: "Restore the file as it was; deliver further changes as a file of another name.",
  });
}
