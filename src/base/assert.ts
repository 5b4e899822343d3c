import { SluiceError } from "./failures.ts";

/** States a claim about our own code. Never for user input or for somebody else's table. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new SluiceError("internal.bug", `This should be true: ${claim}`);
}

/** The value, where our own code promises that it is there. */
export function must<T>(value: T | undefined | null, claim: string): T {
  assert(value !== undefined && value !== null, claim);
  return value;
}
