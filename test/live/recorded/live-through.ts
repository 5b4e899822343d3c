import { expect } from "vitest";
import type { World } from "../../../src/base/index.ts";
import { Killed, stateOf, type Event } from "./followed-table.ts";

/** A table that others write to all the time, and a process that follows it and dies now and then, until all is quiet. */
export interface Life {
  readonly world: World;
  readonly random: () => number;
  /** Others write, as much as they like: at any request of the process. */
  readonly write: () => void;
  /** Who is asked. */
  readonly table: { onRequest: () => void };
  /** Time that a request takes at most. */
  readonly requestMs: number;
  /** Sets what the process meets at its commits: it throws to die. */
  readonly atCommits: (meet: () => void) => void;
  /** The share of commits that it dies at. */
  readonly deadly: number;
  readonly turns: number;
  /** What the process does once. */
  readonly turn: () => Promise<void>;
  /** It died, and begins anew. */
  readonly restart: () => void;
  /** What happens between two turns: time passes at least. */
  readonly between: () => Promise<void>;
  /** What is true whenever the process is not at work. */
  readonly always?: () => void;
  /** Nobody writes any more, and nobody dies: the process reads what there is to be read. */
  readonly settle: () => Promise<void>;
  /** What it took in. */
  readonly events: readonly Event[];
  /** What should have come of it: the table as somebody sees it in the end. */
  readonly items: () => ReadonlyMap<string, string>;
}

/** Fails unless the events lead to the table in the end. */
export async function liveThrough(life: Life): Promise<void> {
  const { world, random, table } = life;
  table.onRequest = () => {
    life.write();
    void world.sleep(random() * life.requestMs);
  };
  life.atCommits(() => {
    if (random() < life.deadly) throw new Killed();
  });
  for (let turn = 0; turn < life.turns; turn += 1) {
    try {
      await life.turn();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      life.restart();
    }
    life.always?.();
    await life.between();
    life.always?.();
  }
  table.onRequest = () => undefined;
  life.atCommits(() => undefined);
  await life.settle();
  life.always?.();
  expect(stateOf(life.events)).toEqual(life.items());
}

/** Writes none, one or some: each more with that share. */
export function someOf(random: () => number, share: number, write: () => void): () => void {
  return () => {
    for (let more = random(); more < share; more = random()) write();
  };
}

/** Changes that were taken in more than once; `nameOf` tells changes apart. */
export function repeated(
  events: readonly Event[],
  nameOf: (event: Event) => string = ({ id }) => id,
): readonly string[] {
  const names = events.filter(({ op }) => op !== "R" && op !== "T").map(nameOf);
  const seen = new Set<string>();
  return names.filter((name) => seen.has(name) || !seen.add(name));
}
