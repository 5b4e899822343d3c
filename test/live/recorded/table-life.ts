import { expect } from "vitest";
import { seededRandom, simulatedWorld, type World } from "../../../src/base/index.ts";
import type { StreamView } from "../../../src/sources/dynamodb/live/table-client.ts";
import { FollowedTable, type Event } from "./followed-table.ts";
import { liveThrough, someOf } from "./live-through.ts";
import { RecordedTable } from "./recorded-table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Writes, deletes and re-inserts keys, at any request of ours. */
function writer(table: RecordedTable, random: () => number): () => void {
  let value = 0;
  return someOf(random, 0.5, () => {
    value += 1;
    // Some keys are written over and over, others once: nothing hides a change of those that is lost.
    const key = random() < 0.2 ? `n${value}` : `k${Math.floor(random() * 12)}`;
    const any = [...table.items.keys()][Math.floor(random() * table.items.size)];
    if (any !== undefined && random() < 0.3) table.delete(any);
    else table.put(key, String(value));
    if (random() < 0.05) table.split();
  });
}

export interface StreamLife {
  readonly view: StreamView;
  readonly fetchesItems: boolean;
  /** Whether the stream forgets what nobody read, is switched off and on, and the table is made anew. */
  readonly loses: boolean;
}

/**
 * A table that others write to all the time, and a process that reads it, stays or ends, fails and dies, by whatever clock. Then all is quiet, and what
 * there is is taken in.
 */
export async function live(seed: number, { view, fetchesItems, loses }: StreamLife): Promise<readonly Event[]> {
  const random = seededRandom(seed);
  const world = simulatedWorld(seed);
  const staleMs = random() < 0.3 ? 4 * MINUTE_MS : 0;
  const table = new RecordedTable(world, { random, throttles: 0.03, empties: 0.2, view, staleMs });
  const write = writer(table, random);
  for (let before = 0; before < 10; before += 1) write();
  // A table that is older than its stream.
  if (random() < 0.3) {
    await world.sleep(HOUR_MS);
    table.restart(write);
  }
  const followed = new FollowedTable(table, world, { fetchesItems });
  // A clock that is wrong, and now and then set otherwise, while it runs.
  const isWrong = random() < 0.3;
  const setClock = (): void => {
    if (isWrong) followed.aheadMs = Math.floor((random() - 0.5) * 4 * HOUR_MS);
  };
  setClock();
  await liveThrough({
    world,
    random,
    write,
    table,
    requestMs: 20_000,
    atCommits: (meet) => {
      followed.beforeCommit = meet;
      followed.afterCommit = () => {
        if (random() < 0.3) meet();
      };
    },
    deadly: 0.15,
    turns: 12,
    turn: async () => {
      if (random() < 0.2) setClock();
      // Sometimes as a process does that stays, with all that it remembers.
      followed.pace = random() < 0.5 ? { flushMs: 1_000 } : undefined;
      await followed.follow(random() < 0.5 ? "stream" : "scan");
    },
    restart: () => {
      // Who stays goes on after a commit that failed.
      if (followed.pace === undefined || random() < 0.5) followed.restart();
    },
    between: async () => {
      await world.sleep(random() * 10 * MINUTE_MS);
      if (loses) await lose(table, { world, random, write });
    },
    always: () => expect(followed.problem).toBeUndefined(),
    settle: async () => {
      followed.pace = undefined;
      for (let round = 0; round < (loses ? 2 : 1); round += 1) {
        await world.sleep(10 * MINUTE_MS);
        for (const name of ["stream", "scan", "stream"] as const) await followed.follow(name);
      }
      expect(followed.unfit).toBeUndefined();
    },
    events: followed.events,
    items: () => table.items,
  });
  return followed.events;
}

async function lose(
  table: RecordedTable,
  { world, random, write }: { readonly world: World; readonly random: () => number; readonly write: () => void },
): Promise<void> {
  const trouble = random();
  if (trouble < 0.08) {
    write();
    await world.sleep((22 + random() * 5) * HOUR_MS);
    write();
  } else if (trouble < 0.16) table.restart(write);
  else if (trouble < 0.2) table.recreate();
}
