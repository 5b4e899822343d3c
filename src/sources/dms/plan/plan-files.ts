import { SluiceError } from "../../../base/index.ts";
import type { Compared, TakenBefore } from "../../input/index.ts";
import type { ChannelPlan, Notice } from "../../source.ts";
import type { DmsFilesOptions } from "../options.ts";
import { cutBatches, type EpochFiles } from "./cut-batches.ts";
import { byStamp, type ListedFile } from "./listed-file.ts";
import type { Listing } from "./list-files.ts";
import type { Memory } from "./memory.ts";

/** A load of which no change has been seen is taken for ended when its newest file is so old. */
const LOAD_QUIET_MINUTES = 15;

export interface PlanInput {
  readonly listing: Listing;
  readonly compared: Compared<ListedFile>;
  readonly memory: Memory | undefined;
  readonly nowMs: number;
  readonly options: Pick<DmsFilesOptions, "schema" | "table" | "batchBytes">;
}

/**
 * Decides what is taken in, and in which epoch. A load whose files are replaced is a new load of the whole table: a new epoch, at the
 * end of which everything before it is gone. Files of changes belong to the load that they were written after.
 */
export function planFiles(input: PlanInput): ChannelPlan {
  const { listing, compared, memory, options } = input;
  const problem = problemOf(input);
  const load = planLoad(input);
  const changes = compared.fresh.filter(({ kind }) => kind !== "load").toSorted(byStamp);
  const isOfEarlierLoad = ({ modifiedMs, stampMicros }: ListedFile): boolean =>
    load.epoch > 0 && modifiedMs < load.loadedMs && stampMicros / 1_000 < load.loadedMs;
  const parts: EpochFiles[] = [
    { epoch: load.epoch - 1, files: changes.filter((file) => isOfEarlierLoad(file)) },
    { epoch: load.epoch, files: [...load.files, ...changes.filter((file) => !isOfEarlierLoad(file))] },
  ];
  const { waiting, isLoading } = loadEnd(input, load);
  const batches = cutBatches(parts, {
    ...(options.batchBytes === undefined ? {} : { bytesMax: options.batchBytes }),
    memory,
    taken: compared.taken.map(({ file }) => file).filter((file) => !load.again.has(file.path)),
    replaced: load.again,
    after: { epoch: load.epoch, loadedMs: load.loadedMs, isLoading },
  });
  return { batches, waiting, skipped: listing.skipped, ...(problem === undefined ? {} : { problem }) };
}

interface Load {
  readonly epoch: number;
  readonly loadedMs: number;
  /** Its files that are not in. */
  readonly files: readonly ListedFile[];
  /** Those of them whose paths were in before. */
  readonly again: ReadonlySet<string>;
  readonly isNew: boolean;
}

function planLoad({ compared, memory }: PlanInput): Load {
  const epoch = memory?.epoch ?? 0;
  const fresh = compared.fresh.filter(({ kind }) => kind === "load");
  const again = writtenAgain(compared);
  const paths = new Set(again.map(({ file }) => file.path));
  const files = [...fresh, ...again.map(({ file }) => file)].toSorted(byStamp);
  const before = memory?.loadedMs ?? 0;
  const isReplaced = again.some((one) => one.epoch === epoch);
  // Files of an earlier load that were not removed have an epoch of their own.
  const isThere = compared.taken.some(
    (one) => isLoad(one) && !paths.has(one.file.path) && (one.epoch === undefined || one.epoch === epoch),
  );
  const isNew = before > 0 && (isReplaced || (files.length > 0 && !isThere));
  const firstMs = files.reduce((least, file) => Math.min(least, file.modifiedMs), Infinity);
  const ownMs = files.length === 0 ? 0 : Math.max(firstMs, 1);
  if (isNew) return { epoch: epoch + 1, loadedMs: ownMs, files, again: paths, isNew };
  return { epoch, loadedMs: before > 0 ? before : ownMs, files, again: paths, isNew };
}

/**
 * Files of a load that another load has written: they have other bytes, or the same bytes and a later time, since rows may come out alike.
 * Where files of changes have later times, too, somebody has copied the folder: then only other bytes count.
 */
function writtenAgain({ taken, changed }: Compared<ListedFile>): readonly TakenBefore<ListedFile>[] {
  const others = changed.filter(isLoad);
  const isCopied = taken.some((one) => !isLoad(one) && one.isRewritten);
  if (isCopied && others.length === 0) return [];
  return [...others, ...taken.filter((one) => isLoad(one) && one.isRewritten)];
}

function isLoad({ file }: TakenBefore<ListedFile>): boolean {
  return file.kind === "load";
}

/** Whether the load that replaces an earlier one may still be running after this plan. */
function loadEnd(
  { listing, memory, nowMs, options }: PlanInput,
  { epoch, loadedMs, isNew }: Load,
): { readonly isLoading: boolean; readonly waiting: readonly Notice[] } {
  if (epoch === 0 || !(isNew || memory?.isLoading === true)) return { isLoading: false, waiting: [] };
  // DMS writes the changes of a table once its load is done.
  const hasChanges = listing.files.some(({ kind, modifiedMs }) => kind !== "load" && modifiedMs >= loadedMs);
  const loads = listing.files.filter(({ kind }) => kind === "load");
  const newestMs = loads.reduce((most, { modifiedMs }) => Math.max(most, modifiedMs), 0);
  if (hasChanges || nowMs - newestMs >= LOAD_QUIET_MINUTES * 60_000) return { isLoading: false, waiting: [] };
  const why = `the new load may still be running: rows of the load before it stay until a file of changes comes, or until its newest file is ${LOAD_QUIET_MINUTES} minutes old`;
  return { isLoading: true, waiting: [{ what: `${options.schema}/${options.table}`, why }] };
}

function problemOf({ listing, compared, memory, options }: PlanInput): SluiceError | undefined {
  const { schema, table } = options;
  const replaced = compared.changed.find(({ file }) => file.kind !== "load");
  if (replaced !== undefined) {
    return new SluiceError("source.invalid", "Cannot go on: a file of changes that is in has grown or was replaced", {
      facts: { file: replaced.file.path, sizeBytes: replaced.file.sizeBytes },
      advice: "Restore the file as it was; deliver further changes as a file of another name.",
    });
  }
  if (listing.files.length > 0 || memory !== undefined) return undefined;
  return new SluiceError("source.missing", "Cannot begin: there is no file of AWS DMS for the table", {
    facts: { table, folder: `${schema}/${table}/`, skipped: listing.skipped.length },
    advice: "Check the bucket folder, the schema and the table; capitals count.",
  });
}
