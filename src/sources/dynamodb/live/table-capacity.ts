/** What a table can be read with, as its description says. Units are read units a second. */
export type TableCapacity = OnDemandCapacity | ProvisionedCapacity;

export interface OnDemandCapacity {
  readonly kind: "on-demand";
  /** Its own limit; undefined: the account's. */
  readonly readMost: number | undefined;
}

export interface ProvisionedCapacity {
  readonly kind: "provisioned";
  readonly read: number;
  readonly write: number;
  /** Whether no change of the table is under way. */
  readonly isActive: boolean;
  /** How often it was lowered today, and when last. */
  readonly decreases: number;
  readonly decreasedMs: number | undefined;
}

/** What only those ask for who raise capacity, or want a share of a limit. */
export interface CapacityClient {
  /** Asks for another provisioned capacity. `later`: it was changed too often lately. */
  change(to: { readonly read: number; readonly write: number }): Promise<"asked" | "later">;
  /** The read capacity of before, as it is kept with the table while it is raised. */
  raisedFrom(tableArn: string): Promise<number | undefined>;
  keep(tableArn: string, raisedFrom: number | undefined): Promise<void>;
  /** Read units a second that the account allows each table; undefined where it does not tell. */
  tableReadMost(): Promise<number | undefined>;
}

/** A table may be lowered so often a day, and beyond that once an hour (AWS, "Quotas": decreases are counted by the day of UTC). */
const DECREASES = 4;
const HOUR_MS = 3_600_000;

/** From when on a table may be lowered; 0: now. */
export function lowersFrom({ decreases, decreasedMs }: ProvisionedCapacity, nowMs: number): number {
  const fromMs = decreases < DECREASES || decreasedMs === undefined ? 0 : decreasedMs + HOUR_MS;
  return fromMs <= nowMs ? 0 : fromMs;
}
