import { assert } from "../base/index.ts";

/**
 * `_sequence`: epoch · time · rank · position, fixed width, compared as text (DESIGN, "Order").
 * `0000-0001314835200000000-2-<position>`: 4 digits of epoch, 19 digits of microseconds since 1970, one digit of rank.
 */
export const RANK = { truncate: 0, snapshot: 1, window: 2, stream: 3 } as const;
export type Rank = (typeof RANK)[keyof typeof RANK];

/** Exports and scans stand five minutes before their own time, so that a stream event they may have missed is above them. */
export const EXPORT_SHIFT_MICROS = 300_000_000n;

export interface SequenceParts {
  readonly epoch: number;
  readonly timeMicros: bigint;
  readonly rank: Rank;
  /** Already of fixed width for its rank; empty for exports and scans. */
  readonly position?: string;
}

export function encodeSequence({ epoch, timeMicros, rank, position = "" }: SequenceParts): string {
  assert(Number.isInteger(epoch) && epoch >= 0 && epoch <= 9999, "an epoch has at most four digits");
  assert(timeMicros >= 0n && timeMicros < 10n ** 19n, "the time of a sequence is after 1970");
  const head = `${String(epoch).padStart(4, "0")}-${String(timeMicros).padStart(19, "0")}-${rank}`;
  return position === "" ? head : `${head}-${position}`;
}
