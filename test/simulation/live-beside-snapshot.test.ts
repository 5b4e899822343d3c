import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { must, simulatedWorld } from "../../src/base/index.ts";
import { duckdbEngine, type Engine } from "../../src/engine/index.ts";
import { ingestBronze } from "../../src/layers/index.ts";
import type { Channel } from "../../src/sources/index.ts";
import { memoryStore } from "../../src/storage/index.ts";
import { openTemporaryFolder } from "../temporary-folder.ts";
import { eventSource, type ChangeEvent } from "./change-events.ts";
import { EVENTS_BRONZE, simulatedTables } from "./simulated-lake.ts";

const MINUTE_MS = 60_000;
const BATCHES = 20;
const BATCH_MS = 80 * MINUTE_MS;

const world = simulatedWorld(46);
let engine: Engine;
let spill: string;

beforeAll(async () => {
  spill = await mkdtemp(join(tmpdir(), "sluice-beside-"));
  engine = await duckdbEngine({ memoryBytes: 512 * 1024 * 1024, threads: 2, spillFolder: spill, world });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(spill, { recursive: true, force: true });
});

function event(operation: "R" | "U", at: number): ChangeEvent {
  return {
    operation,
    id: `${operation}${at}`,
    time: 1_000 + at,
    epoch: 0,
    amount: "1",
    expiresAt: undefined,
    isTtlDelete: false,
  };
}

test("a stream beside a snapshot that takes longer than a day is read all the while, and first of all (F46)", async () => {
  const looks: number[] = [];
  const snapshot = eventSource(Array.from({ length: BATCHES }, (_, at) => [event("R", at)]));
  const [rows] = snapshot.channels;
  const scan: Channel = {
    ...must(rows, "one channel"),
    name: "scan",
    stage: async (...given) => {
      expect(looks).not.toHaveLength(0);
      await world.sleep(BATCH_MS);
      return await must(rows, "one channel").stage(...given);
    },
  };
  const changes = Array.from({ length: 10 * BATCHES }, (_, at) => [event("U", at)]);
  const [change] = eventSource(changes).channels;
  const stream: Channel = {
    ...must(change, "one channel"),
    name: "stream",
    isLive: true,
    plan: async (state) => {
      looks.push(world.nowMs());
      const plan = await must(change, "one channel").plan(state);
      return { ...plan, batches: plan.batches.slice(0, 1) };
    },
  };
  const tables = simulatedTables(memoryStore({ world }), world, engine);
  const startedMs = world.nowMs();
  const context = { engine, tables, world, run: "run" };
  const source = { ...snapshot, channels: [scan, stream] };
  const outcome = await ingestBronze(context, EVENTS_BRONZE, source, { openFolder: openTemporaryFolder });
  expect(world.nowMs() - startedMs).toBeGreaterThan(24 * 60 * MINUTE_MS);
  const gaps = looks.slice(1).map((at, index) => at - must(looks[index], "a look before"));
  // A batch that is read, and the one that is read ahead of it.
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * BATCH_MS + MINUTE_MS);
  expect(outcome.rows).toBe(BATCHES + looks.length);
});
