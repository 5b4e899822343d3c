import { SluiceError, jitteredDelayMs, type RateLimit, type RetryPolicy, type World } from "../../../base/index.ts";
import type { StageContext } from "../../source.ts";
import { isFault } from "./table-client.ts";

export interface PagingNeeds {
  readonly world: World;
  readonly context: Pick<StageContext, "signal">;
  /** undefined: as much as the table gives. */
  readonly readLimit?: RateLimit;
  /** For messages. */
  readonly what: "scan" | "query";
  readonly where: string;
}

/** What a page took: read units, and the items that were looked at. */
export interface PageCost {
  readonly units: number;
  readonly scanned: number;
}

/** Of one page, eventually consistent: 1 MB at 4 KB and a half unit. */
const PAGE_UNITS = 128;
/** A limited reader takes pages of about a quarter second of its budget, so that no minute is uneven. */
const PAGE_SECONDS = 0.25;
const THROTTLED: RetryPolicy = { attemptsMax: 12, baseDelayMs: 100, maxDelayMs: 10_000 };

/** Asks for pages within a budget of read units; a page that is refused is asked for again, and the budget is halved. */
export class PagedRequests {
  readonly #needs: PagingNeeds;
  /** Units that an item took lately, with those that a filter leaves out. */
  #itemUnits = 1;

  constructor(needs: PagingNeeds) {
    this.#needs = needs;
  }

  async page<Page extends PageCost>(request: (size: { readonly limit?: number }) => Promise<Page>): Promise<Page> {
    const { readLimit, world, context } = this.#needs;
    for (let tried = 1; ; tried += 1) {
      if (context.signal?.aborted === true) throw this.#interrupted();
      try {
        return await this.#ask(request);
      } catch (error) {
        if (!isFault(error, "throttled")) throw error;
        readLimit?.slowDown();
        if (tried >= THROTTLED.attemptsMax) throw this.#tooBusy(error);
        await world.sleep(jitteredDelayMs(world, THROTTLED, tried), context.signal);
      }
    }
  }

  async #ask<Page extends PageCost>(request: (size: { readonly limit?: number }) => Promise<Page>): Promise<Page> {
    const { readLimit, context } = this.#needs;
    const { limit, estimated } = this.#size(readLimit?.perSecond);
    await readLimit?.take(estimated, context.signal);
    let used = 0;
    try {
      const page = await request(limit === undefined ? {} : { limit });
      used = page.units;
      if (page.scanned > 0) this.#itemUnits = Math.max(0.5, page.units / page.scanned);
      return page;
    } finally {
      readLimit?.settle({ estimated, used });
    }
  }

  /** How many items to ask for, and the units that they will take. */
  #size(perSecond: number | undefined): { readonly limit?: number; readonly estimated: number } {
    if (perSecond === undefined) return { estimated: PAGE_UNITS };
    const units = Math.min(PAGE_UNITS, Math.max(1, perSecond * PAGE_SECONDS));
    const limit = Math.max(1, Math.floor(units / this.#itemUnits));
    return { limit, estimated: Math.min(PAGE_UNITS, limit * this.#itemUnits) };
  }

  #interrupted(): SluiceError {
    return new SluiceError(
      "run.interrupted",
      `Cannot finish the ${this.#needs.what} of the table: the run was interrupted`,
    );
  }

  #tooBusy(cause: Error): SluiceError {
    const { what, where } = this.#needs;
    return new SluiceError("source.unavailable", `Cannot go on with the ${what} of the table: it is throttled`, {
      facts: { at: where, tries: THROTTLED.attemptsMax },
      advice: `Run again later: it goes on from here. Lower \`readCapacity\` of the ${what === "scan" ? "scan" : "increments"}, or raise the table's.`,
      cause,
    });
  }
}
