import { describe, expect, test } from "vitest";
import { must, seededRandom, simulatedWorld } from "../../../src/base/index.ts";
import { everySeed } from "../../every-seed.ts";
import { stateOf } from "./followed-table.ts";
import { liveThrough, repeated, someOf } from "./live-through.ts";
import { RecordedKinesis, type KinesisMischief } from "./recorded-kinesis.ts";
import { FollowedKinesis, wronglyClaimed } from "./followed-kinesis.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 1_000 : 12;

const MISCHIEF = { throttles: 0.03, empties: 0.2, doubles: 0.3, delayMs: 3 * MINUTE_MS };

function bench(mischief: Omit<KinesisMischief, "random"> = {}, seed = 1, canFill = true) {
  const world = simulatedWorld(seed);
  const random = seededRandom(seed);
  const stream = new RecordedKinesis(world, { random, ...mischief });
  return { world, random, stream, followed: new FollowedKinesis(stream, world, canFill) };
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
      await everySeed(RUNS, async (seed) => {
        const all = bench(MISCHIEF, seed);
        const { world, random, stream, followed } = all;
        let value = 0;
        const write = someOf(random, 0.4, () => {
          const key = `k${Math.floor(random() * 8)}`;
          value += 1;
          if (random() < 0.3) stream.delete(key);
          else stream.put(key, String(value));
          if (random() < 0.04) stream.split();
          if (random() < 0.03) stream.merge();
        });
        for (let before = 0; before < 10; before += 1) write();
        // Where nobody may ask whether the table is fed, the first record tells.
        if (random() < 0.3) stream.fed = undefined;
        await liveThrough({
          world,
          random,
          write,
          table: stream,
          requestMs: 2_000,
          atCommits: (meet) => {
            followed.beforeCommit = meet;
          },
          deadly: 0.15,
          turns: 10,
          turn: async () => {
            await followed.follow();
            if (random() < 0.5) followed.snapshot();
          },
          restart: () => followed.restart(),
          between: async () => await world.sleep(random() * 10 * MINUTE_MS),
          always: () => {
            expect(followed.problem).toBeUndefined();
            expect(wronglyClaimed(all)).toEqual([]);
          },
          settle: async () => {
            stream.put("last", "1");
            await settle(all);
          },
          events: followed.events,
          items: () => stream.items,
        });
        expect(repeated(followed.events)).toEqual([]);
      });
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
    const { parts } = must(followed.ledger().owed, "a stream forgets");
    const [one, other, child] = parts;
    expect(parts.map(({ state, parents }) => ({ state, parents }))).toEqual([
      { state: "done", parents: undefined },
      { state: "done", parents: undefined },
      { state: "current", parents: [one?.name, other?.name] },
    ]);
    // It was read from its first record to its last one, each with its number and time.
    expect(Number(child?.from?.text)).toBeLessThan(Number(child?.to?.text));
    expect(child?.from?.ms).toBeLessThanOrEqual(child?.to?.ms ?? 0);
  });

  test.each<[string, (all: ReturnType<typeof bench>) => Promise<void>]>([
    ["nobody read it for longer than it keeps its records", async ({ world }) => await world.sleep(25 * HOUR_MS)],
    ["it was made anew", async ({ world, stream }) => { stream.remake(); await world.sleep(MINUTE_MS); }], // prettier-ignore
    ["its retention was lowered below what is unread", async ({ world, stream }) => { stream.keptMs = HOUR_MS; await world.sleep(2 * HOUR_MS); }], // prettier-ignore
  ])("has a gap that a new snapshot fills: %s", async (_title, happen) => {
    const all = await loaded();
    const { stream, followed, world } = all;
    expect(followed.ledger()).toMatchObject({ verdict: "covered", holes: [{ kind: "start" }] });
    stream.put("k1", "101");
    stream.delete("k2");
    await happen(all);
    stream.put("k3", "103");
    await world.sleep(MINUTE_MS);
    await followed.follow();
    expect(followed.notices.join()).toMatch(/a new snapshot fills the gap/);
    const open = followed.ledger();
    expect(open).toMatchObject({ verdict: "gap", holes: [{ kind: "start" }, { kind: "break" }] });
    expect(open.holes[1]?.filledBy).toBeUndefined();
    expect(wronglyClaimed(all)).toEqual([]);
    await settle(all);
    const filled = [{ kind: "start" }, { kind: "break", filledBy: { channel: "scan", epoch: 1 } }];
    expect(followed.ledger()).toMatchObject({ verdict: "covered", holes: filled });
    expect(wronglyClaimed(all)).toEqual([]);
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
    expect(followed.ledger()).toMatchObject({ verdict: "gap", holes: [{ kind: "start" }, { kind: "forgotten" }] });
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
    stream.fed = undefined;
    await followed.follow();
    const unknown = followed.ledger();
    expect(unknown).toMatchObject({ verdict: "loading", limits: [{ channel: "kinesis", kind: "sending" }] });
    expect(unknown.coveredToMs).toBeUndefined();
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
