import { SluiceError, type World } from "../../base/index.ts";
import type { OpenTarget, PublishMark } from "../../targets/index.ts";

/** Before a request is sent, the claim was looked at no longer ago than this. */
export const KEEP_MS = 10_000;

/**
 * The right of one run to write to a target, as the target's mark says. It is looked at again and again, so that a run that slept while
 * another one took over sends nothing any more, but for what was under way.
 */
export class Claim {
  readonly #target: OpenTarget;
  readonly #world: World;
  readonly #table: string;
  #mark: PublishMark;
  #seenMs: number;
  #looking: Promise<void> | undefined;
  /** Of the changes, so many are there. */
  done: number;

  private constructor(
    target: OpenTarget,
    mark: PublishMark,
    options: { readonly world: World; readonly table: string },
  ) {
    this.#target = target;
    this.#world = options.world;
    this.#table = options.table;
    this.#mark = mark;
    this.#seenMs = options.world.nowMs();
    this.done = mark.done;
  }

  /** Writes the mark over the one that was read; fails with `publish.superseded` when there is another one by now. */
  static async take(
    target: OpenTarget,
    { mark, before }: { readonly mark: PublishMark; readonly before: PublishMark | undefined },
    options: { readonly world: World; readonly table: string },
  ): Promise<Claim> {
    const written = await target.writeMark(mark, before);
    if (written === "changed") throw superseded(options.table, mark);
    return new Claim(target, mark, options);
  }

  get mark(): PublishMark {
    return this.#mark;
  }

  /** Resolves while the claim holds; fails with `publish.superseded` when another run has taken it. */
  async keep(): Promise<void> {
    if (this.#world.nowMs() - this.#seenMs < KEEP_MS) return;
    this.#looking ??= this.write({ done: this.done }).finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  /** Changes the mark under the claim; `raisedFrom: undefined` takes it out. */
  async write(change: Partial<PublishMark> | { readonly raisedFrom: undefined }): Promise<void> {
    const { raisedFrom, ...next } = { ...this.#mark, ...change };
    const mark: PublishMark = raisedFrom === undefined ? next : { ...next, raisedFrom };
    const seenMs = this.#world.nowMs();
    if ((await this.#target.writeMark(mark, this.#mark)) === "changed") throw superseded(this.#table, mark);
    this.#mark = mark;
    this.#seenMs = seenMs;
  }
}

function superseded(table: string, { publisher, claimed }: PublishMark): SluiceError {
  return new SluiceError("publish.superseded", `Cannot publish ${table}: another run has taken over`, {
    facts: { table, publisher, version: claimed },
    advice: "Nothing is lost: the other run publishes what this one would have. Run again to see that all is there.",
  });
}
