import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Where the ledger's table is, and how its operations are drawn. */
export interface LedgerPlace {
  readonly path: string;
  readonly s3?: { readonly endpoint: string; readonly pathStyle: boolean };
  readonly seed: number;
}

export interface LedgerWork extends LedgerPlace {
  readonly writers: readonly string[];
  readonly forMs: number;
  /** Kills each writer (SIGKILL) after so many milliseconds at work, drawn anew each time, and starts it again. */
  readonly killAfterMs?: () => number;
}

export interface LedgerRun {
  /** The last operation of each writer that it was told is committed; -1 for none. */
  readonly told: ReadonlyMap<string, number>;
  readonly kills: number;
}

const PROCESS = fileURLToPath(new URL("ledger-process.mjs", import.meta.url));
/** A writer that takes longer to start or to finish what it is at hangs. */
const HANGS_AFTER_MS = 600_000;
/** On a machine that is busy the time may be over before they have begun: each does so many operations at least. */
const OPERATIONS_MIN = 2;
/** The first writer puts small files together every so many of its operations. */
const OPTIMIZES_EVERY = 8;

/** Lets the writers work at once for a while; whoever is left at the end finishes what it is at. */
export async function keepLedger(work: LedgerWork): Promise<LedgerRun> {
  const told = new Map(work.writers.map((writer) => [writer, -1]));
  const running = new Set<ChildProcess>();
  try {
    const first = work.writers.map((writer) => startWriter(work, { writer, told, running }));
    await Promise.all(first.map(async ({ ready, name }) => await within(ready, `${name} to start`)));
    const endsAtMs = performance.now() + work.forMs;
    const kills = await Promise.all(
      first.map(async (writer) => await keepWriter(work, writer, { writer: writer.name, told, running, endsAtMs })),
    );
    return { told, kills: kills.reduce((sum, count) => sum + count, 0) };
  } finally {
    // Of a run that has failed.
    for (const child of running) child.kill("SIGKILL");
  }
}

interface Desk {
  readonly writer: string;
  readonly told: Map<string, number>;
  readonly running: Set<ChildProcess>;
}

/** One writer, life after life; gives how often it was killed. */
async function keepWriter(
  work: LedgerWork,
  first: ReturnType<typeof startWriter>,
  desk: Desk & { readonly endsAtMs: number },
): Promise<number> {
  let writer = first;
  for (let kills = 0; ; kills += 1) {
    await within(writer.ready, `${desk.writer} to start`);
    writer.go();
    const leftMs = Math.max(0, desk.endsAtMs - performance.now());
    const killMs = work.killAfterMs?.() ?? Infinity;
    const ended = await Promise.race([writer.ended, delay(Math.min(leftMs, killMs), "at work" as const)]);
    if (ended !== "at work") throw new Error(`Writer ${desk.writer} ended with ${ended}`);
    if (killMs >= leftMs) {
      await within(writer.hasDone(OPERATIONS_MIN), `${desk.writer} to do something`);
      writer.stop();
      const status = await within(writer.ended, `${desk.writer} to finish`);
      if (status !== 0) throw new Error(`Writer ${desk.writer} ended with ${status}`);
      return kills;
    }
    writer.process.kill("SIGKILL");
    await writer.ended;
    writer = startWriter(work, desk);
  }
}

function startWriter({ path, s3, seed, writers }: LedgerWork, { writer, told, running }: Desk) {
  const optimizes = writer === writers[0] ? { optimizesEvery: OPTIMIZES_EVERY } : {};
  const task = JSON.stringify({ path, s3, seed, writer, ...optimizes });
  const child: ChildProcess = spawn(process.execPath, [PROCESS, task], { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  child.once("close", () => running.delete(child));
  // It may be killed while we speak to it.
  child.stdin?.on("error", () => undefined);
  const ended = once(child, "close").then(([status, signal]) => (status ?? signal) as number | string);
  const ready = new Promise<void>((resolve, reject) => {
    if (child.stdout === null) throw new Error("the writer's stdout is a pipe");
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") resolve();
      else told.set(writer, Number(line));
    });
    void ended.then((how) => reject(new Error(`Writer ${writer} ended before it began: ${how}`)));
  });
  return {
    name: writer,
    process: child,
    ready,
    ended,
    go: () => void child.stdin?.write("go\n"),
    stop: () => void child.stdin?.end(),
    hasDone: async (operations: number) => {
      while ((told.get(writer) ?? -1) + 1 < operations && child.exitCode === null) await delay(20);
    },
  };
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      delay(HANGS_AFTER_MS, undefined, { signal: late.signal }).then((): never => {
        throw new Error(`Waited ${HANGS_AFTER_MS} ms for ${what}`);
      }),
    ]);
  } finally {
    late.abort();
  }
}
