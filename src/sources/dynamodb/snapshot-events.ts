import { EXPORT_SHIFT_MICROS, RANK, encodeSequence } from "../../contract/index.ts";
import { shortTime } from "./plan/cut-batches.ts";
import type { EventConstants } from "./scan/scan-file.ts";

export interface Snapshot {
  readonly channel: "export" | "scan";
  /** ISO: the moment that the export shows, or before which no page of the scan was read. */
  readonly time: string;
  readonly epoch: number;
}

/** What all rows of a snapshot have in common; `T`: what the event has that ends it, just below them (DESIGN, "Order"). */
export function snapshotConstants({ channel, time, epoch }: Snapshot, operation: "R" | "T"): EventConstants {
  const timeMicros = Date.parse(time) * 1_000;
  const rank = operation === "R" ? RANK.snapshot : RANK.truncate;
  const sequence = encodeSequence({ epoch, timeMicros: BigInt(timeMicros) - EXPORT_SHIFT_MICROS, rank });
  return {
    event: `${channel}/${epoch}/${shortTime(time)}/${operation === "T" ? "T" : ""}`,
    meta: JSON.stringify({ [channel]: time }),
    snapshot: { operation, sequence, timeMicros },
  };
}
