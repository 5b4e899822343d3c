import { describe, expect, test } from "vitest";
import { seededRandom, simulatedWorld, type World } from "../../../src/base/index.ts";
import type { Ledger } from "../../../src/layers/index.ts";
import { everySeed } from "../../every-seed.ts";
import { FollowedTable } from "./followed-table.ts";
import { liveThrough, someOf } from "./live-through.ts";
import { RecordedTable } from "./recorded-table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 1_000 : 2;

/** Changes that no event and no later scan tells of. */
function unknownChanges(table: RecordedTable, followed: FollowedTable): RecordedTable["changes"] {
  const events = followed.events.filter(({ op }) => op !== "R" && op !== "T");
  const read = new Set(events.map(({ id }) => Number(id.split("/")[3])));
  const ends = followed.events.filter(({ op }) => op === "T");
  // `scan/<epoch>/<time>/T`: the scan read everything after that moment.
  const scannedMs = Math.max(-Infinity, ...ends.map(({ id }) => Date.parse(id.split("/")[2] ?? "")));
  return table.changes.filter(
    ({ atMs, sequence }) => atMs >= scannedMs && (sequence === undefined || !read.has(sequence)),
  );
}

/** Moments that the ledger says are covered. */
function claimed({ coveredToMs = -Infinity, spans, holes }: Ledger, atMs: number): boolean {
  if (atMs < coveredToMs) return true;
  const isWithin = spans.some(
    ({ kind, fromMs = 0, toMs = -Infinity }) => kind === "changes" && fromMs <= atMs && atMs < toMs,
  );
  return isWithin && !holes.some(({ kind, fromMs = 0, toMs }) => kind === "forgotten" && fromMs <= atMs && atMs < toMs);
}

/** A table that others write to, whose stream now and then is not read for long or begins anew. */
async function live(seed: number, { loses }: { readonly loses: boolean }, look: (bench: Bench) => void): Promise<void> {
  const random = seededRandom(seed);
  const world = simulatedWorld(seed);
  const table = new RecordedTable(world, { random, throttles: 0.02, empties: 0.03 });
  const write = someOf(random, 0.5, () => {
    const key = `k${Math.floor(random() * 12)}`;
    if (random() < 0.3) table.delete(key);
    else table.put(key, String(table.changes.length));
    if (random() < 0.08) table.split();
  });
  write();
  // Older than its stream: what was there before needs a scan.
  await world.sleep(HOUR_MS);
  table.restart(write);
  const followed = new FollowedTable(table, world);
  const bench = { table, followed, world };
  await liveThrough({
    world,
    random,
    write,
    table,
    // All turns together take less than a day where nothing is to be lost.
    requestMs: loses ? 20_000 : 1_000,
    atCommits: (meet) => {
      followed.beforeCommit = meet;
    },
    deadly: 0.1,
    turns: 14,
    turn: async () => await followed.follow(random() < 0.6 ? "stream" : "scan"),
    restart: () => followed.restart(),
    always: () => look(bench),
    between: async () => {
      const trouble = random();
      if (loses && trouble < 0.1) {
        write();
        await world.sleep(25 * HOUR_MS);
      } else if (loses && trouble < 0.2) {
        table.restart(() => table.put("lost", String(table.changes.length)));
      } else await world.sleep(random() * HOUR_MS);
    },
    settle: async () => {
      for (let round = 0; round < 2; round += 1) {
        for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
        await world.sleep(10 * MINUTE_MS);
      }
    },
    events: followed.events,
    items: () => table.items,
  });
  const last = followed.ledger(world.nowMs());
  expect(last.verdict).toBe("covered");
  expect(last.holes.filter(({ filledBy }) => filledBy === undefined)).toEqual([]);
  expect(last.coveredToMs).toBeGreaterThan(world.nowMs() - 11 * MINUTE_MS);
}

interface Bench {
  readonly table: RecordedTable;
  readonly followed: FollowedTable;
  readonly world: World;
}

function expectNothingClaimed({ table, followed, world }: Bench): void {
  const ledger = followed.ledger(world.nowMs());
  const wrong = unknownChanges(table, followed).filter(({ atMs }) => claimed(ledger, atMs));
  expect(wrong.map((change) => ({ ...change, ledger }))).toEqual([]);
}

describe("the ledger of a table with a stream and a scan", () => {
  test("never claims a moment in which a change lies that nobody has read", { timeout: 600_000 }, async () => {
    let gaps = 0;
    await everySeed(RUNS, async (seed) => {
      await live(seed, { loses: true }, (bench) => {
        expectNothingClaimed(bench);
        if (bench.followed.ledger(bench.world.nowMs()).verdict === "gap") gaps += 1;
      });
    });
    // A few runs may happen to lose nothing.
    expect(gaps).toBeGreaterThanOrEqual(RUNS > 10 ? 1 : 0);
  });

  test("shows no gap where none was made", { timeout: 600_000 }, async () => {
    await everySeed(RUNS / 2, async (seed) => {
      await live(seed, { loses: false }, (bench) => {
        expectNothingClaimed(bench);
        const ledger = bench.followed.ledger(bench.world.nowMs());
        expect(ledger.verdict === "gap" ? ledger : undefined).toBeUndefined();
      });
    });
  });
});

async function loaded(): Promise<Bench> {
  const world = simulatedWorld(1);
  const table = new RecordedTable(world, { random: seededRandom(1) });
  for (let at = 0; at < 10; at += 1) table.put(`k${at}`, `${at}`);
  await world.sleep(HOUR_MS);
  table.restart();
  const followed = new FollowedTable(table, world);
  await followed.follow("stream");
  expect(followed.ledger(world.nowMs())).toMatchObject({ verdict: "loading", holes: [{ kind: "start" }] });
  await world.sleep(6 * MINUTE_MS);
  table.put("k2", "2");
  for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
  expect(followed.ledger(world.nowMs())).toMatchObject({
    verdict: "covered",
    holes: [{ kind: "start", filledBy: { channel: "scan" } }],
  });
  return { world, table, followed };
}

describe("a gap that was made is shown until something fills it", () => {
  test.each<[string, "forgotten" | "break", (table: RecordedTable, world: World) => Promise<void>]>([
    [
      "nobody read the stream for more than a day",
      "forgotten",
      async (table, world) => {
        table.put("k1", "101");
        await world.sleep(25 * HOUR_MS);
      },
    ],
    [
      "it was switched off and on again",
      "break",
      async (table, world) => {
        table.restart(() => table.put("k1", "101"));
        await world.sleep(MINUTE_MS);
        table.put("k4", "104");
      },
    ],
  ])("%s", async (_title, kind, happen) => {
    const bench = await loaded();
    const { table, world, followed } = bench;
    await happen(table, world);
    expectNothingClaimed(bench);
    if (kind === "forgotten") {
      expect(followed.ledger(world.nowMs())).toMatchObject({ verdict: "gap", holes: [{}, { kind }] });
    }
    // The old stream is read to its end first.
    for (let turn = 0; turn < 2; turn += 1) await followed.follow("stream");
    expectNothingClaimed(bench);
    const open = followed.ledger(world.nowMs());
    expect(open).toMatchObject({ verdict: "gap", holes: [{ kind: "start" }, { kind: "break" }] });
    expect(open.holes[1]?.filledBy).toBeUndefined();
    await world.sleep(6 * MINUTE_MS);
    for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
    expect(followed.ledger(world.nowMs())).toMatchObject({
      verdict: "covered",
      holes: [{ kind: "start" }, { kind: "break", filledBy: { channel: "scan", epoch: 1 } }],
    });
  });
});

test("what another filter lets in is there once a new scan brought it", async () => {
  const { table, world, followed } = await loaded();
  const even = { where: [{ attribute: "v", is: "in" as const, values: [] }] };
  [table.filter, followed.filter] = [even, even];
  followed.restart();
  await followed.follow("stream");
  expect(followed.ledger(world.nowMs())).toMatchObject({ verdict: "loading", holes: [{}, { kind: "start" }] });
  await world.sleep(10 * MINUTE_MS);
  for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
  expect(followed.ledger(world.nowMs())).toMatchObject({ verdict: "covered" });
});
