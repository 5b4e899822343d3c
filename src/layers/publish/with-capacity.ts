import { putLimitBack, raiseLimit, type RaisedLimit } from "../../base/index.ts";
import type { OpenTarget } from "../../targets/index.ts";
import type { Claim } from "./claim.ts";

/** Works with more capacity than the target is paid for, and puts back what was before. That stands in the mark meanwhile. */
export async function withCapacity<T>(
  {
    claim,
    target,
    raiseTo,
  }: { readonly claim: Claim; readonly target: OpenTarget; readonly raiseTo: number | undefined },
  work: () => Promise<T>,
): Promise<T> {
  const limit = limitOf(claim, target);
  await raiseLimit(limit, raiseTo);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // What went wrong first is told; where this goes wrong too, the next run finds the old capacity in the mark.
    await putLimitBack(limit).catch(() => undefined);
    throw error;
  }
  await putLimitBack(limit);
  return result;
}

function limitOf(claim: Claim, { capacity }: OpenTarget): RaisedLimit {
  return {
    units: capacity?.units,
    get raisedFrom() {
      return claim.mark.raisedFrom;
    },
    keep: async (raisedFrom) => await claim.write({ raisedFrom }),
    set: async (units) => await capacity?.set(units),
  };
}
