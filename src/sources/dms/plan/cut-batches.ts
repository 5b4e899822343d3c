import { GroupCounter, INFLATION, chunksOf, markOf } from "../../input/index.ts";
import type { PlannedBatch, PlannedFile } from "../../source.ts";
import { BATCH_BYTES, BATCH_FILES_MAX } from "../options.ts";
import type { ListedFile } from "./listed-file.ts";
import { encodeMemory, type Memory } from "./memory.ts";

export interface EpochFiles {
  readonly epoch: number;
  readonly files: readonly ListedFile[];
}

export interface CutOptions {
  readonly bytesMax?: number;
  readonly memory: Memory | undefined;
  /** Listed files that are in. */
  readonly taken: readonly ListedFile[];
  /** Paths that were in with other content. */
  readonly replaced: ReadonlySet<string>;
  /** As it is once everything is in. */
  readonly after: Pick<Memory, "epoch" | "loadedMs" | "isLoading">;
}

/** Cuts files into batches of bounded size and of one epoch each; the last one remembers whether the load has ended. */
export function cutBatches(parts: readonly EpochFiles[], options: CutOptions): readonly PlannedBatch[] {
  const { memory, taken, replaced, after } = options;
  const bytesMax = options.bytesMax ?? BATCH_BYTES;
  const counter = new GroupCounter(memory?.groups);
  for (const file of taken) counter.add(file.name, markOf(file), false);
  const drafts = parts.flatMap(({ epoch, files }) =>
    chunksOf(files, { bytesMax, filesMax: BATCH_FILES_MAX, sizeOf: inflatedSize }).map((chunk) => ({
      epoch,
      files: chunk,
    })),
  );
  const isEnding = memory?.isLoading === true && !after.isLoading;
  if (isEnding && drafts.length === 0) drafts.push({ epoch: after.epoch, files: [] });
  let before = memory;
  return drafts.map(({ epoch, files }, index) => {
    for (const file of files) counter.add(file.name, markOf(file), !replaced.has(file.path));
    const isLast = index === drafts.length - 1;
    // Changes of the load before may come late: they do not take the memory back to it.
    const isOwn = epoch === after.epoch || memory?.epoch === after.epoch;
    const load = isOwn
      ? { ...after, isLoading: isLast ? after.isLoading : (before?.epoch === after.epoch ? before.isLoading : after.epoch > 0) } // prettier-ignore
      : { epoch: memory?.epoch ?? 0, loadedMs: memory?.loadedMs ?? 0, isLoading: memory?.isLoading ?? false };
    const end: Memory = { format: 1, ...load, groups: counter.groups() };
    const batch: PlannedBatch = {
      epoch,
      files: files.map((file) => plannedFile(file, epoch)),
      start: encodeMemory(before),
      end: encodeMemory(end),
      title: titleOf(files),
    };
    before = end;
    return batch;
  });
}

function inflatedSize({ path, sizeBytes }: ListedFile): number {
  return path.endsWith(".gz") ? sizeBytes * INFLATION : sizeBytes;
}

function plannedFile(file: ListedFile, epoch: number): PlannedFile {
  const { path, sizeBytes, kind, format, stamp, stampMicros, modifiedMs } = file;
  // Checksum and records are known when it has been read.
  return { path, sizeBytes, md5: "", records: 0, unit: { kind, format, epoch, stamp, stampMicros, modifiedMs } };
}

function titleOf(files: readonly ListedFile[]): string {
  const loads = files.filter(({ kind }) => kind === "load").length;
  const changes = files.length - loads;
  const parts = [...(loads === 0 ? [] : [`${count(loads)} of the full load`]), ...(changes === 0 ? [] : [`${count(changes)} of changes`])]; // prettier-ignore
  return parts.length === 0 ? "the end of a full load" : parts.join(", ");
}

function count(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}
