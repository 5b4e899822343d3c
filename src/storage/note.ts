import { isFailure } from "../base/index.ts";
import type { ObjectStore } from "./object-store.ts";

/** A small text that several processes change, each of them what the one before left. */
export interface Note {
  /** What is there; undefined: nothing was ever written. */
  read(): Promise<string | undefined>;
  /**
   * Writes what `next` makes of what is there (undefined: that stays), and gives what is there then. When somebody else was faster, `next`
   * is asked again with what he left, and so it may be when it was written already: twice must be as once.
   */
  change(next: (now: string | undefined) => string | undefined): Promise<string | undefined>;
}

/** What it takes of a store. */
export type NoteStore = Pick<ObjectStore, "read" | "create" | "list" | "remove">;

interface Look {
  readonly number: number;
  readonly text: string | undefined;
  /** Paths of what it said before. */
  readonly old: readonly string[];
}

const NUMBER = /\/(\d{12})\.json$/;

/**
 * A note in a folder of a store: numbered objects, of which the highest counts. Each is created behind the one that was read, which a store
 * lets one process do (I1), and counts once it is the highest: the highest is never removed, so that a process that slept while others went
 * on and removed what they had read creates something that nobody looks at.
 */
export function openNote(store: NoteStore, folder: string): Note {
  const pathOf = (number: number): string => `${folder}/${String(number).padStart(12, "0")}.json`;
  const look = async (): Promise<Look> => {
    for (;;) {
      const numbers: number[] = [];
      for await (const { path } of store.list(`${folder}/`)) {
        const digits = NUMBER.exec(path)?.[1];
        if (digits !== undefined) numbers.push(Number(digits));
      }
      const number = Math.max(0, ...numbers);
      const old = numbers.filter((one) => one < number).map(pathOf);
      if (number === 0) return { number, text: undefined, old };
      const bytes = await store.read(pathOf(number)).catch((error: unknown) => {
        // It is gone only where another one has taken its place.
        if (isFailure(error, "storage.missing")) return undefined;
        throw error;
      });
      if (bytes !== undefined) return { number, text: new TextDecoder().decode(bytes), old };
    }
  };
  return {
    read: async () => (await look()).text,
    change: async (next) => {
      for (;;) {
        const { number, text } = await look();
        const wanted = next(text);
        if (wanted === undefined || wanted === text) return text;
        if ((await store.create(pathOf(number + 1), new TextEncoder().encode(wanted))) === "exists") continue;
        const after = await look();
        if (after.number !== number + 1) continue;
        await store.remove(after.old);
        return wanted;
      }
    },
  };
}
