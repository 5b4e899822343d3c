/** A limit of units, such as paid capacity, that is raised for the time of some work. */
export interface RaisedLimit {
  /** What it is now; undefined: there is none to raise. */
  readonly units: number | undefined;
  /** What was before it was raised, as it was kept; undefined while it is not raised. */
  readonly raisedFrom: number | undefined;
  /** Keeps what was before where the next process finds it; undefined: nothing is raised any more. */
  keep(raisedFrom: number | undefined): Promise<void>;
  set(units: number): Promise<void>;
}

/**
 * Raises the limit where it is lower. What was before is kept first: who comes after a crash finds it, and never takes the raised limit
 * for the one of before.
 */
export async function raiseLimit(limit: RaisedLimit, raiseTo: number | undefined): Promise<void> {
  const { units, raisedFrom } = limit;
  if (units === undefined || raiseTo === undefined || units >= raiseTo) return;
  await limit.keep(raisedFrom ?? units);
  await limit.set(raiseTo);
}

/** Puts back what was before, whoever raised it, and only then forgets it. */
export async function putLimitBack(limit: RaisedLimit): Promise<void> {
  const { raisedFrom } = limit;
  if (raisedFrom === undefined) return;
  await limit.set(raisedFrom);
  await limit.keep(undefined);
}
