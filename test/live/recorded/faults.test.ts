import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as Streams from "@aws-sdk/client-dynamodb-streams";
import { describe, expect, test } from "vitest";
import { must, seededRandom, simulatedWorld } from "../../../src/base/index.ts";
import { wholeStream } from "../../../src/sources/dynamodb/live/aws-streams.ts";
import { firstState, listed } from "../../../src/sources/dynamodb/live/shard-order.ts";
import { decodeStream, type StreamState } from "../../../src/sources/dynamodb/live/stream-state.ts";
import type { ShardFacts, StreamFacts } from "../../../src/sources/dynamodb/live/table-client.ts";
import { FollowedTable, Killed, stateOf } from "./followed-table.ts";
import { RecordedTable } from "./recorded-table.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Which test shows what becomes of each fault of streams, exports and their hand-over: the file, and words of its title. */
const SHOWN_BY: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  F30: [
    ["test/live/recorded/faults.test.ts", "a shard that splits while it is read"],
    ["test/live/recorded/handover.test.ts", "lead to the table, wherever the process dies"],
  ],
  F31: [["test/live/recorded/faults.test.ts", "a shard that goes over into one"]],
  F32: [["test/live/recorded/faults.test.ts", "more shards than a page holds"]],
  F33: [["test/live/recorded/handover.test.ts", "goes on behind the last record when its iterators have expired"]],
  F34: [
    ["test/live/recorded/handover.test.ts", "stops where nothing can fill the gap, and says what it is"],
    ["test/live/recorded/handover.test.ts", "begins an epoch that a new scan fills"],
    ["test/live/exports.test.ts", "what the stream forgets is filled in a new epoch"],
  ],
  F35: [
    ["src/sources/dynamodb/live/stream-horizon.test.ts", "a shard that nobody read for a day has lost records"],
    ["test/live/recorded/handover.test.ts", "has lost nothing while it was idle"],
    ["test/live/recorded/faults.test.ts", "a shard that came and went between two looks"],
  ],
  F36: [
    ["test/live/recorded/handover.test.ts", "it was switched off and on, and written to meanwhile"],
    ["test/live/recorded/faults.test.ts", "a table that was deleted and made again under its name"],
  ],
  F37: [["src/sources/dynamodb/live/poll-plan.test.ts", "until five answers in a row had nothing"]],
  F38: [["test/live/recorded/polling.test.ts", "that a third reader keeps from one shard"]],
  F39: [["test/simulation/streams-and-kinesis.test.ts", "however often, and in whatever order"]],
  F40: [["test/simulation/streams-and-kinesis.test.ts", "however often, and in whatever order"]],
  F41: [["src/sources/dynamodb/live/stream-lines.test.ts", "a delete by TTL is told by who made it"]],
  F42: [
    ["test/faults/extreme-sizes.test.ts", "F42"],
    ["test/live/dynamodb.test.ts", "a stream of keys feeds Bronze alone"],
  ],
  F43: [
    ["src/sources/dynamodb/lossless.test.ts", "attributes of global tables"],
    ["test/live/recorded/faults.test.ts", "a write that another region repeats"],
  ],
  F44: [["src/sources/dynamodb/damaged-exports.test.ts", "F44"]],
  F45: [
    ["test/live/recorded/handover.test.ts", "lead to the table, wherever the process dies"],
    ["test/live/exports.test.ts", "whatever is lost or fails between the steps"],
  ],
  F46: [["test/simulation/live-beside-snapshot.test.ts", "is read all the while"]],
  F47: [
    ["test/live/recorded/handover.test.ts", "lead to the table, wherever the process dies"],
    ["test/live/killed.test.ts", "however often the process is killed"],
  ],
  F48: [
    ["test/live/recorded/faults.test.ts", "a scan whose number of segments is another one after a restart"],
    ["src/sources/dynamodb/live/read-pages.test.ts", "a scan that is refused slows down"],
  ],
};

const stream = (...shards: readonly ShardFacts[]): StreamFacts => ({
  arn: "arn:stream/1",
  createdMs: 0,
  view: "NEW_AND_OLD_IMAGES",
  shards,
});
const seenOnce = (shards: StreamState["shards"]): StreamState => ({
  ...firstState(stream(), { table: { id: "t", createdMs: 0 } as never, epoch: 0, nowMs: MINUTE_MS }),
  shards,
});

describe("faults of streams, exports and their hand-over", () => {
  test.each(Array.from({ length: 19 }, (_, at) => `F${at + 30}`))(
    "%s has a test that shows what becomes of it",
    (fault) => {
      const shown = SHOWN_BY[fault] ?? [];
      expect(shown).not.toHaveLength(0);
      for (const [file, title] of shown) {
        expect(readFileSync(join(ROOT, file), "utf8")).toContain(title);
      }
    },
  );

  test("a shard that splits while it is read: no position of a child is committed before the parent's end", async () => {
    const world = simulatedWorld(30);
    const table = new RecordedTable(world, { random: seededRandom(30), empties: 0.3, splits: 6 });
    const followed = new FollowedTable(table, world, { hasScan: false });
    let writes = 0;
    table.onRequest = () => {
      for (let more = 0; more < 3 && writes < 300; more += 1) {
        writes += 1;
        table.put(`k${writes % 17}`, String(writes));
        if (writes % 20 === 0) table.split();
      }
    };
    for (let turn = 0; turn < 6; turn += 1) {
      await followed.follow("stream");
      await world.sleep(SECOND_MS);
    }
    const { shards } = await table.describeStream(must(decodeStream(followed.positions[0]), "a position").streamArn);
    const parents = new Map(shards.map(({ id, parent }) => [id, parent]));
    expect(shards.length).toBeGreaterThan(10);
    expect(followed.positions.length).toBeGreaterThan(10);
    for (const position of followed.positions) {
      const { shards: known } = must(decodeStream(position), "a position");
      const begun = Object.keys(known).filter((id) => known[id]?.after !== undefined);
      for (const parent of begun.flatMap((id) => parents.get(id) ?? [])) expect(known[parent]?.isDone).toBe(true);
    }
    expect(stateOf(followed.events)).toEqual(new Map(table.items));
  });

  test("a shard that goes over into one: the next waits for its end, and counts as no older", () => {
    const before = seenOnce({ a: { seconds: 500, sinceMs: 0, after: "7" } });
    const both = stream({ id: "a", isClosed: true }, { id: "b", parent: "a", isClosed: false });
    const open = listed(before, both, 2 * MINUTE_MS);
    expect([open.readable.map(({ id }) => id), open.waiting, open.lost]).toEqual([["a"], 1, []]);
    const done = {
      ...open.state,
      shards: { ...open.state.shards, a: { ...must(open.state.shards["a"], "a"), isDone: true as const } },
    };
    const next = listed(done, both, 3 * MINUTE_MS);
    expect([next.readable.map(({ id }) => id), next.state.shards["b"]?.seconds]).toEqual([["b"], 500]);
  });

  test("a shard that came and went between two looks took records with it: it is known by its child", () => {
    const before = seenOnce({ a: { seconds: 0, sinceMs: 0, isDone: true } });
    const { lost } = listed(before, stream({ id: "c", parent: "b", isClosed: false }), 2 * MINUTE_MS);
    expect(lost).toEqual(["shard b before c"]);
  });

  test("more shards than a page holds are listed to the last, also one that appears between two pages", async () => {
    const all = Array.from({ length: 250 }, (_, at) => `shardId-${String(at).padStart(4, "0")}`);
    const asked: (string | undefined)[] = [];
    const client = {
      send: async ({ input }: { readonly input: { readonly ExclusiveStartShardId?: string } }) => {
        asked.push(input.ExclusiveStartShardId);
        if (asked.length === 2) all.push("shardId-0250");
        const from = input.ExclusiveStartShardId === undefined ? 0 : all.indexOf(input.ExclusiveStartShardId) + 1;
        const page = all.slice(from, from + 100);
        const last = from + 100 < all.length ? { LastEvaluatedShardId: page.at(-1) } : {};
        const Shards = page.map((ShardId) => ({ ShardId, SequenceNumberRange: { StartingSequenceNumber: "1" } }));
        return await Promise.resolve({ StreamDescription: { Shards, StreamViewType: "NEW_IMAGE", ...last } });
      },
    };
    const { shards } = await wholeStream({ sdk: Streams, client: client as never }, { table: "t", at: "here" }, "arn");
    expect(shards.map(({ id }) => id)).toEqual(all);
    expect(asked).toEqual([undefined, "shardId-0099", "shardId-0199"]);
  });

  test("a table that was deleted and made again under its name is another one: a new epoch takes it in whole", async () => {
    const world = simulatedWorld(36);
    const table = new RecordedTable(world, { random: seededRandom(36) });
    const followed = new FollowedTable(table, world);
    for (let at = 0; at < 10; at += 1) table.put(`k${at}`, "1");
    for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
    await world.sleep(10 * MINUTE_MS);
    table.recreate();
    for (let at = 5; at < 12; at += 1) table.put(`k${at}`, "2");
    await world.sleep(10 * MINUTE_MS);
    for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
    expect(followed.problem).toBeUndefined();
    expect(followed.notices.join()).toMatch(/a new scan fills the gap/);
    expect(stateOf(followed.events)).toEqual(new Map(table.items));
  });

  test("a write that another region repeats, and one that it overtakes: the last that this region's table took is the state", async () => {
    const world = simulatedWorld(43);
    const table = new RecordedTable(world, { random: seededRandom(43) });
    const followed = new FollowedTable(table, world, { hasScan: false });
    // Replication writes the item once more with its own attributes; of two regions' writes the later one stays, for each region alike.
    for (const value of ["1", "1", "3", "2"]) table.put("k", value);
    await followed.follow("stream");
    expect(followed.events.map(({ op, value }) => [op, value])).toEqual([["I", "1"], ["U", "1"], ["U", "3"], ["U", "2"]]); // prettier-ignore
    expect(stateOf(followed.events)).toEqual(new Map([["k", "2"]]));
  });

  test.each([
    ["ahead", 2],
    ["behind", -2],
  ])("a clock that is hours %s: what changes after a scan has read it stays changed (F12)", async (_title, hours) => {
    const world = simulatedWorld(12);
    const table = new RecordedTable(world, { random: seededRandom(12) });
    for (let at = 0; at < 10; at += 1) table.put(`k${at}`, "1");
    const followed = new FollowedTable(table, world);
    followed.aheadMs = hours * 3_600_000;
    for (const name of ["stream", "scan"] as const) await followed.follow(name);
    await world.sleep(60_000);
    table.put("k1", "2");
    table.delete("k2");
    await followed.follow("stream");
    expect(stateOf(followed.events)).toEqual(new Map(table.items));
  });

  test("a scan whose number of segments is another one after a restart goes on with those that it began with", async () => {
    const world = simulatedWorld(48);
    const table = new RecordedTable(world, { random: seededRandom(48), throttles: 0.1 });
    for (let at = 0; at < 60; at += 1) table.put(`k${at}`, "1");
    const followed = new FollowedTable(table, world);
    await followed.follow("stream");
    await world.sleep(10 * MINUTE_MS);
    let commits = 0;
    followed.beforeCommit = () => {
      commits += 1;
      if (commits === 3) throw new Killed();
    };
    await expect(followed.follow("scan")).rejects.toThrow(Killed);
    followed.segments = 5;
    followed.restart();
    await followed.follow("scan");
    const rows = followed.events.filter(({ op }) => op === "R").map(({ key }) => key);
    expect(rows).toHaveLength(60);
    expect(new Set(rows).size).toBe(60);
    expect(stateOf(followed.events)).toEqual(new Map(table.items));
  });
});
