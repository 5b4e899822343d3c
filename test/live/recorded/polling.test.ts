import { describe, expect, test } from "vitest";
import { seededRandom, simulatedWorld, type World } from "../../../src/base/index.ts";
import { SourceFault, type TableClient } from "../../../src/sources/dynamodb/live/table-client.ts";
import { everySeed } from "../../every-seed.ts";
import { FollowedTable } from "./followed-table.ts";
import { RecordedTable } from "./recorded-table.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 1_000 : 3;

interface Bench {
  readonly world: World;
  readonly table: RecordedTable;
  readonly followed: FollowedTable;
  /** Requests since they were last taken, by kind; those for records by shard, too. */
  readonly requests: Map<string, number>;
  /** A process that stays reads for so long, once a flush interval; `between` is what happens meanwhile. */
  stay(forMs: number, flushMs: number, between?: () => void): Promise<void>;
}

function benchOf(seed: number, client: (table: RecordedTable) => TableClient = (table) => table): Bench {
  const world = simulatedWorld(seed);
  const table = new RecordedTable(world, { random: seededRandom(seed), splits: 7 });
  const requests = new Map<string, number>();
  const inner = client(table);
  const count = (...names: readonly string[]): void => {
    for (const name of names) requests.set(name, (requests.get(name) ?? 0) + 1);
  };
  const counted: TableClient = {
    where: inner.where,
    describeTable: async () => (count("table"), await inner.describeTable()),
    describeStream: async (arn) => (count("stream"), await inner.describeStream(arn)),
    iterator: async (request) => (count("iterator"), await inner.iterator(request)),
    records: async (iterator) => {
      count("records", (JSON.parse(iterator) as { readonly id: string }).id);
      return await inner.records(iterator);
    },
    scan: async (request) => await inner.scan(request),
    capacity: inner.capacity,
    getItems: async (keys) => await inner.getItems(keys),
    close: () => undefined,
  };
  const followed = new FollowedTable(counted, world, { hasScan: false });
  const stay = async (forMs: number, flushMs: number, between: () => void = () => undefined): Promise<void> => {
    followed.pace = { flushMs };
    for (const endsMs = world.nowMs() + forMs; world.nowMs() < endsMs;) {
      const dueMs = world.nowMs() + flushMs;
      between();
      await followed.follow("stream");
      expect(followed.problem).toBeUndefined();
      await world.sleep(Math.max(0, dueMs - world.nowMs()));
    }
  };
  return { world, table, followed, requests, stay };
}

/** A table of so many open shards, each read to its present end. */
async function splitTable(shards: number, { table, followed, world }: Bench): Promise<void> {
  for (let open = 1; open < shards;) {
    const before = table.openShards;
    table.split();
    open = table.openShards;
    if (open === before) await world.sleep(1);
  }
  await followed.follow("stream");
}

const keysOf = ({ followed }: Bench): readonly (string | undefined)[] => followed.events.map(({ key }) => key);

describe("a process that stays with a stream", () => {
  test("of 100 shards that are idle for ten minutes asks 0.2 times a second and shard at most", async () => {
    const bench = benchOf(1);
    await splitTable(100, bench);
    await bench.stay(10 * SECOND_MS, SECOND_MS);
    await bench.world.sleep(11 * MINUTE_MS);
    await bench.stay(10 * SECOND_MS, SECOND_MS);
    bench.requests.clear();
    await bench.stay(MINUTE_MS, SECOND_MS);
    const all = ["records", "stream", "table", "iterator"].reduce(
      (sum, one) => sum + (bench.requests.get(one) ?? 0),
      0,
    );
    expect(all / (100 * 60)).toBeLessThanOrEqual(0.2);
    // A listing of a hundred shards is a page; it is asked for once a minute.
    expect(bench.requests.get("stream")).toBeLessThanOrEqual(4);

    const writtenMs = bench.world.nowMs();
    bench.table.put("woken", "1");
    while (!keysOf(bench).includes("woken")) await bench.stay(SECOND_MS, SECOND_MS);
    expect(bench.world.nowMs() - writtenMs).toBeLessThanOrEqual(SECOND_MS + 7 * SECOND_MS);

    // The shard is awake now, and the others sleep on.
    bench.requests.clear();
    bench.table.put("woken", "2");
    await bench.stay(2 * SECOND_MS, SECOND_MS);
    expect(bench.followed.events.filter(({ key }) => key === "woken").map(({ value }) => value)).toEqual(["1", "2"]);
  });

  test("drains a backlog page after page, and pays for no more than its pages", async () => {
    const bench = benchOf(2);
    await bench.followed.follow("stream");
    for (let at = 0; at < 900; at += 1) bench.table.put(`k${at}`, "1");
    await bench.world.sleep(MINUTE_MS);
    bench.requests.clear();
    const startMs = bench.world.nowMs();
    bench.followed.pace = { flushMs: 10 * SECOND_MS };
    await bench.followed.follow("stream");
    expect(keysOf(bench)).toHaveLength(900);
    // A page of the recorded table has three records.
    expect(bench.requests.get("records")).toBeLessThanOrEqual(900 / 3 + 5);
    expect(bench.world.nowMs() - startMs).toBeLessThan(10 * SECOND_MS);
  });

  test("finds what follows a closed shard at once, and lists shards once a minute otherwise", async () => {
    const bench = benchOf(3);
    await bench.followed.follow("stream");
    await bench.stay(3 * MINUTE_MS, SECOND_MS);
    bench.requests.clear();
    bench.table.split();
    for (let at = 0; at < 20; at += 1) bench.table.put(`k${at}`, "1");
    await bench.stay(4 * SECOND_MS, SECOND_MS);
    expect(keysOf(bench)).toHaveLength(20);
    await bench.stay(3 * MINUTE_MS, SECOND_MS);
    expect(bench.requests.get("stream")).toBeLessThanOrEqual(2 * 3 + 3);
  });

  test("that a third reader keeps from one shard goes on with the others, and says so (F38)", async () => {
    let taken: string | undefined;
    const bench = benchOf(4, (table) => ({
      where: table.where,
      describeTable: async () => await table.describeTable(),
      describeStream: async (arn) => await table.describeStream(arn),
      iterator: async (request) => await table.iterator(request),
      scan: async (request) => await table.scan(request),
      capacity: table.capacity,
      getItems: async (keys) => await table.getItems(keys),
      close: () => undefined,
      records: async (iterator) => {
        const { id } = JSON.parse(iterator) as { readonly id: string };
        if (id === taken) throw new SourceFault("throttled", "Two readers at most");
        return await table.records(iterator);
      },
    }));
    await splitTable(4, bench);
    taken = bench.table.shardOf("k1");
    const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
    for (const key of keys) bench.table.put(key, "1");
    bench.requests.clear();
    await bench.stay(30 * SECOND_MS, SECOND_MS);
    const others = keys.filter((key) => bench.table.shardOf(key) !== taken);
    expect(new Set(keysOf(bench))).toEqual(new Set(others));
    expect(bench.requests.get(taken ?? "")).toBeLessThanOrEqual(20);
    expect(bench.followed.notices.join()).toMatch(/look for another consumer/);
    taken = undefined;
    await bench.stay(10 * SECOND_MS, SECOND_MS);
    expect(new Set(keysOf(bench))).toEqual(new Set(keys));
  });

  test(
    "is never behind for long, never asks more than it may, and loses nothing, whatever splits",
    { timeout: 600_000 },
    async () => {
      await everySeed(RUNS, async (seed) => {
        const bench = benchOf(seed);
        const random = seededRandom(seed);
        const flushMs = random() < 0.5 ? 1_000 : 4_000;
        const { world, table, followed } = bench;
        const written = new Map<string, number>();
        let closed = 0;
        let isBusy = true;
        const write = (): void => {
          const key = `k${written.size}`;
          written.set(key, world.nowMs());
          table.put(key, "1");
        };
        await bench.followed.follow("stream");
        bench.requests.clear();
        const startMs = world.nowMs();
        await bench.stay(2 * MINUTE_MS, flushMs, () => {
          const keys = new Set(keysOf(bench));
          const dueMs = world.nowMs() - flushMs - 7 * SECOND_MS;
          expect([...written].filter(([key, atMs]) => atMs < dueMs && !keys.has(key))).toEqual([]);
          if (random() < 0.02) isBusy = !isBusy;
          if (isBusy) for (let more = random(); more < 0.6; more = random()) write();
          if (random() < 0.02) {
            closed += 1;
            table.split();
          }
        });
        await bench.stay(flushMs + 7 * SECOND_MS, flushMs);
        const seconds = (world.nowMs() - startMs) / SECOND_MS;
        expect(followed.events).toHaveLength(written.size);
        expect(new Set(keysOf(bench))).toEqual(new Set(written.keys()));
        const records = bench.requests.get("records") ?? 0;
        const shards = bench.table.openShards + closed;
        // Once a flush for each shard at most, a page for each three records, and what it takes to see that a shard has an end.
        expect(records).toBeLessThanOrEqual((seconds * SECOND_MS * shards) / flushMs + written.size + 6 * shards);
        expect(bench.requests.get("stream") ?? 0).toBeLessThanOrEqual((2 * seconds) / 60 + 2 * closed + 3);
      });
    },
  );
});
