import type { OpenTarget } from "../../targets/index.ts";
import type { Claim } from "./claim.ts";

/**
 * Works with more capacity than the target is paid for, and puts back what was before. That is written into the mark before anything is
 * raised: who comes after a crash finds it there, and never takes the raised capacity for the one of before.
 */
export async function withCapacity<T>(
  {
    claim,
    target,
    raiseTo,
  }: { readonly claim: Claim; readonly target: OpenTarget; readonly raiseTo: number | undefined },
  work: () => Promise<T>,
): Promise<T> {
  const { capacity } = target;
  if (capacity !== undefined && raiseTo !== undefined && capacity.units < raiseTo) {
    await claim.write({ raisedFrom: claim.mark.raisedFrom ?? capacity.units });
    await capacity.set(raiseTo);
  }
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // What went wrong first is told; where this goes wrong too, the next run finds the old capacity in the mark.
    await lower(claim, target).catch(() => undefined);
    throw error;
  }
  await lower(claim, target);
  return result;
}

async function lower(claim: Claim, { capacity }: OpenTarget): Promise<void> {
  const { raisedFrom } = claim.mark;
  if (raisedFrom === undefined) return;
  await capacity?.set(raisedFrom);
  await claim.write({ raisedFrom: undefined });
}
