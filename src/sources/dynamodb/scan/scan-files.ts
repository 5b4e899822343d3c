import { availableParallelism } from "node:os";
import { SluiceError, must } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import type { StageContext } from "../../source.ts";
import { fileBytes } from "../../input/index.ts";
import { UNREADABLE_BYTES_MAX, scanFile, type OnScanned, type ScanTask, type ScannedFile } from "./scan-file.ts";
import type { ScanThreads } from "./scan-threads.ts";
import { hasThreads } from "./scan-worker-host.ts";

/** Below this a thread takes longer to start than the work does. Compressed. */
const THREADS_ABOVE_BYTES = 4 * 1_048_576;

export interface ScanContext extends Pick<StageContext, "signal" | "onProgress"> {
  readonly store: ObjectStore;
  readonly threads: ScanThreads;
}

/** Scans files, each for itself, on as many threads as are worth it. The outcome is in the order of the tasks. */
export async function scanFiles(tasks: readonly ScanTask[], context: ScanContext): Promise<readonly ScannedFile[]> {
  const { store, threads } = context;
  const sizeBytes = tasks.reduce((sum, task) => sum + task.sizeBytes, 0);
  if (store.localFolder === undefined || !hasThreads() || sizeBytes < THREADS_ABOVE_BYTES) {
    return await scanAll([scanHere(store)], tasks, context);
  }
  const folder = store.localFolder;
  const lent = threads.lend(Math.min(availableParallelism(), tasks.length));
  const hosts = lent.map((thread): ScanHost => ({
    scan: async (task, onProgress) => await thread.scan(folder, task, onProgress),
  }));
  try {
    const scanned = await scanAll(hosts, tasks, context);
    threads.giveBack(lent);
    return scanned;
  } catch (error) {
    await Promise.all(lent.map(async (thread) => await thread.close()));
    throw error;
  }
}

/** Where a file is scanned. */
interface ScanHost {
  scan(task: ScanTask, onProgress: OnScanned): Promise<ScannedFile>;
}

async function scanAll(
  hosts: readonly ScanHost[],
  tasks: readonly ScanTask[],
  { signal, onProgress }: ScanContext,
): Promise<readonly ScannedFile[]> {
  // The largest first, so that no thread is left with it at the end.
  const order = [...tasks.keys()].toSorted((left, right) => sizeAt(tasks, right) - sizeAt(tasks, left));
  const scanned: ScannedFile[] = [];
  let records = 0;
  let unreadableBytes = 0;
  let bytes = 0;
  const interrupted = interruption(signal);
  const drain = async (host: ScanHost): Promise<void> => {
    for (let index = order.shift(); index !== undefined; index = order.shift()) {
      let seen = 0;
      const task = must(tasks[index], "a task stands at every index");
      const file = await host.scan(task, (inflated, rows) => {
        if (signal?.aborted === true) throw interruptedError();
        bytes += inflated;
        records += rows - seen;
        seen = rows;
        onProgress?.({ records, bytes });
      });
      unreadableBytes += file.unreadableBytes;
      if (unreadableBytes > UNREADABLE_BYTES_MAX) throw mostlyUnreadable(task);
      scanned[index] = file;
    }
  };
  try {
    await Promise.race([Promise.all(hosts.map(drain)), interrupted.promise]);
  } finally {
    order.length = 0;
    interrupted.stop();
  }
  return scanned;
}

function scanHere(store: ObjectStore): ScanHost {
  return {
    scan: async (task, onProgress) =>
      await scanFile(task, fileBytes(store.localFolder ?? store, task.file), onProgress),
  };
}

/** A promise that fails when the run is asked to stop. */
function interruption(signal: AbortSignal | undefined): {
  readonly promise: Promise<never>;
  readonly stop: () => void;
} {
  const over = new AbortController();
  const promise = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(interruptedError());
    if (signal?.aborted === true) fail();
    signal?.addEventListener("abort", fail, { signal: over.signal });
  });
  // Whoever waits is told; when nobody does any more, that is no failure.
  promise.catch(() => undefined);
  return { promise, stop: () => over.abort() };
}

function mostlyUnreadable({ file }: ScanTask): SluiceError {
  const why = "too many lines of the batch are no records to be kept in quarantine";
  return new SluiceError("source.corrupt", `Cannot read an export: ${why}`, {
    facts: { file, bytesMax: UNREADABLE_BYTES_MAX },
  });
}

function interruptedError(): SluiceError {
  return new SluiceError("run.interrupted", "Cannot finish reading the exports: the run was interrupted");
}

function sizeAt(tasks: readonly ScanTask[], index: number): number {
  return tasks[index]?.sizeBytes ?? 0;
}
