import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localStore, memoryStore } from "../src/storage/index.ts";
import { realWorld } from "../src/base/index.ts";
import { collected, latestOf, shownSnapshot, testLog } from "./delta-builders.ts";

const SCRIPT = fileURLToPath(new URL("delta-writer-process.ts", import.meta.url));
const BATCHES = 30;
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-writers-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

for (const writers of [2, 3, 8]) {
  test(`${writers} processes that write one table lose no batch and double none (F10)`, async () => {
    const names = Array.from({ length: writers }, (_, index) => `w${index}`);
    const processes = [...names.map((name) => start("append", name, BATCHES)), start("compact", "c", BATCHES)];
    await Promise.all(processes.map((one) => one.ready));
    for (const one of processes) one.go();
    expect(await Promise.all(processes.map((one) => one.ended))).toEqual(processes.map(() => 0));
    expect(await batchesIn(folder)).toEqual(allBatches(names));
  });
}

test("writers killed at any moment and started again land every batch exactly once (F1–F4)", async () => {
  const names = ["w0", "w1", "w2"];
  let kills = 0;
  await Promise.all(
    names.map(async (name, index) => {
      for (let life = 0; ; life += 1) {
        const one = start("append", name, BATCHES);
        await one.ready;
        one.go();
        const isDone = await Promise.race([one.ended.then(() => true), delay(30 + 15 * index + 10 * life, false)]);
        if (isDone) break;
        kills += one.process.kill("SIGKILL") ? 1 : 0;
        await one.ended;
      }
    }),
  );
  expect(kills).toBeGreaterThan(3);
  expect(await batchesIn(folder)).toEqual(allBatches(names));
});

interface Writer {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  go(): void;
  /** The exit code, or null when it was killed. */
  readonly ended: Promise<number | null>;
}

function start(task: "append" | "compact", name: string, count: number): Writer {
  const child = spawn(process.execPath, ["--import", "jiti/register", SCRIPT, folder, task, name, String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  return {
    process: child,
    ready: new Promise((resolve) => {
      child.stdout.once("data", () => resolve());
    }),
    go: () => child.stdin.end(),
    ended: new Promise((resolve) => {
      child.once("close", (code) => resolve(code));
    }),
  };
}

/** The batches that are live, whatever file they are in by now. Checkpoints and commits must say the same. */
async function batchesIn(table: string): Promise<string[]> {
  const store = localStore(table);
  const snapshot = await latestOf(testLog(store, realWorld()));
  const commits = memoryStore({ world: realWorld() });
  for (const { path } of await collected(store.list("_delta_log/0"))) {
    if (path.endsWith(".json")) await commits.create(path, await store.read(path));
  }
  expect(shownSnapshot(await latestOf(testLog(commits, realWorld())))).toEqual(shownSnapshot(snapshot));
  return [...snapshot.files.keys()].map((path) => path.split("~")[0] ?? "").toSorted();
}

function allBatches(names: readonly string[]): string[] {
  return names.flatMap((name) => Array.from({ length: BATCHES }, (_, index) => `${name}.${index}`)).toSorted();
}
