/** Who has raised a limit, such as paid capacity, and what it was before: one value that all who raise it keep together. */
export interface LimitHolds {
  /** Another number with each change. */
  readonly turn: number;
  readonly isRaised: boolean;
  /** What it was before anybody raised it. */
  readonly before: number;
  /** What it was raised to: anything else is somebody else's doing. */
  readonly raised: readonly number[];
  readonly holders: readonly LimitHolder[];
  /** When it was put back last, unless it is raised; ms since the epoch. */
  readonly atMs: number;
}

interface LimitHolder {
  readonly id: string;
  /** Who says nothing until then counts as dead. */
  readonly untilMs: number;
}

export interface LimitEntry {
  readonly id: string;
  readonly raiseTo: number;
  /** What the limit is, asked after the holds were read. */
  readonly units: number;
  /** What it was before, as somebody wrote down who keeps no holds with us. */
  readonly kept: number | undefined;
  readonly nowMs: number;
}

const HOLD_MS = 5 * 60_000;
/** So long after it was put back a limit may still look raised: the change is under way, and what tells of it lags. */
const SETTLES_MS = 15 * 60_000;

/** Somebody raises the limit, perhaps beside others. */
export function entered(now: LimitHolds | undefined, entry: LimitEntry): LimitHolds {
  const { id, raiseTo, nowMs } = entry;
  const { before, raised } = knownBefore(now, entry);
  const others = now === undefined ? [] : liveOthers(now, id, nowMs);
  return {
    turn: (now?.turn ?? 0) + 1,
    isRaised: true,
    before,
    raised: [...new Set([...raised, raiseTo])],
    holders: [...others, { id, untilMs: nowMs + HOLD_MS }],
    atMs: 0,
  };
}

function knownBefore(
  now: LimitHolds | undefined,
  { units, kept, nowMs }: LimitEntry,
): Pick<LimitHolds, "before" | "raised"> {
  const isKnown = now !== undefined && (now.isRaised || nowMs < now.atMs + SETTLES_MS);
  if (isKnown && (units === now.before || now.raised.includes(units))) return now;
  // What somebody else has made of it meanwhile is what there was before.
  if (now?.isRaised === true || kept === undefined) return { before: units, raised: [] };
  return { before: kept, raised: units === kept ? [] : [units] };
}

/** Others that still work with the raised limit. */
export function liveOthers({ holders }: LimitHolds, id: string, nowMs: number): readonly LimitHolder[] {
  return holders.filter((one) => one.id !== id && one.untilMs > nowMs);
}

/** The holder is still alive; undefined: it counts as dead already. */
export function renewed(now: LimitHolds, id: string, nowMs: number): LimitHolds | undefined {
  if (!now.holders.some((one) => one.id === id)) return undefined;
  const holders = now.holders.map((one) => (one.id === id ? { id, untilMs: nowMs + HOLD_MS } : one));
  return { ...now, turn: now.turn + 1, holders };
}

/** Somebody is through; the limit stays as it is. */
export function without(now: LimitHolds, id: string): LimitHolds {
  return { ...now, turn: now.turn + 1, holders: now.holders.filter((one) => one.id !== id) };
}

/** The limit is as it was. */
export function putBack(now: LimitHolds, nowMs: number): LimitHolds {
  return { ...now, turn: now.turn + 1, isRaised: false, holders: [], atMs: nowMs };
}

/** Whether a limit is what somebody of ours has made of it, so that it may be put back. */
export function isRaisedByUs({ before, raised }: LimitHolds, units: number): boolean {
  return units !== before && raised.includes(units);
}
