import { SharedLimit, limitFolder, openNote, type Limit } from "../../storage/index.ts";
import type { OpenTarget } from "../../targets/index.ts";
import type { LayerContext } from "../context.ts";
import type { Claim } from "./claim.ts";

export interface RaisedWork {
  readonly claim: Claim;
  readonly target: OpenTarget;
  readonly raiseTo: number | undefined;
}

/**
 * Works with more capacity than the target is paid for, and puts back what was before. That stands meanwhile in a note of the lake, which
 * all keep who raise it, and in the mark. The work calls `keep` again and again.
 */
export async function withCapacity<T>(
  context: LayerContext,
  { claim, target, raiseTo }: RaisedWork,
  work: (keep: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const limit = sharedLimit(context, claim, target);
  let result: T;
  try {
    if (raiseTo !== undefined) await limit?.raise(raiseTo);
    result = await work(async () => await limit?.keep());
  } catch (error) {
    // What went wrong first is told; where this goes wrong too, the next run finds the old capacity in the note.
    await limit?.putBack().catch(() => undefined);
    throw error;
  }
  await limit?.putBack();
  return result;
}

function sharedLimit({ tables, world, run }: LayerContext, claim: Claim, target: OpenTarget): SharedLimit | undefined {
  const { capacity } = target;
  if (capacity === undefined) return undefined;
  const limit: Limit = {
    units: async () => await capacity.units(),
    set: async (units) => await capacity.set(units),
    kept: async () => await Promise.resolve(claim.mark.raisedFrom),
    keep: async (raisedFrom) => await claim.write({ raisedFrom }),
    // The mark is this publisher's own.
    forget: async () => {
      if (claim.mark.raisedFrom !== undefined) await claim.write({ raisedFrom: undefined });
    },
  };
  const note = openNote(tables.systemStore, limitFolder("write", capacity.place));
  return new SharedLimit(note, limit, { world, id: `${run}/${claim.mark.publisher}` });
}
