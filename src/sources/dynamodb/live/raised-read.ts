import { SluiceError, messageOf, type World } from "../../../base/index.ts";
import {
  SharedLimit,
  limitFolder,
  openNote,
  type Limit,
  type NoteStore,
  type PutBack,
} from "../../../storage/index.ts";
import type { Notice } from "../../source.ts";
import { shortTime } from "../plan/cut-batches.ts";
import { lowersFrom, type ProvisionedCapacity } from "./table-capacity.ts";
import { SourceFault, isFault, type TableClient, type TableFacts } from "./table-client.ts";

/** A change of capacity takes a minute or two; after this long somebody has to look. */
const CHANGE_MS_MAX = 15 * 60_000;
const LOOK_MS = 1_000;

/**
 * Raises the read capacity of a provisioned table while it is scanned. What was before stands in a note of the lake, which all keep who raise
 * it, and for others in a tag of the table, so that whoever comes after a crash puts it back. A table that could not be lowered again soon
 * is not raised.
 */
export class RaisedRead {
  readonly raiseTo: number;
  readonly #client: TableClient;
  readonly #world: World;
  readonly #notes: NoteStore;
  /** Since this process has looked, nothing is raised; undefined: nobody looked. */
  #isRaised: boolean | undefined;
  /** Between raising it and putting it back. */
  #isAtWork = false;
  #signal: AbortSignal | undefined;
  #shared: SharedLimit | undefined;

  constructor(
    client: TableClient,
    { world, notes }: { readonly world: World; readonly notes: NoteStore },
    raiseTo: number,
  ) {
    this.#client = client;
    this.#world = world;
    this.#notes = notes;
    this.raiseTo = raiseTo;
  }

  /** The table as it will be while it is scanned, and what there is to say of that. */
  planned(facts: TableFacts): { readonly facts: TableFacts; readonly notice?: Notice } {
    const { capacity } = facts;
    const notice = (why: string): { readonly facts: TableFacts; readonly notice: Notice } => ({
      facts,
      notice: { what: whatOf(facts), why },
    });
    if (capacity.kind === "on-demand") return notice("is not raised: the table is paid by the request");
    if (capacity.read >= this.raiseTo) return { facts };
    const fromMs = lowersFrom(capacity, this.#world.nowMs());
    if (fromMs > 0) return notice(`is not raised: it was lowered often today, and cannot be before ${timeOf(fromMs)}`);
    return { facts: { ...facts, capacity: { ...capacity, read: this.raiseTo } } };
  }

  /** Raises the table where that is to be done, and gives it as it then is. */
  async raise(signal?: AbortSignal): Promise<TableFacts> {
    const facts = await this.#client.describeTable();
    if (this.#isAtWork || this.#isHindered(facts)) return facts;
    this.#isAtWork = true;
    this.#isRaised = true;
    try {
      await this.#limit(facts, signal).raise(this.raiseTo);
    } catch (error) {
      // It can be scanned as it is. What was kept goes at the end of the run.
      if (!isFault(error, "throttled")) throw error;
    }
    return await this.#client.describeTable();
  }

  /** Says that this scan goes on, where that is due: to be called again and again. */
  async keep(): Promise<void> {
    await this.#shared?.keep();
  }

  /** The capacity of before that is to be put back although nothing is scanned; undefined: nothing is raised, or others work with it. */
  async left(facts: TableFacts): Promise<number | undefined> {
    if (this.#isRaised === false) return undefined;
    const left = await this.#limit(facts).left();
    this.#isRaised = left !== undefined;
    return left?.isHeld === false ? left.before : undefined;
  }

  /** Puts back what was before, unless others work with it. Where that cannot be done, says why: the next run does it. */
  async putBack(): Promise<readonly Notice[]> {
    if (this.#isRaised === false) return [];
    this.#isAtWork = false;
    try {
      const facts = await this.#client.describeTable();
      const limit = this.#limit(facts);
      const left = await limit.left();
      const later = left?.isHeld === false ? this.later(facts, left.before) : undefined;
      if (later !== undefined) return [later];
      const done = await limit.putBack();
      this.#isRaised = done.kind === "held" ? undefined : false;
      return this.#told(facts, done);
    } catch (error) {
      if (!(error instanceof SluiceError) && !(error instanceof SourceFault)) throw error;
      return [{ what: "read capacity", why: `is not put back yet, the next run does it: ${messageOf(error)}` }];
    }
  }

  #told(facts: TableFacts, done: PutBack): readonly Notice[] {
    const what = whatOf(facts);
    switch (done.kind) {
      case "done":
        return [];
      case "held": {
        const when = `by the last of them, or by a run after ${timeOf(done.untilMs)}`;
        return [{ what, why: `stays raised while others work with it; it is put back to ${done.before} ${when}` }];
      }
      case "changed":
        return [{ what, why: `was set to ${done.units} by somebody else while it was raised, and stays so; it was ${done.before}` }]; // prettier-ignore
    }
  }

  /** Whether it cannot be raised, or must not. */
  #isHindered({ capacity }: TableFacts): boolean {
    return capacity.kind === "on-demand" || lowersFrom(capacity, this.#world.nowMs()) > 0;
  }

  /** Why a table cannot be lowered now; undefined: it can. */
  later(facts: TableFacts, raisedFrom: number): Notice | undefined {
    const { capacity } = facts;
    const fromMs = capacity.kind === "on-demand" ? 0 : lowersFrom(capacity, this.#world.nowMs());
    if (fromMs === 0) return undefined;
    const why = `is put back to ${raisedFrom} by a run after ${timeOf(fromMs)}: it was lowered often today`;
    return { what: whatOf(facts), why };
  }

  #limit(facts: TableFacts, signal?: AbortSignal): SharedLimit {
    this.#signal = signal;
    if (this.#shared !== undefined) return this.#shared;
    const { capacity } = this.#client;
    const { arn } = facts;
    const limit: Limit = {
      // A change that is still under way, perhaps that of a run before, does not let another one begin.
      units: async () => (await this.#until(({ isActive }) => isActive, this.#signal))?.read,
      kept: async () => await capacity.raisedFrom(arn),
      keep: async (before) => await capacity.keep(arn, before),
      // All who raise it have the one tag.
      forget: async (isLast) => {
        if (isLast && (await capacity.raisedFrom(arn)) !== undefined) await capacity.keep(arn, undefined);
      },
      set: async (read) => {
        const now = await this.#until(({ isActive }) => isActive, this.#signal);
        if (now === undefined || now.read === read) return;
        const answer = await capacity.change({ read, write: now.write });
        if (answer === "later") throw new SourceFault("throttled", "it was changed too often lately");
        // What was asked for comes, whether or not anybody waits for less.
        if (read > now.read) await this.#until((table) => table.isActive && table.read === read, this.#signal);
      },
    };
    const note = openNote(this.#notes, limitFolder("read", arn));
    this.#shared = new SharedLimit(note, limit, { world: this.#world, id: this.#world.uuid() });
    return this.#shared;
  }

  /** The table once it is so; undefined where it is paid by the request by now. */
  async #until(
    isSo: (table: ProvisionedCapacity) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<ProvisionedCapacity | undefined> {
    for (let waitedMs = 0; waitedMs < CHANGE_MS_MAX; waitedMs += LOOK_MS) {
      const { capacity } = await this.#client.describeTable();
      if (capacity.kind === "on-demand") return undefined;
      if (isSo(capacity)) return capacity;
      await this.#world.sleep(LOOK_MS, signal);
    }
    throw new SluiceError(
      "source.unavailable",
      "Cannot change the read capacity of the table: it does not become active",
      {
        facts: { at: this.#client.where },
      },
    );
  }
}

function whatOf({ arn }: TableFacts): string {
  return `read capacity of ${arn.slice(arn.lastIndexOf("/") + 1)}`;
}

function timeOf(ms: number): string {
  return shortTime(new Date(ms).toISOString());
}
