import { Worker } from "node:worker_threads";
import { SluiceError, messageOf, type Facts, type FailureCode } from "../../../base/index.ts";
import type { OnScanned, ScanTask, ScannedFile } from "./scan-file.ts";

/** What goes to a worker, and what comes back. */
export interface ScanRequest {
  readonly folder: string;
  readonly task: ScanTask;
}

export type ScanReply =
  | { readonly kind: "progress"; readonly inflatedBytes: number; readonly rows: number }
  | { readonly kind: "scanned"; readonly file: ScannedFile }
  | { readonly kind: "failed"; readonly failure: PortableFailure };

/** A failure as data: an error loses its class on the way. */
export interface PortableFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly facts: Facts;
  readonly advice: string;
}

/** Whether this code runs compiled: a worker of Node 20 cannot load TypeScript. */
export function hasThreads(): boolean {
  return import.meta.url.endsWith(".js");
}

/** A thread that scans one file of this machine at a time. */
export class ScanWorker {
  readonly #worker: Worker;
  /** Why the thread is gone. */
  #end: Error | undefined;
  /** Somebody waits for its end, which the process must not come before. */
  #isEnding = false;

  constructor() {
    // The options that this process was started with (loaders, an inline script) are not the thread's.
    this.#worker = new Worker(new URL("./scan-worker.js", import.meta.url), { execArgv: [] });
    this.#worker.on("error", (error: unknown) => {
      this.#end = asError(error);
    });
    this.#worker.on("exit", (code) => {
      this.#end ??= lost(code);
    });
    this.#worker.unref();
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  async scan(folder: string, task: ScanTask, onProgress: OnScanned): Promise<ScannedFile> {
    if (this.#end !== undefined) throw this.#end;
    return await new Promise((resolve, reject) => {
      const listeners = {
        message: (reply: ScanReply) => {
          if (reply.kind === "progress") report(reply.inflatedBytes, reply.rows);
          else if (reply.kind === "scanned") settle(() => resolve(reply.file));
          else settle(() => reject(failureOf(reply.failure)));
        },
        error: (error: unknown) => settle(() => reject(asError(error))),
        exit: (code: number) => settle(() => reject(lost(code, task))),
      };
      const settle = (act: () => void): void => {
        for (const [event, listener] of Object.entries(listeners)) this.#worker.off(event, listener);
        if (!this.#isEnding) this.#worker.unref();
        act();
      };
      const report = (inflatedBytes: number, rows: number): void => {
        try {
          onProgress(inflatedBytes, rows);
        } catch (error) {
          settle(() => reject(asError(error)));
        }
      };
      for (const [event, listener] of Object.entries(listeners)) this.#worker.on(event, listener);
      this.#worker.ref();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage({ folder, task } satisfies ScanRequest);
    });
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }
}

export function portable(error: SluiceError): PortableFailure {
  const { code, facts, advice } = error;
  // The facts stand at the end of the message and are put there again.
  const shown = new SluiceError(code, "", { facts }).message;
  const message = shown === "" ? error.message : error.message.slice(0, -shown.length);
  return { code, message, facts, advice };
}

function failureOf({ code, message, facts, advice }: PortableFailure): SluiceError {
  return new SluiceError(code, message, { facts, advice });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}

function lost(code: number, task?: ScanTask): SluiceError {
  return new SluiceError("internal.bug", "Cannot read an export file: the thread that read it ended", {
    facts: { file: task?.file, code },
  });
}
