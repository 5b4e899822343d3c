import { describe, expect, test } from "vitest";
import { seededRandom, simulatedWorld } from "../../../src/base/index.ts";
import type { ItemFilter } from "../../../src/contract/index.ts";
import { everySeed } from "../../every-seed.ts";
import { FollowedTable, stateOf } from "./followed-table.ts";
import { liveThrough, repeated, someOf } from "./live-through.ts";
import { RecordedTable } from "./recorded-table.ts";

const MINUTE_MS = 60_000;
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 3_000 : 4;

const EVEN: ItemFilter = { where: [{ attribute: "even", is: "eq", value: { BOOL: true } }], attributes: ["id", "v"] };
const LARGE: ItemFilter = { where: [{ attribute: "v", is: "gt", value: { N: "20" } }] };
const FILTERS = [undefined, EVEN, LARGE];

/** The table as somebody should have it who sees it through the filter. */
function filtered({ items, filter }: RecordedTable): ReadonlyMap<string, string> {
  const isThere = (value: string): boolean =>
    filter === EVEN ? Number(value) % 2 === 0 : filter === LARGE ? Number(value) > 20 : true;
  return new Map([...items].filter(([, value]) => isThere(value)));
}

function writer(table: RecordedTable, random: () => number): () => void {
  let value = 0;
  return someOf(random, 0.5, () => {
    const key = `k${Math.floor(random() * 12)}`;
    value += 1;
    if (random() < 0.3) table.delete(key);
    else table.put(key, String(value % 40));
    if (random() < 0.05) table.split();
  });
}

const VIEWS = ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "KEYS_ONLY", "OLD_IMAGE"] as const;

describe("a stream and a scan through a filter", () => {
  test("lead to the filtered table, also where the filter is another one meanwhile", { timeout: 600_000 }, async () => {
    await everySeed(RUNS, async (seed) => {
      const random = seededRandom(seed);
      const world = simulatedWorld(seed);
      const view = VIEWS[Math.floor(random() * VIEWS.length)] ?? "NEW_IMAGE";
      const table = new RecordedTable(world, { random, throttles: 0.03, empties: 0.2, view, staleMs: 4 * MINUTE_MS });
      const write = writer(table, random);
      for (let before = 0; before < 10; before += 1) write();
      const followed = new FollowedTable(table, world, { fetchesItems: !view.startsWith("NEW_") });
      const choose = (): void => {
        const filter = FILTERS[Math.floor(random() * FILTERS.length)];
        [table.filter, followed.filter] = [filter, filter];
        followed.restart();
      };
      choose();
      await liveThrough({
        world,
        random,
        write,
        table,
        requestMs: 20_000,
        atCommits: (meet) => {
          followed.beforeCommit = meet;
        },
        deadly: 0.15,
        turns: 12,
        turn: async () => {
          if (random() < 0.1) choose();
          await followed.follow(random() < 0.5 ? "stream" : "scan");
        },
        restart: () => followed.restart(),
        between: async () => await world.sleep(random() * 10 * MINUTE_MS),
        always: () => expect(followed.problem).toBeUndefined(),
        settle: async () => {
          await followed.follow("stream");
          await world.sleep(10 * MINUTE_MS);
          for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
        },
        events: followed.events,
        items: () => filtered(table),
      });
      expect(repeated(followed.events)).toEqual([]);
    });
  });

  test("take in nothing of items that never match, and say when another filter brings a new scan", async () => {
    const world = simulatedWorld(1);
    const table = new RecordedTable(world, { random: seededRandom(1) });
    const followed = new FollowedTable(table, world);
    [table.filter, followed.filter] = [EVEN, EVEN];
    followed.restart();
    table.put("odd", "1");
    table.put("even", "2");
    await world.sleep(10 * MINUTE_MS);
    for (const name of ["stream", "scan"] as const) await followed.follow(name);
    table.put("odd", "3");
    table.delete("odd");
    table.put("even", "5");
    await followed.follow("stream");
    expect(followed.events.map(({ op, key, value }) => [op, key, value])).toEqual([
      ["I", "even", "2"],
      ["R", "even", "2"],
      ["T", undefined, undefined],
      ["D", "even", undefined],
    ]);
    [table.filter, followed.filter] = [undefined, undefined];
    followed.restart();
    await followed.follow("scan");
    expect(followed.notices.at(-1)).toBe("changes are read through the new filter first");
    await followed.follow("stream");
    expect(followed.notices.at(-1)).toMatch(/a new scan brings those that were left out$/);
    // What it shows may be five minutes old: from before the change, when the stream was read through the other filter.
    await followed.follow("scan");
    expect(followed.notices.at(-1)).toMatch(/or later: the stream must be five minutes older$/);
    await world.sleep(10 * MINUTE_MS);
    await followed.follow("scan");
    expect(stateOf(followed.events)).toEqual(new Map([["even", "5"]]));
  });

  test("need new images in the stream", async () => {
    const world = simulatedWorld(1);
    const table = new RecordedTable(world, { random: seededRandom(1), view: "OLD_IMAGE" });
    const followed = new FollowedTable(table, world);
    followed.filter = EVEN;
    followed.restart();
    await followed.follow("stream");
    expect([followed.problem, followed.events]).toEqual(["source.invalid", []]);
  });

  test("take in a delete whose old image does not match where items are fetched: an earlier fetch may have", async () => {
    const world = simulatedWorld(1);
    const table = new RecordedTable(world, { random: seededRandom(1), view: "OLD_IMAGE" });
    const followed = new FollowedTable(table, world, { hasScan: false, fetchesItems: true });
    [table.filter, followed.filter] = [EVEN, EVEN];
    followed.restart();
    table.put("k", "1");
    table.getItems = async (keys) => {
      if (table.items.get("k") === "1") table.put("k", "2");
      return await RecordedTable.prototype.getItems.call(table, keys);
    };
    await followed.follow("stream");
    expect(stateOf(followed.events)).toEqual(new Map([["k", "2"]]));
    table.put("k", "3");
    table.delete("k");
    await followed.follow("stream");
    expect(stateOf(followed.events)).toEqual(new Map());
  });
});
