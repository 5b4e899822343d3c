import { describe, expect, test } from "vitest";
import { seededRandom, simulatedWorld } from "../../../src/base/index.ts";
import type { ItemFilter } from "../../../src/contract/index.ts";
import { incrementChannel } from "../../../src/sources/dynamodb/increments/increment-channel.ts";
import { ScanThreads } from "../../../src/sources/dynamodb/scan/scan-threads.ts";
import { everySeed } from "../../every-seed.ts";
import { FollowedIndex, OPTIONS } from "./followed-index.ts";
import { stateOf } from "./followed-table.ts";
import { IndexedTable } from "./indexed-table.ts";
import { liveThrough, someOf } from "./live-through.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 3_000 : 8;

function valuesOf(
  { items }: IndexedTable,
  isThere: (value: number) => boolean = () => true,
): ReadonlyMap<string, string> {
  return new Map(
    [...items.values()].flatMap(({ id, value }) => (isThere(value) ? [[id, String(value)] as const] : [])),
  );
}

/** Items that were written within what counts as read, and whose last state nobody has read. */
function wronglyRead(table: IndexedTable, followed: FollowedIndex, isThere: (value: number) => boolean): unknown[] {
  const ledger = followed.ledger();
  const read = new Set(followed.events.map(({ key, value }) => `${key} ${value}`));
  return [...table.items.values()].filter(({ id, value, atMs }) => {
    const isWithin = ledger.spans.some(({ kind, fromMs = 0, toMs = 0 }) => kind === "changes" && fromMs <= atMs && atMs < toMs); // prettier-ignore
    const isClaimed = isWithin || atMs < (ledger.readToMs ?? ledger.coveredToMs ?? 0);
    return isClaimed && isThere(value) && !read.has(`${id} ${value}`);
  });
}

/** How the attribute says when: within a second, a minute or a day an item may be changed more than once. */
const FORMS = ["2026-01-01T00:00:00.000Z", "1767225600000", "2026-01-01T00:00:00Z", "1767225600", "2026-01-01T00:00Z", "2026-01-01"]; // prettier-ignore

const SMALL: ItemFilter = { where: [{ attribute: "v", is: "lt", value: { N: "50" } }] };

test("what the index does not show yet does not count as read, nor do deletes", async () => {
  const table = new IndexedTable(simulatedWorld(1), () => 0.9);
  const { world } = table;
  table.put("a", 1);
  await world.sleep(DAY_MS);
  const followed = new FollowedIndex(table);
  for (const name of ["incremental", "scan"] as const) await followed.follow(name);
  const scannedMs = world.nowMs();
  await world.sleep(HOUR_MS);
  table.put("b", 2);
  await world.sleep(MINUTE_MS / 6);
  await followed.follow("incremental");
  expect(wronglyRead(table, followed, () => true)).toEqual([]);
  await world.sleep(HOUR_MS);
  table.delete("a");
  const startedMs = world.nowMs() - OPTIONS.overlapMs;
  await followed.follow("incremental");
  expect(wronglyRead(table, followed, () => true)).toEqual([]);
  expect(stateOf(followed.events)).toEqual(new Map([["a", "1"], ["b", "2"]])); // prettier-ignore
  const ledger = followed.ledger();
  expect(ledger.verdict).toBe("covered");
  expect(ledger.coveredToMs).toBeLessThanOrEqual(scannedMs);
  expect(ledger.readToMs).toBeGreaterThanOrEqual(startedMs);
  expect(ledger.limits.map(({ kind }) => kind)).toEqual(["deletes", "unindexed", "overlap"]);
});

test("beside a scan that was there long before, what changed since is read, and nothing of it is left out", async () => {
  const table = new IndexedTable(simulatedWorld(1), () => 0.1);
  const { world } = table;
  table.put("a", 1);
  await world.sleep(HOUR_MS);
  const followed = new FollowedIndex(table);
  followed.everyMs = 365 * DAY_MS;
  followed.changes = [];
  await followed.follow("scan");
  await world.sleep(HOUR_MS);
  for (const [id, value] of [["x", 2], ["y", 3]] as const) table.put(id, value); // prettier-ignore
  await world.sleep(DAY_MS);
  for (const [id, value] of [["v", 4], ["w", 5]] as const) table.put(id, value); // prettier-ignore
  await world.sleep(MINUTE_MS);
  followed.changes = ["incremental"];
  for (const name of ["incremental", "scan"] as const) await followed.follow(name);
  expect(stateOf(followed.events)).toEqual(valuesOf(table));
  expect(followed.ledger()).toMatchObject({
    verdict: "covered",
    holes: [{ kind: "start", filledBy: { channel: "scan" } }],
  });
});

describe("changes read from an index beside a scan now and then", () => {
  test("lead to the table, wherever the process dies", { timeout: 600_000 }, async () => {
    await everySeed(RUNS, async (seed) => {
      const random = seededRandom(seed);
      const table = new IndexedTable(simulatedWorld(seed), random);
      const { world } = table;
      await world.sleep(DAY_MS);
      const isSkewed = random() < 0.5;
      table.isWhole = random() < 0.7;
      const form = FORMS[Math.floor(random() * (table.isWhole ? FORMS.length : 2))] ?? "";
      const write = someOf(random, 0.4, () => {
        const id = `k${Math.floor(random() * 12)}`;
        const skewMs = isSkewed ? Math.floor((random() - 0.5) * 40 * MINUTE_MS) : 0;
        if (random() < 0.2) table.delete(id);
        else table.put(id, Math.floor(random() * 100), { skewMs, form });
      });
      for (let before = 0; before < 10; before += 1) write();
      const followed = new FollowedIndex(table);
      if (random() < 0.3) followed.filter = SMALL;
      const isThere = (value: number): boolean => followed.filter === undefined || value < 50;
      await liveThrough({
        world,
        random,
        write,
        table,
        requestMs: 5_000,
        atCommits: (meet) => {
          followed.beforeCommit = meet;
        },
        deadly: 0.15,
        turns: 15,
        turn: async () => await followed.follow(random() < 0.7 ? "incremental" : "scan"),
        // It knows only what was committed.
        restart: () => undefined,
        between: async () => {
          expect(wronglyRead(table, followed, isThere)).toEqual([]);
          await world.sleep(random() * 40 * MINUTE_MS);
        },
        settle: async () => {
          await world.sleep(MINUTE_MS);
          await followed.follow("incremental");
          const [found, there] = [stateOf(followed.events), valuesOf(table, isThere)];
          // Once a scan was whole nothing is missing, and nothing that is there is as it was before.
          if (followed.events.some(({ op }) => op === "T")) {
            expect(new Map([...found].filter(([id]) => there.has(id)))).toEqual(there);
          }
          // What was deleted just now is gone with the next scan.
          for (let last = 0; last < 3; last += 1) {
            await world.sleep(3 * HOUR_MS);
            for (const name of ["incremental", "scan"] as const) await followed.follow(name);
          }
        },
        events: followed.events,
        items: () => valuesOf(table, isThere),
      });
    });
  });
});

async function loaded(form?: string) {
  const table = new IndexedTable(simulatedWorld(1), () => 0.5);
  await table.world.sleep(DAY_MS);
  for (let at = 0; at < 8; at += 1) {
    table.put(`k${at}`, at, form === undefined ? {} : { form });
    await table.world.sleep(HOUR_MS);
  }
  const followed = new FollowedIndex(table);
  for (const name of ["incremental", "scan"] as const) await followed.follow(name);
  return { table, followed };
}

describe("a round of changes", () => {
  test("reads what is new and a bit of what was, and takes in nothing twice", async () => {
    const { table, followed } = await loaded();
    await followed.follow("incremental");
    const [events, requests] = [followed.events.length, table.requests];
    await followed.follow("incremental");
    expect([followed.events.length - events, table.requests - requests, followed.repeated]).toEqual([0, 2, 0]);
    table.put("k3", 40);
    await table.world.sleep(MINUTE_MS);
    await followed.follow("incremental");
    expect(followed.events.slice(events).map(({ op, key, value }) => [op, key, value])).toEqual([["U", "k3", "40"]]);
    expect(followed.repeated).toBe(0);
  });

  test.each(FORMS)("takes in each change, also those of one moment: %s", async (form) => {
    const { table, followed } = await loaded(form);
    const taken: (string | undefined)[] = [];
    // Changed twice before the index shows it, set back, and moved to the other partition.
    for (const values of [[30], [34, 32], [30], [31]]) {
      for (const value of values) table.put("k3", value, { form, skewMs: taken.length === 0 ? 0 : -HOUR_MS });
      await table.world.sleep(MINUTE_MS);
      for (let again = 0; again < 2; again += 1) await followed.follow("incremental");
      taken.push(stateOf(followed.events).get("k3"));
    }
    expect(taken).toEqual(["30", "32", "30", "31"]);
    const ids = followed.events.filter(({ key, op }) => key === "k3" && op === "U").map(({ id }) => id);
    expect([new Set(ids).size, followed.repeated]).toEqual([ids.length, 0]);
  });

  test("a clock that is far ahead leads past nothing", async () => {
    const { table, followed } = await loaded();
    table.put("k1", 11, { skewMs: 400 * DAY_MS });
    await table.world.sleep(MINUTE_MS);
    await followed.follow("incremental");
    table.put("k3", 13);
    await table.world.sleep(MINUTE_MS);
    await followed.follow("incremental");
    expect([stateOf(followed.events).get("k1"), stateOf(followed.events).get("k3")]).toEqual(["11", "13"]);
  });

  test("what left the filter is deleted, and another filter begins an epoch", async () => {
    const { table, followed } = await loaded();
    followed.filter = SMALL;
    await followed.follow("scan");
    expect(followed.notices.at(-1)).toBe("changes are read through the new filter first");
    table.put("k3", 90);
    await table.world.sleep(MINUTE_MS);
    for (const name of ["incremental", "scan"] as const) await followed.follow(name);
    expect(stateOf(followed.events)).toEqual(valuesOf(table, (value) => value < 50));
    expect(followed.events.at(-1)).toMatchObject({ op: "T", sequence: expect.stringMatching(/^0001-/) });
  });

  test("an index that is not there, or is ordered by something else, is refused", async () => {
    const table = new IndexedTable(simulatedWorld(1), () => 0.5);
    const { world, client, index } = table;
    const parts = { client: index, needs: { client, world }, hints: new Map(), threads: new ScanThreads() };
    for (const [options, why] of [
      [{ ...OPTIONS, index: "other", hasScan: false }, /index other: it is not there/],
      [{ ...OPTIONS, attribute: "made", hasScan: false }, /its sort key is changed, not made/],
    ] as const)
      await expect(incrementChannel(options, parts).plan({ last: undefined })).rejects.toThrow(why);
  });
});
