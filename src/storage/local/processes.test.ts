import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pathsOf, textOf } from "../../../test/contracts/object-store/looking.ts";
import { localStore } from "./local-store.ts";

const SCRIPT = fileURLToPath(new URL("../../../test/contracts/object-store/racing-process.ts", import.meta.url));
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-processes-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("of eight processes that race for every name exactly one is told created, and its content is there", async () => {
  const racers = Array.from({ length: 8 }, (_, index) => start(`racer-${index}`, 60));
  await Promise.all(racers.map((racer) => racer.ready));
  for (const racer of racers) racer.go();
  const created = await Promise.all(racers.map((racer) => racer.created));
  expect(racers.map((racer) => racer.process.exitCode)).toEqual(racers.map(() => 0));
  const store = localStore(folder);
  const paths = await pathsOf(store, "");
  expect(created.flat().toSorted()).toEqual(paths);
  expect(paths).toHaveLength(60);
  expect(created.filter((won) => won.length > 0).length).toBeGreaterThan(1);
  for (const path of paths) {
    const winner = created.findIndex((won) => won.includes(path));
    expect(new Set((await textOf(store, path)).split("\n"))).toEqual(new Set([`racer-${winner}`, ""]));
  }
});

test("a process killed at any moment leaves whole objects and nothing that another one minds", async () => {
  const store = localStore(folder);
  for (let round = 0; round < 4; round += 1) {
    const victim = start(`victim-${round}`, 100_000);
    await victim.ready;
    victim.go();
    const before = (await pathsOf(store, "log/")).length;
    while ((await pathsOf(store, "log/")).length === before) await delay(1);
    await delay(7 * round);
    victim.process.kill("SIGKILL");
    const told = await victim.created;
    const paths = await pathsOf(store, "log/");
    expect(told.filter((path) => !paths.includes(path))).toEqual([]);
    const sizes = await Promise.all(paths.map(async (path) => (await textOf(store, path)).length));
    expect(new Set(sizes)).toEqual(new Set(["victim-0\n".length * 20_000]));
  }
  await store.sweepTemporary(0);
  expect(readdirSync(join(folder, "log")).filter((name) => name.startsWith("."))).toEqual([]);
});

interface Racer {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  go(): void;
  /** Paths that it was told it created, once it is over. */
  readonly created: Promise<string[]>;
}

function start(name: string, count: number): Racer {
  const child = spawn(process.execPath, ["--import", "jiti/register", SCRIPT, folder, name, String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  return {
    process: child,
    ready: new Promise((resolve) => {
      child.stdout.once("data", () => resolve());
    }),
    go: () => child.stdin.end(),
    created: new Promise((resolve) => {
      child.once("close", () => resolve(told.split("\n").slice(1, -1)));
    }),
  };
}
