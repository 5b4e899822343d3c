import { SluiceError, isFailure, type World } from "../base/index.ts";
import { entered, isRaisedByUs, liveOthers, putBack, renewed, without, type LimitHolds } from "./limit-holds.ts";
import type { Note } from "./note.ts";

/** A limit of units, such as paid capacity, that is raised for the time of some work. */
export interface Limit {
  /** What it is once no change of it is under way, asked anew; undefined: there is none to raise. */
  units(): Promise<number | undefined>;
  set(units: number): Promise<void>;
  /** What was before, as it is written down where those see it who keep no note with us. */
  kept(): Promise<number | undefined>;
  keep(before: number): Promise<void>;
  /** Takes that away. `isLast`: nobody has it raised any more. */
  forget(isLast: boolean): Promise<void>;
}

export type PutBack =
  /** It is as it was, or nobody had raised it. */
  | { readonly kind: "done" }
  /** Others work with it: the last of them puts it back, or whoever comes after `untilMs`. */
  | { readonly kind: "held"; readonly before: number; readonly untilMs: number }
  /** Somebody else has changed it to this meanwhile: that stays. */
  | { readonly kind: "changed"; readonly before: number; readonly units: number };

const RENEW_MS = 60_000;

/** Where in a lake's system store the note on a place's capacity is. */
export function limitFolder(what: "read" | "write", place: string): string {
  return `capacity/${what}/${place.replaceAll(/[^\w.-]+/g, "_")}`;
}

/**
 * One who raises a limit, perhaps beside others of the same lake: a note says what was before and who they are, and the last one puts that
 * back. What was before is written down first, so that who comes after a crash finds it. The limit itself cannot be changed on a
 * condition: what somebody else makes of it between our looking and our changing is lost, and so it is where a process sleeps for a quarter
 * of an hour between writing the note and changing the limit.
 */
export class SharedLimit {
  readonly #note: Note;
  readonly #limit: Limit;
  readonly #world: World;
  readonly #id: string;
  #keptMs: number | undefined;
  #hasEntered = false;

  constructor(note: Note, limit: Limit, { world, id }: { readonly world: World; readonly id: string }) {
    this.#note = note;
    this.#limit = limit;
    this.#world = world;
    this.#id = id;
  }

  /** Raises the limit where it is lower, and holds it where another one has. */
  async raise(raiseTo: number): Promise<void> {
    const id = this.#id;
    for (;;) {
      const text = await this.#note.read();
      const now = holdsIn(text);
      // After the note was read: what was raised and put back before that has changed it.
      const units = await this.#limit.units();
      const kept = await this.#keptBeside(now);
      if (units === undefined || (units >= raiseTo && now?.isRaised !== true && kept === undefined)) return;
      const next = entered(now, { id, raiseTo, units, kept, nowMs: this.#world.nowMs() });
      if (!(await this.#swap(text, next))) continue;
      this.#keptMs = this.#world.nowMs();
      this.#hasEntered = true;
      await this.#limit.keep(next.before);
      if (units < raiseTo) await this.#limit.set(raiseTo);
      return;
    }
  }

  /** Says that the holder is alive, where that is due: to be called again and again. */
  async keep(): Promise<void> {
    const nowMs = this.#world.nowMs();
    if (this.#keptMs === undefined || nowMs < this.#keptMs + RENEW_MS) return;
    this.#keptMs = nowMs;
    try {
      await this.#note.change((text) => textOf(renew(holdsIn(text), this.#id, nowMs)));
    } catch (error) {
      // Who counts as dead works on with less.
      if (!isFailure(error)) throw error;
    }
  }

  /** What is to be put back, by the last of the others where some work with it; undefined: nothing is raised. */
  async left(): Promise<{ readonly before: number; readonly isHeld: boolean } | undefined> {
    const now = holdsIn(await this.#note.read());
    if (now?.isRaised === true)
      return { before: now.before, isHeld: liveOthers(now, this.#id, this.#world.nowMs()).length > 0 };
    const kept = await this.#keptBeside(now);
    return kept === undefined ? undefined : { before: kept, isHeld: false };
  }

  /** Puts back what was before, whoever raised it, unless others work with it. */
  async putBack(): Promise<PutBack> {
    this.#keptMs = undefined;
    try {
      for (;;) {
        const done = await this.#tryPutBack();
        if (done !== undefined) return done;
      }
    } catch (error) {
      // Nobody is to wait for this one: who comes next puts it back. Where that cannot be written it is so in a few minutes.
      await this.#leave().catch(() => undefined);
      throw error;
    }
  }

  async #tryPutBack(): Promise<PutBack | undefined> {
    const text = await this.#note.read();
    const now = holdsIn(text);
    if (now?.isRaised !== true) return await this.#putKeptBack(now);
    const { before } = now;
    const others = liveOthers(now, this.#id, this.#world.nowMs());
    if (others.length > 0) {
      await this.#limit.forget(false);
      const untilMs = Math.max(...others.map((one) => one.untilMs));
      return (await this.#swap(text, without(now, this.#id))) ? { kind: "held", before, untilMs } : undefined;
    }
    const units = await this.#limit.units();
    const isOurs = units !== undefined && isRaisedByUs(now, units);
    if (isOurs) await this.#limit.set(before);
    await this.#limit.forget(true);
    if (!(await this.#swap(text, putBack(now, this.#world.nowMs())))) return undefined;
    const isChanged = units !== undefined && units !== before && !isOurs;
    return isChanged ? { kind: "changed", before, units } : { kind: "done" };
  }

  /** Nobody has it raised, as far as the note knows. */
  async #putKeptBack(now: LimitHolds | undefined): Promise<PutBack> {
    const kept = await this.#keptBeside(now);
    if (kept !== undefined) await this.#limit.set(kept);
    else if (!this.#hasEntered || now === undefined) return { kind: "done" };
    else {
      // Another one took us for dead and put it back, perhaps before we raised it.
      const units = await this.#limit.units();
      if (units !== undefined && isRaisedByUs(now, units)) await this.#limit.set(now.before);
    }
    await this.#limit.forget(true);
    return { kind: "done" };
  }

  /** What was before, as those wrote it down who keep no note with us: what ours wrote down, and is put back by now, is left over. */
  async #keptBeside(now: LimitHolds | undefined): Promise<number | undefined> {
    const kept = await this.#limit.kept();
    return now !== undefined && !now.isRaised && kept === now.before ? undefined : kept;
  }

  async #leave(): Promise<void> {
    await this.#note.change((text) => {
      const now = holdsIn(text);
      return now?.holders.some(({ id }) => id === this.#id) === true ? textOf(without(now, this.#id)) : undefined;
    });
  }

  /** Whether the note said that until now, and says the next from now on. */
  async #swap(text: string | undefined, next: LimitHolds): Promise<boolean> {
    const wanted = textOf(next);
    // What is there already after a lost answer was written by this one: each text is another one.
    return (await this.#note.change((now) => (now === text ? wanted : undefined))) === wanted;
  }
}

function renew(now: LimitHolds | undefined, id: string, nowMs: number): LimitHolds | undefined {
  return now?.isRaised === true ? renewed(now, id, nowMs) : undefined;
}

function textOf(holds: LimitHolds): string;
function textOf(holds: LimitHolds | undefined): string | undefined;
function textOf(holds: LimitHolds | undefined): string | undefined {
  return holds === undefined ? undefined : `${JSON.stringify({ format: 1, ...holds })}\n`;
}

function holdsIn(text: string | undefined): LimitHolds | undefined {
  if (text === undefined) return undefined;
  const { format, ...holds } = JSON.parse(text) as LimitHolds & { readonly format?: unknown };
  if (format === 1) return holds;
  throw new SluiceError("table.unsupported", "Cannot read who has raised a capacity: a newer version wrote it", {
    facts: { format: String(format) },
    advice: "Run the version of Sluice that wrote it, or a newer one.",
  });
}
