import { beforeEach, describe, expect, test } from "vitest";
import { must, seededRandom, simulatedWorld, type World } from "../../../src/base/index.ts";
import { lazyEngine } from "../../../src/engine/index.ts";
import type { ChannelPlan } from "../../../src/sources/index.ts";
import { dynamodbSource } from "../../../src/sources/dynamodb/dynamodb-source.ts";
import { decodeScan, encodeScan, newScan, withPage } from "../../../src/sources/dynamodb/live/scan-state.ts";
import { memoryStore, type ObjectStore } from "../../../src/storage/index.ts";
import { RecordedKinesis } from "./recorded-kinesis.ts";
import { RecordedTable } from "./recorded-table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let world: World;
let table: RecordedTable;
let kinesis: RecordedKinesis;
let files: ObjectStore;
/** The memory of each channel, and the epoch of what channels brought that are there no longer. */
let beside: Map<string, string>;
let left: number;
/** When the last batch of any channel but a scan was made. */
let othersMs: number | undefined;

beforeEach(() => {
  world = simulatedWorld(1);
  table = new RecordedTable(world, { random: seededRandom(1) });
  kinesis = new RecordedKinesis(world, { random: seededRandom(1) });
  files = memoryStore({ world });
  beside = new Map();
  left = 0;
  othersMs = undefined;
});

/** One channel plans, of a definition with the named ones; what it begins is remembered. */
async function plan(name: string, named: readonly string[]): Promise<ChannelPlan> {
  const has = (one: string): boolean => named.includes(one);
  const source = dynamodbSource(
    {
      table: "orders",
      keys: ["id"],
      hints: [],
      requireFullExport: true,
      stream: has("stream"),
      ...(has("scan") ? { scan: {} } : {}),
      ...(has("kinesis") ? { kinesis: { stream: "orders" } } : {}),
    },
    {
      world,
      client: table,
      kinesisClient: kinesis,
      ...(has("firehose") ? { firehose: { store: files, engine: noEngine } } : {}),
    },
  );
  const channel = must(source.channels.find((one) => one.name === name), "the channel is there"); // prettier-ignore
  const planned = await channel.plan({ last: undefined, moved: beside.get(name), beside, ...brought });
  const [batch] = planned.batches;
  if (batch !== undefined) beside.set(name, batch.end ?? batch.start ?? "");
  return planned;
}

const brought = {
  newestEpoch: async (): Promise<number> => await Promise.resolve(left),
  othersMs: async (): Promise<number | undefined> => await Promise.resolve(othersMs),
};

// Planning reads no file.
const noEngine = lazyEngine(async () => await Promise.reject(new Error("no engine")));

async function scanned(epoch = 0): Promise<void> {
  const { id: tableId } = await table.describeTable();
  const scan = newScan({ tableId, epoch, nowMs: world.nowMs(), segments: 1, expected: 0 });
  beside.set("scan", encodeScan(withPage(scan, { segment: 0, lastKey: undefined, items: 0 })));
}

const deliver = async (): Promise<unknown> =>
  await files.create(`${new Date(world.nowMs()).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/")}/${world.uuid()}`, new Uint8Array(9)); // prettier-ignore

describe.each(["kinesis", "firehose"])("changes by %s that are read for the first time", (name) => {
  test("behind a scan begin a new epoch, which a new scan fills", async () => {
    await scanned();
    await world.sleep(HOUR_MS);
    await deliver();
    const { batches, waiting } = await plan(name, ["scan", name]);
    expect(batches.map(({ epoch }) => epoch)).toEqual([1]);
    expect(waiting.map(({ why }) => why).join()).toMatch(/since the scan; a new scan fills the gap/);
    // The scan is to reach into the changes.
    expect((await plan("scan", ["scan", name])).batches).toEqual([]);
    await world.sleep(6 * MINUTE_MS);
    expect((await plan("scan", ["scan", name])).batches.map(({ epoch }) => epoch)).toEqual([1]);
    await deliver();
    const next = await plan(name, ["scan", name]);
    expect([next.batches.map(({ epoch }) => epoch), next.waiting]).toEqual([[1], []]);
  });

  test("belong to the scan where the table's stream has been read since before it", async () => {
    await plan("stream", ["scan", "stream"]);
    await world.sleep(10 * MINUTE_MS);
    await scanned();
    await world.sleep(HOUR_MS);
    await deliver();
    const { batches, waiting } = await plan(name, ["scan", "stream", name]);
    expect([batches.map(({ epoch }) => epoch), waiting]).toEqual([[0], []]);
  });

  test("begin a new epoch where that stream is read no longer, or began behind the scan", async () => {
    await plan("stream", ["scan", "stream"]);
    await world.sleep(10 * MINUTE_MS);
    await scanned();
    await world.sleep(HOUR_MS);
    await deliver();
    expect((await plan(name, ["scan", name])).batches.map(({ epoch }) => epoch)).toEqual([1]);
    beside.delete(name);
    await scanned();
    expect((await plan(name, ["scan", "stream", name])).batches.map(({ epoch }) => epoch)).toEqual([0]);
    beside = new Map();
    await scanned();
    await world.sleep(25 * HOUR_MS);
    await plan("stream", ["stream"]);
    expect((await plan(name, ["scan", "stream", name])).batches.map(({ epoch }) => epoch)).toEqual([1]);
  });
});

test("files of Firehose that were there before the scan belong to it", async () => {
  await deliver();
  await world.sleep(10 * MINUTE_MS);
  await scanned();
  const { batches, waiting } = await plan("firehose", ["scan", "firehose"]);
  expect([batches.map(({ epoch }) => epoch), waiting]).toEqual([[0], []]);
});

test("the table's stream goes on in the epoch of a scan that it reaches back to", async () => {
  await world.sleep(30 * HOUR_MS);
  await scanned(3);
  await world.sleep(HOUR_MS);
  const { batches, waiting } = await plan("stream", ["scan", "stream"]);
  expect([batches.map(({ epoch }) => epoch), waiting]).toEqual([[3], []]);
});

test.each(["stream", "kinesis", "firehose"])(
  "changes by %s that were left for a while go on above the scans since",
  async (name) => {
    await deliver();
    await plan(name, ["scan", name]);
    await world.sleep(HOUR_MS);
    await scanned(3);
    await world.sleep(HOUR_MS);
    await deliver();
    const { batches, waiting } = await plan(name, ["scan", name]);
    expect([batches.map(({ epoch }) => epoch), waiting]).toEqual([[3], []]);
    expect((await plan("scan", ["scan", name])).batches).toEqual([]);
  },
);

test.each([
  ["stream", async () => (table.restart(), await world.sleep(30 * HOUR_MS))],
  ["kinesis", async () => await Promise.resolve(kinesis.remake())],
])("changes by %s that are lost go on above all that is in, whichever channel brought it", async (name, lose) => {
  await plan(name, ["scan", name]);
  await world.sleep(10 * MINUTE_MS);
  await scanned();
  left = 7;
  await lose();
  expect((await plan(name, ["scan", name])).batches.map(({ epoch }) => epoch)).toEqual([8]);
});

describe("a scan alone", () => {
  test("begins five minutes after what others brought", async () => {
    othersMs = world.nowMs();
    expect(await plan("scan", ["scan"])).toMatchObject({
      batches: [],
      waiting: [
        { why: expect.stringMatching(/or later: what other channels brought must be five minutes older$/) as string },
      ],
    });
    await world.sleep(5 * MINUTE_MS);
    expect((await plan("scan", ["scan"])).batches).toHaveLength(1);
  });

  test("that was under way while others were read begins anew", async () => {
    const { id: tableId } = await table.describeTable();
    const begun = { tableId, epoch: 0, nowMs: world.nowMs(), segments: 2, expected: 0 };
    beside.set("scan", encodeScan(withPage(newScan(begun), { segment: 0, lastKey: undefined, items: 9 })));
    await world.sleep(HOUR_MS);
    othersMs = world.nowMs();
    await world.sleep(HOUR_MS);
    const again = decodeScan((await plan("scan", ["scan"])).batches[0]?.start);
    expect(again).toMatchObject({ items: 0, epoch: 0 });
    expect(Date.parse(again?.time ?? "")).toBeGreaterThan(othersMs);
  });
});
