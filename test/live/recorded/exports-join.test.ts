import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom, simulatedWorld, type World } from "../../../src/base/index.ts";
import { everySeed } from "../../every-seed.ts";
import { FollowedExports } from "./followed-exports.ts";
import { Killed, stateOf, type Event } from "./followed-table.ts";
import { liveThrough, repeated, someOf } from "./live-through.ts";
import { RecordedKinesis } from "./recorded-kinesis.ts";
import { RecordedExports, RecoverableTable } from "./recorded-exports.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 2_000 : 5;

test.each([
  ["a stream that forgets, is switched off and on, and is filled by exports", false],
  ["a definition that has the stream, Kinesis, both or none, and exports or a scan, and changes", true],
])("%s: the table, wherever the process dies", { timeout: 3_600_000 }, async (_title, isRedefined) => {
  await everySeed(RUNS, async (seed) => {
    using made = newFolder();
    const { folder } = made;
    // A stream is read again from what it still has, once an epoch.
    const events = await live(seed, { folder, isRedefined });
    expect(repeated(events, ({ id, sequence }) => `${sequence.slice(0, 4)} ${id}`)).toEqual([]);
  });
});

test.each<[string, number, readonly string[]]>([
  ["a window, where nothing was read for a while before it", 20, ["full", "window"]],
  ["a full export, where a window would not tell of a key that was taken in and then went", 0, ["full", "full"]],
])("a gap is filled by %s", async (_title, quietMinutes, expected) => {
  using made = newFolder();
  const { folder } = made;
  const random = seededRandom(1);
  const world = simulatedWorld(1);
  const table = new RecoverableTable(world, { random });
  table.put("there", "1");
  const exports = new RecordedExports(table, { world, folder, random });
  const followed = new FollowedExports(table, exports, { world, folder });
  await calm(followed, world);
  table.put("goes", "2");
  await world.sleep(MINUTE_MS);
  await followed.run();
  await world.sleep(quietMinutes * MINUTE_MS);
  await followed.run();
  await world.sleep(MINUTE_MS);
  table.delete("goes");
  table.put("comes", "3");
  await world.sleep(26 * HOUR_MS);
  await calm(followed, world);
  expect(stateOf(followed.events)).toEqual(new Map([["there", "1"], ["comes", "3"]])); // prettier-ignore
  expect(exports.jobs.map(({ content }) => content.kind)).toEqual(expected);
});

/** A table whose stream was read beside its exports, until `followed.hasStream` says otherwise. */
async function followedTable(folder: string) {
  const random = seededRandom(1);
  const world = simulatedWorld(1);
  const table = new RecoverableTable(world, { random });
  table.put("there", "1");
  const exports = new RecordedExports(table, { world, folder, random });
  const followed = new FollowedExports(table, exports, { world, folder });
  await calm(followed, world);
  return { world, table, exports, followed };
}

test("exports alone go on behind a stream with a full export: a window would not tell of a key that it brought and that then went", async () => {
  using made = newFolder();
  const { folder } = made;
  const { world, table, exports, followed } = await followedTable(folder);
  table.put("goes", "2");
  await world.sleep(MINUTE_MS);
  await followed.run();
  followed.hasStream = false;
  followed.restart();
  await world.sleep(MINUTE_MS);
  table.delete("goes");
  table.put("comes", "3");
  await reach(followed, world);
  expect(stateOf(followed.events)).toEqual(new Map([["there", "1"], ["comes", "3"]])); // prettier-ignore
  // From then on windows follow each other.
  table.delete("there");
  await reach(followed, world);
  expect(stateOf(followed.events)).toEqual(new Map([["comes", "3"]]));
  const kinds = exports.jobs.map(({ content }) => content.kind);
  expect([kinds.slice(0, 2), [...new Set(kinds.slice(2))]]).toEqual([["full", "full"], ["window"]]);
});

test("exports alone ask for a full one that lies before the end of what is in, and wait for it", async () => {
  using made = newFolder();
  const { folder } = made;
  const { world, exports, followed } = await followedTable(folder);
  // Somebody else exports a window beside the stream, in which nothing happens.
  await world.sleep(6 * HOUR_MS);
  const [full] = exports.jobs;
  const fromMs = full?.content.kind === "full" ? full.content.timeMs : 0;
  const order = { content: { kind: "window", fromMs, toMs: fromMs + 5 * HOUR_MS }, token: "theirs" } as const;
  await exports.request("arn:recorded", order, { bucket: "raw", prefix: "" });
  await calm(followed, world);
  followed.hasStream = false;
  followed.restart();
  exports.failures = 1;
  exports.earliestMs = 0;
  await followed.run();
  const asked = exports.jobs[2]?.content;
  expect(asked).toMatchObject({ kind: "full" });
  expect(asked?.kind === "full" && asked.timeMs < fromMs + 5 * HOUR_MS).toBe(true);
  await world.sleep(2 * MINUTE_MS);
  await followed.run();
  expect(followed.waiting.join()).toMatch(/full export .*: asked for, in progress since/);
  await world.sleep(HOUR_MS);
  await followed.run();
  expect(followed.waiting.join()).toMatch(/full export .*: it is asked for again now/);
  exports.failures = 0;
  await calm(followed, world);
  expect(stateOf(followed.events)).toEqual(new Map([["there", "1"]]));
});

test("a stream that goes on in the epoch of a scan is joined by exports that are younger than what it brought before", async () => {
  using made = newFolder();
  const { folder } = made;
  const random = seededRandom(1);
  const world = simulatedWorld(1);
  const table = new RecoverableTable(world, { random });
  const there = Array.from({ length: 20 }, (_, at) => `there${at}`);
  for (const key of [...there, "goes"]) table.put(key, "1");
  const exports = new RecordedExports(table, { world, folder, random });
  await world.sleep(HOUR_MS);
  table.restart();
  const followed = new FollowedExports(table, exports, { world, folder });
  const becomes = (hasStream: boolean, hasScan: boolean): void => {
    Object.assign(followed, { hasStream, hasScan });
    followed.restart();
  };
  becomes(true, true);
  await followed.run();
  await world.sleep(10 * MINUTE_MS);
  table.delete("goes");
  await calm(followed, world);
  becomes(false, true);
  await world.sleep(2 * HOUR_MS);
  // It is never seen to its end: nothing says yet what is gone.
  let commits = 0;
  followed.mayDie = () => {
    commits += 1;
    if (commits === 2) throw new Killed();
  };
  await expect(followed.run()).rejects.toThrow(Killed);
  followed.mayDie = () => undefined;
  becomes(true, false);
  await calm(followed, world);
  expect(stateOf(followed.events)).toEqual(new Map(there.map((key) => [key, "1"])));
});

/** Runs for some hours. */
async function reach(followed: FollowedExports, world: World): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await world.sleep(20 * MINUTE_MS);
    await followed.run();
  }
  expect(followed.problem).toBeUndefined();
}

/** Runs until nothing is waited for any more. */
async function calm(followed: FollowedExports, world: World): Promise<void> {
  for (let turn = 0; turn === 0 || (followed.waiting.length > 0 && turn < 200); turn += 1) {
    await world.sleep(20 * MINUTE_MS);
    await followed.run();
  }
  expect(followed.problem).toBeUndefined();
  expect(followed.waiting).toEqual([]);
}

async function live(
  seed: number,
  { folder, isRedefined }: { readonly folder: string; readonly isRedefined: boolean },
): Promise<readonly Event[]> {
  const random = seededRandom(seed);
  const world = simulatedWorld(seed);
  const table = new RecoverableTable(world, { random, throttles: 0.03, empties: 0.2 });
  const kinesis = new RecordedKinesis(world, {
    random,
    throttles: 0.03,
    empties: 0.2,
    doubles: 0.3,
    delayMs: 3 * MINUTE_MS,
  });
  let value = 0;
  const write = someOf(random, 0.4, () => {
    value += 1;
    // Kinesis tells of a change's moment, a stream of the second: which of two in one is the later one no third channel knows.
    if (isRedefined) void world.sleep(1_000);
    // Some keys are written over and over, others once: nothing hides a change of those that is lost.
    const key = random() < 0.3 ? `n${value}` : `k${Math.floor(random() * 8)}`;
    const any = [...table.items.keys()][Math.floor(random() * table.items.size)];
    const isGone = random() < 0.35;
    for (const one of [table, kinesis]) {
      if (any !== undefined && isGone) one.delete(any);
      else one.put(key, String(value));
    }
    if (random() < 0.03) table.split();
    if (random() < 0.03) kinesis.split();
    if (random() < 0.02) kinesis.merge();
  });
  for (let before = 0; before < 10; before += 1) write();
  const exports = new RecordedExports(table, { world, folder, random });
  // A table that is older than its stream, or than what the stream still has.
  await world.sleep(random() * 30 * HOUR_MS);
  if (random() < 0.5) table.restart(write);
  const followed = new FollowedExports(table, exports, { world, folder, kinesis });
  exports.failures = 0.2;
  const pass = async (ms: number): Promise<void> => {
    const isQuiet = random() < 0.5;
    for (let part = 0; part < 10; part += 1) {
      await world.sleep(ms / 10);
      if (!isQuiet) write();
    }
  };
  await liveThrough({
    world,
    random,
    write,
    table,
    requestMs: 0,
    atCommits: (meet) => {
      followed.mayDie = meet;
    },
    deadly: 0.06,
    turns: 14,
    turn: async () => {
      // Now and then nothing happened for a while when the stream was last read.
      table.onRequest = random() < 0.4 ? () => undefined : write;
      await followed.run();
    },
    restart: () => followed.restart(),
    between: async () => {
      await pass(random() * 40 * MINUTE_MS);
      if (random() < 0.15) await pass(random() * 60 * HOUR_MS);
      if (random() < 0.08) table.restart(write);
      if (random() < 0.04) exports.earliestMs = world.nowMs();
      if (random() < 0.05) followed.forget("export-requests");
      if (random() < 0.03) followed.forget("stream");
      if (!isRedefined || random() < 0.7) return;
      followed.hasStream = random() < 0.5;
      followed.hasKinesis = random() < 0.4;
      followed.hasScan = random() < 0.4;
      followed.restart();
    },
    settle: async () => {
      exports.failures = 0;
      // Exports and scans alone reach to within an hour, once what was begun before is through.
      for (let begun = 0; begun < 2 && !followed.hasStream && !followed.hasKinesis; begun += 1) {
        await world.sleep(3 * HOUR_MS);
        await calm(followed, world);
      }
      await calm(followed, world);
    },
    events: followed.events,
    items: () => table.items,
  });
  return followed.events;
}

function newFolder(): Disposable & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "sluice-join-"));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
