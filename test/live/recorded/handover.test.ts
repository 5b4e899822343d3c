import { describe, expect, test } from "vitest";
import { seededRandom, simulatedWorld, type World } from "../../../src/base/index.ts";
import { everySeed } from "../../every-seed.ts";
import { FollowedTable, stateOf, type Event } from "./followed-table.ts";
import { repeated } from "./live-through.ts";
import { RecordedTable } from "./recorded-table.ts";
import { live } from "./table-life.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const isNight = process.env["SLUICE_NIGHTLY"] === "true";
/** With images in the stream, and with items that are fetched. */
const RUNS = isNight ? 5_000 : 25;
const FETCHING_RUNS = isNight ? 2_500 : 6;
const LOSING_RUNS = isNight ? 5_000 : 12;

/** A record's name within its epoch: each is in once an epoch. */
function nameOf({ id, sequence }: Event): string {
  return `${sequence.slice(0, 4)} ${id}`;
}

/** A shard's records come behind all of those before it, so that a key's changes are read in their order. */
function outOfOrder(events: readonly Event[]): readonly Event[] {
  const newest = new Map<string | undefined, string>();
  return events.filter(({ op, key, sequence }) => {
    if (op === "R" || op === "T") return false;
    const isLate = sequence < (newest.get(key) ?? "");
    if (!isLate) newest.set(key, sequence);
    return isLate;
  });
}

describe("a stream and a scan of a table that is written to all the time", () => {
  test.each([
    { view: "NEW_AND_OLD_IMAGES", fetchesItems: false, runs: RUNS },
    { view: "KEYS_ONLY", fetchesItems: true, runs: FETCHING_RUNS },
    { view: "OLD_IMAGE", fetchesItems: true, runs: FETCHING_RUNS },
  ] as const)("lead to the table, wherever the process dies: $view", { timeout: 600_000 }, async (stream) => {
    await everySeed(stream.runs, async (seed) => {
      const events = await live(seed, { ...stream, loses: false });
      expect([repeated(events, nameOf), outOfOrder(events)]).toEqual([[], []]);
      expect(events.filter(({ op }) => op === "T")).toHaveLength(1);
    });
  });

  test("lead to the table, whatever the stream has forgotten", { timeout: 600_000 }, async () => {
    await everySeed(LOSING_RUNS, async (seed) => {
      const fetchesItems = seed % 2 === 0;
      const view = fetchesItems ? "KEYS_ONLY" : "NEW_AND_OLD_IMAGES";
      const events = await live(seed, { view, fetchesItems, loses: true });
      expect([repeated(events, nameOf), outOfOrder(events)]).toEqual([[], []]);
    });
  });
});

function followedTable(hasScan: boolean): { table: RecordedTable; followed: FollowedTable; world: World } {
  const world = simulatedWorld(1);
  const table = new RecordedTable(world, { random: seededRandom(1) });
  return { table, world, followed: new FollowedTable(table, world, { hasScan }) };
}

async function loaded(hasScan = true): Promise<ReturnType<typeof followedTable>> {
  const bench = followedTable(hasScan);
  const { table, followed, world } = bench;
  for (let at = 0; at < 10; at += 1) table.put(`k${at}`, `${at}`);
  await world.sleep(10 * MINUTE_MS);
  for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
  expect(stateOf(followed.events)).toEqual(new Map(table.items));
  return bench;
}

test("who reads once ends, however much others write meanwhile, and has what was there when he came", async () => {
  const { table, followed, world } = await loaded(false);
  table.put("k1", "101");
  table.put("k2", "102");
  let writes = 0;
  table.onRequest = () => {
    for (let more = 0; more < 3; more += 1) table.put(`k${3 + more}`, `${(writes += 1)}`);
    void world.sleep(100);
    if (writes > 10_000) throw new Error("It never ends");
  };
  await followed.follow("stream");
  expect([stateOf(followed.events).get("k1"), stateOf(followed.events).get("k2")]).toEqual(["101", "102"]);
  table.onRequest = () => undefined;
  await world.sleep(MINUTE_MS);
  await followed.follow("stream");
  expect(stateOf(followed.events)).toEqual(new Map(table.items));
});

describe("a stream that has forgotten something", () => {
  test("stops where nothing can fill the gap, and says what it is", async () => {
    const { followed, world, table } = await loaded(false);
    table.put("k1", "new");
    await world.sleep(25 * HOUR_MS);
    const before = followed.events.length;
    await followed.follow("stream");
    expect(followed.problem).toBe("source.gap");
    expect(followed.events).toHaveLength(before);
  });

  test.each<[string, (table: RecordedTable, world: World) => Promise<void>]>([
    [
      "nobody read it for more than a day",
      async (table, world) => {
        table.put("k1", "101");
        table.delete("k2");
        await world.sleep(25 * HOUR_MS);
        table.put("k3", "103");
      },
    ],
    [
      "it was switched off and on, and written to meanwhile",
      async (table, world) => {
        table.put("k1", "101");
        table.restart(() => {
          table.delete("k2");
          table.put("k3", "103");
        });
        await world.sleep(MINUTE_MS);
        table.put("k4", "104");
      },
    ],
  ])("begins an epoch that a new scan fills: %s", async (_title, happen) => {
    const { followed, world, table } = await loaded();
    await happen(table, world);
    for (let turn = 0; turn < 3; turn += 1) {
      for (const name of ["stream", "scan"] as const) await followed.follow(name);
      await world.sleep(6 * MINUTE_MS);
      table.put("k5", `${turn}`);
    }
    await followed.follow("stream");
    expect(followed.problem).toBeUndefined();
    expect(followed.notices.join()).toMatch(/a new scan fills the gap/);
    expect(stateOf(followed.events)).toEqual(new Map(table.items));
    expect(followed.events.filter(({ op }) => op === "T").map(({ sequence }) => sequence.slice(0, 4))).toEqual([
      "0000",
      "0001",
    ]);
  });

  test("and what was known of it before its first record is lost, too: a new scan fills what nobody knows of", async () => {
    const { followed, world, table } = followedTable(true);
    for (let at = 0; at < 10; at += 1) table.put(`k${at}`, `${at}`);
    table.restart();
    await world.sleep(10 * MINUTE_MS);
    for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
    expect(followed.events.filter(({ op }) => op !== "R" && op !== "T")).toEqual([]);
    table.put("k1", "101");
    table.delete("k2");
    await world.sleep(25 * HOUR_MS);
    followed.forget("stream");
    followed.restart();
    for (let turn = 0; turn < 2; turn += 1) {
      for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
      await world.sleep(6 * MINUTE_MS);
    }
    expect(followed.problem).toBeUndefined();
    expect(followed.notices.join()).toMatch(/a new scan fills the gap/);
    expect(stateOf(followed.events)).toEqual(new Map(table.items));
  });

  test("has lost nothing while it was idle, however old its last record is", async () => {
    const { followed, world, table } = await loaded(false);
    for (let hour = 0; hour < 72; hour += 12) {
      await world.sleep(12 * HOUR_MS);
      followed.restart();
      await followed.follow("stream");
      expect(followed.problem).toBeUndefined();
    }
    table.put("k1", "101");
    await followed.follow("stream");
    expect(stateOf(followed.events).get("k1")).toBe("101");
  });

  test("goes on behind the last record when its iterators have expired", async () => {
    const { followed, world, table } = await loaded(false);
    await world.sleep(HOUR_MS);
    table.put("k1", "101");
    const before = followed.events.length;
    await followed.follow("stream");
    expect(followed.events.slice(before).map(({ key, value }) => [key, value])).toEqual([["k1", "101"]]);
  });
});

function keysOnly(fetchesItems: boolean) {
  const world = simulatedWorld(1);
  const table = new RecordedTable(world, { random: seededRandom(1), view: "KEYS_ONLY" });
  return { world, table, followed: new FollowedTable(table, world, { hasScan: true, fetchesItems }) };
}

describe("a stream without new images", () => {
  test("feeds Bronze, and says why no row can be made of it", async () => {
    const { table, followed } = keysOnly(false);
    table.put("k1", "1");
    table.delete("k1");
    await followed.follow("stream");
    expect(followed.problem).toBeUndefined();
    expect(followed.unfit).toBe("source.invalid");
    expect(followed.events.map(({ op, image }) => [op, image])).toEqual([
      ["I", "none"],
      ["D", undefined],
    ]);
  });

  test("reads an item once for all its changes, dates it as the newest of them, and lets later ones win", async () => {
    const { table, followed } = keysOnly(true);
    for (const value of ["1", "2", "3"]) table.put("k1", value);
    table.put("k2", "1");
    table.put("k3", "1");
    table.delete("k3");
    let isFirst = true;
    // Between the reading of the stream and that of the items others write.
    table.getItems = async (keys) => {
      if (isFirst) {
        table.put("k1", "4");
        table.delete("k2");
      }
      isFirst = false;
      return await RecordedTable.prototype.getItems.call(table, keys);
    };
    await followed.follow("stream");
    const first = followed.events.map(({ key, op, value, image }) => [key, op, value, image].join(" "));
    expect(new Set(first)).toEqual(
      new Set(["k1 I  later", "k1 U  later", "k1 U 4 fetched", "k2 I  gone", "k3 I  later", "k3 D  "]),
    );
    expect(first).toHaveLength(6);
    await followed.follow("stream");
    expect(stateOf(followed.events)).toEqual(new Map([["k1", "4"]]));
    table.put("k1", "5");
    table.delete("k1");
    await followed.follow("stream");
    expect(stateOf(followed.events)).toEqual(new Map());
  });

  test("is filled by a new scan where changes came before anybody fetched items", async () => {
    const { table, followed, world } = keysOnly(false);
    table.put("k1", "1");
    for (const name of ["stream", "scan"] as const) await followed.follow(name);
    table.put("k1", "2");
    await followed.follow("stream");
    followed.fetchItems();
    await world.sleep(MINUTE_MS);
    for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
    expect([followed.problem, followed.unfit]).toEqual([undefined, undefined]);
    expect(stateOf(followed.events)).toEqual(new Map([["k1", "2"]]));
    expect(followed.notices.join()).toMatch(/whose items nobody fetched .*; a new scan fills the gap/);
    expect(followed.events.filter(({ op }) => op === "T")).toHaveLength(2);
  });
});
