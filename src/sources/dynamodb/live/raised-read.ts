import { SluiceError, messageOf, putLimitBack, raiseLimit, type RaisedLimit, type World } from "../../../base/index.ts";
import type { Notice } from "../../source.ts";
import { shortTime } from "../plan/cut-batches.ts";
import { lowersFrom, type ProvisionedCapacity } from "./table-capacity.ts";
import { SourceFault, isFault, type TableClient, type TableFacts } from "./table-client.ts";

/** A change of capacity takes a minute or two; after this long somebody has to look. */
const CHANGE_MS_MAX = 15 * 60_000;
const LOOK_MS = 1_000;

/**
 * Raises the read capacity of a provisioned table while it is scanned. What was before is kept as a tag of the table, so that whoever comes
 * after a crash puts it back. A table that could not be lowered again soon is not raised.
 */
export class RaisedRead {
  readonly raiseTo: number;
  readonly #client: TableClient;
  readonly #world: World;
  /** Since this process has looked, nothing is raised; undefined: nobody looked. */
  #isRaised: boolean | undefined;

  constructor(client: TableClient, world: World, raiseTo: number) {
    this.#client = client;
    this.#world = world;
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
    if (this.#isRaised === true || this.planned(facts).facts === facts) return facts;
    const limit = this.#limit(facts, await this.#client.capacity.raisedFrom(facts.arn), signal);
    this.#isRaised = true;
    try {
      await raiseLimit(limit, this.raiseTo);
    } catch (error) {
      // It can be scanned as it is. What was kept goes at the end of the run.
      if (!isFault(error, "throttled")) throw error;
    }
    return await this.#client.describeTable();
  }

  /** The capacity of before that is to be put back although nothing is scanned; undefined: nothing is raised. */
  async left(facts: TableFacts): Promise<number | undefined> {
    if (this.#isRaised === false) return undefined;
    const from = await this.#client.capacity.raisedFrom(facts.arn);
    this.#isRaised = from !== undefined;
    return from;
  }

  /** Puts back what was before. Where that cannot be done, says why: the next run does it. */
  async putBack(): Promise<readonly Notice[]> {
    if (this.#isRaised === false) return [];
    try {
      const facts = await this.#client.describeTable();
      const from = await this.#client.capacity.raisedFrom(facts.arn);
      const later = from === undefined ? undefined : this.later(facts, from);
      if (later !== undefined) return [later];
      await putLimitBack(this.#limit(facts, from));
      this.#isRaised = false;
      return [];
    } catch (error) {
      if (!(error instanceof SluiceError) && !(error instanceof SourceFault)) throw error;
      return [{ what: "read capacity", why: `is not put back yet, the next run does it: ${messageOf(error)}` }];
    }
  }

  /** Why a table cannot be lowered now; undefined: it can. */
  later(facts: TableFacts, raisedFrom: number): Notice | undefined {
    const { capacity } = facts;
    const fromMs = capacity.kind === "on-demand" ? 0 : lowersFrom(capacity, this.#world.nowMs());
    if (fromMs === 0) return undefined;
    const why = `is put back to ${raisedFrom} by a run after ${timeOf(fromMs)}: it was lowered often today`;
    return { what: whatOf(facts), why };
  }

  #limit(facts: TableFacts, raisedFrom: number | undefined, signal?: AbortSignal): RaisedLimit {
    const { capacity } = this.#client;
    const units = facts.capacity.kind === "on-demand" ? undefined : facts.capacity.read;
    return {
      units,
      raisedFrom,
      keep: async (before) => await capacity.keep(facts.arn, before),
      set: async (read) => {
        // A change that is still under way, perhaps that of a run before, does not let another one begin.
        const now = await this.#until(({ isActive }) => isActive, signal);
        if (now === undefined || now.read === read) return;
        const answer = await capacity.change({ read, write: now.write });
        if (answer === "later") throw new SourceFault("throttled", "it was changed too often lately");
        // What was asked for comes, whether or not anybody waits for less.
        if (read > now.read) await this.#until((table) => table.isActive && table.read === read, signal);
      },
    };
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
