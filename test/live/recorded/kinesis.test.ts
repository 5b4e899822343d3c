import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { must, seededRandom, simulatedWorld, type World } from "../../../src/base/index.ts";
import type { BatchManifest } from "../../../src/contract/index.ts";
import type { Channel } from "../../../src/sources/index.ts";
import { ScanThreads } from "../../../src/sources/dynamodb/scan/scan-threads.ts";
import { kinesisChannel } from "../../../src/sources/dynamodb/kinesis/kinesis-channel.ts";
import { KinesisMemory } from "../../../src/sources/dynamodb/kinesis/kinesis-memory.ts";
import { decodeKinesis, encodeKinesis } from "../../../src/sources/dynamodb/kinesis/kinesis-state.ts";
import { patientKinesis } from "../../../src/sources/dynamodb/kinesis/patient-kinesis.ts";
import { readKinesis } from "../../../src/sources/dynamodb/kinesis/read-kinesis.ts";
import { changesBeside } from "../../../src/sources/dynamodb/live/beside.ts";
import { snapshotConstants } from "../../../src/sources/dynamodb/snapshot-events.ts";
import { Killed, stateOf, type Event } from "./followed-table.ts";
import { RecordedKinesis, type KinesisMischief } from "./recorded-kinesis.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SEED = process.env["SLUICE_SEED"];
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 1_000 : 12;

/** What the lake does with the channel and a snapshot beside it, without an engine. */
class Followed {
  readonly events: Event[] = [];
  readonly notices: string[] = [];
  unreadable: readonly string[] = [];
  problem: string | undefined;
  beforeCommit: () => void = () => undefined;
  readonly #stream: RecordedKinesis;
  readonly #world: World;
  readonly #channel: Channel;
  #memory = new KinesisMemory();
  #end: string | undefined;
  #moved: string | undefined;
  #snapshotEpoch = -1;

  constructor(stream: RecordedKinesis, world: World, canFill = true) {
    this.#stream = stream;
    this.#world = world;
    const options = { table: "orders", keys: ["id"], hints: [], stream: "orders", canFill };
    const parts = { client: patientKinesis(stream, world), world, hints: new Map(), threads: new ScanThreads() };
    this.#channel = kinesisChannel(options, parts);
  }

  restart(): void {
    this.#memory = new KinesisMemory();
  }

  async follow(): Promise<void> {
    const last = this.#end === undefined ? undefined : ({ end: this.#end } as BatchManifest);
    const plan = await this.#channel.plan({ last, moved: this.#moved });
    this.problem = plan.problem?.code;
    this.notices.push(...plan.waiting.map(({ why }) => why));
    let next = plan.batches[0]?.start;
    while (next !== undefined) next = await this.#take(next);
  }

  async #take(start: string): Promise<string | undefined> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-kinesis-"));
    try {
      const reading = { client: patientKinesis(this.#stream, this.#world), world: this.#world, memory: this.#memory };
      const context = { world: this.#world, folder };
      const state = must(decodeKinesis(start), "a batch has a beginning");
      const read = await readKinesis(state, { ...reading, context, table: "orders", bytesMax: 2_000 });
      const events = linesOf(join(folder, read.spooled.path));
      const end = encodeKinesis(read.state);
      this.unreadable = [...this.unreadable, ...read.unreadable.map(({ file }) => file)];
      if (events.length === 0 && read.unreadable.length === 0) this.#moved = end;
      else {
        this.beforeCommit();
        // As Bronze does for a channel that repeats itself.
        const known = new Set(this.events.map(({ id }) => id));
        for (const event of events) {
          if (!known.has(event.id)) this.events.push(event);
          known.add(event.id);
        }
        this.#end = end;
        this.#moved = undefined;
      }
      return read.isDrained ? undefined : end;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** The whole table at once, as soon as a snapshot may be made, once an epoch. */
  snapshot(): boolean {
    const { epoch, fromMs } = changesBeside(new Map([["kinesis", this.#moved ?? this.#end ?? "{}"]]), ["kinesis"]);
    if (fromMs === undefined || this.#world.nowMs() < fromMs || this.#snapshotEpoch === epoch) return false;
    this.#snapshotEpoch = epoch;
    const time = new Date(this.#world.nowMs()).toISOString();
    const [row, end] = (["R", "T"] as const).map(
      (op) => snapshotConstants({ channel: "scan", time, epoch }, op).snapshot,
    );
    for (const [key, value] of this.#stream.items)
      this.events.push({ id: `scan/${epoch}/${key}`, op: "R", key, sequence: row?.sequence ?? "", value });
    this.events.push({
      id: `scan/${epoch}/T`,
      op: "T",
      key: undefined,
      sequence: end?.sequence ?? "",
      value: undefined,
    });
    return true;
  }
}

function linesOf(file: string): readonly Event[] {
  const lines = readFileSync(file, "utf8").split("\n").filter((line) => line !== ""); // prettier-ignore
  return lines.map((line): Event => {
    const { Stream, Keys, NewImage } = JSON.parse(line) as { Stream: { op: string; sequence: string; event: string }; Keys: { id: { S: string } }; NewImage?: { v: { N: string } } }; // prettier-ignore
    const key = Keys.id.S;
    return { id: `${Stream.event}${key}`, op: Stream.op, key, sequence: Stream.sequence, value: NewImage?.v.N };
  });
}

const MISCHIEF = { throttles: 0.03, empties: 0.2, doubles: 0.3, delayMs: 3 * MINUTE_MS };

function bench(mischief: Omit<KinesisMischief, "random"> = {}, seed = 1, canFill = true) {
  const world = simulatedWorld(seed);
  const random = seededRandom(seed);
  const stream = new RecordedKinesis(world, { random, ...mischief });
  return { world, random, stream, followed: new Followed(stream, world, canFill) };
}

/** Nothing is written any more: everything arrives, and is read. */
async function settle({ world, stream, followed }: ReturnType<typeof bench>): Promise<void> {
  stream.onRequest = () => undefined;
  followed.beforeCommit = () => undefined;
  await world.sleep(10 * MINUTE_MS);
  await followed.follow();
  followed.snapshot();
  await followed.follow();
}

describe("a Kinesis stream and a snapshot of a table that is written to all the time", () => {
  test(
    "lead to the table, whatever comes twice, late or in another order, and wherever the process dies",
    { timeout: 600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (seed) => {
          const all = bench(MISCHIEF, seed);
          const { world, random, stream, followed } = all;
          let value = 0;
          const write = (): void => {
            for (let more = random(); more < 0.4; more = random()) {
              const key = `k${Math.floor(random() * 8)}`;
              value += 1;
              if (random() < 0.3) stream.delete(key);
              else stream.put(key, String(value));
              if (random() < 0.04) stream.split();
              if (random() < 0.03) stream.merge();
            }
          };
          for (let before = 0; before < 10; before += 1) write();
          // Where nobody may ask whether the table is fed, the first record tells.
          if (random() < 0.3) stream.fed = undefined;
          stream.onRequest = () => {
            write();
            void world.sleep(random() * 2_000);
          };
          followed.beforeCommit = () => {
            if (random() < 0.15) throw new Killed();
          };
          for (let turn = 0; turn < 10; turn += 1) {
            try {
              await followed.follow();
              if (random() < 0.5) followed.snapshot();
            } catch (error) {
              if (!(error instanceof Killed)) throw error;
              followed.restart();
            }
            await world.sleep(random() * 10 * MINUTE_MS);
            expect(followed.problem).toBeUndefined();
          }
          stream.put("last", "1");
          await settle(all);
          expect(stateOf(followed.events)).toEqual(new Map(stream.items));
          const changes = followed.events.filter(({ op }) => op !== "R" && op !== "T");
          expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
        }),
        { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
      );
    },
  );
});

async function loaded(canFill = true): Promise<ReturnType<typeof bench>> {
  const all = bench({}, 1, canFill);
  for (let at = 0; at < 10; at += 1) all.stream.put(`k${at}`, `${at}`);
  await all.world.sleep(MINUTE_MS);
  await all.followed.follow();
  await settle(all);
  expect(stateOf(all.followed.events)).toEqual(new Map(all.stream.items));
  return all;
}

describe("a Kinesis stream", () => {
  test("keeps a child waiting for both of the shards that were merged into it", async () => {
    const all = await loaded();
    const { stream, followed } = all;
    const before = followed.events.length;
    stream.put("k1", "101");
    stream.put("k2", "102");
    await stream.describe();
    stream.merge();
    stream.put("k1", "201");
    stream.put("k2", "202");
    await settle(all);
    const changes = followed.events.slice(before).map(({ value }) => value);
    expect(changes.filter((value) => value?.startsWith("1")).length).toBe(2);
    expect(new Set(changes.slice(2))).toEqual(new Set(["201", "202"]));
  });

  test.each<[string, (all: ReturnType<typeof bench>) => Promise<void>]>([
    ["nobody read it for longer than it keeps its records", async ({ world }) => await world.sleep(25 * HOUR_MS)],
    ["it was made anew", async ({ world, stream }) => { stream.remake(); await world.sleep(MINUTE_MS); }], // prettier-ignore
    ["its retention was lowered below what is unread", async ({ world, stream }) => { stream.keptMs = HOUR_MS; await world.sleep(2 * HOUR_MS); }], // prettier-ignore
  ])("has a gap that a new snapshot fills: %s", async (_title, happen) => {
    const all = await loaded();
    const { stream, followed, world } = all;
    stream.put("k1", "101");
    stream.delete("k2");
    await happen(all);
    stream.put("k3", "103");
    await world.sleep(MINUTE_MS);
    await followed.follow();
    expect(followed.notices.join()).toMatch(/a new snapshot fills the gap/);
    await settle(all);
    expect(followed.problem).toBeUndefined();
    expect(stateOf(followed.events)).toEqual(new Map(stream.items));
  });

  test("with a gap that nothing fills stops and says what is gone", async () => {
    const { stream, followed, world } = await loaded(false);
    stream.put("k1", "101");
    await world.sleep(25 * HOUR_MS);
    const before = followed.events.length;
    await followed.follow();
    expect(followed.problem).toBe("source.gap");
    expect(followed.events).toHaveLength(before);
  });

  test("that keeps its records for a week has lost nothing after three days", async () => {
    const all = await loaded(false);
    all.stream.keptMs = 7 * 24 * HOUR_MS;
    // The longer retention is known from the next look on.
    await all.followed.follow();
    all.stream.put("k1", "101");
    await all.world.sleep(72 * HOUR_MS);
    await settle(all);
    expect(all.followed.problem).toBeUndefined();
    expect(stateOf(all.followed.events).get("k1")).toBe("101");
  });

  test("goes on behind the last record when its iterators have expired", async () => {
    const all = await loaded(false);
    await all.world.sleep(HOUR_MS);
    all.stream.put("k1", "101");
    const before = all.followed.events.length;
    await settle(all);
    expect(all.followed.events.slice(before).map(({ key, value }) => [key, value])).toEqual([["k1", "101"]]);
  });

  test("that the table does not feed is no basis for anything", async () => {
    const { stream, followed } = bench();
    stream.fed = false;
    await followed.follow();
    expect(followed.problem).toBe("source.invalid");
    expect(followed.snapshot()).toBe(false);
  });

  test("holds bytes of others: they are told with their place, and the rest is read", async () => {
    const all = await loaded();
    const { stream, followed } = all;
    stream.putBytes(Buffer.from("no record"));
    stream.putBytes(Buffer.from('{"a":1}'));
    stream.put("k1", "101");
    await settle(all);
    expect(followed.unreadable).toEqual([
      expect.stringMatching(/^orders\/shard-\d+\/\d+$/),
      expect.stringMatching(/^orders\/shard-\d+\/\d+$/),
    ]);
    expect(stateOf(followed.events).get("k1")).toBe("101");
  });
});
