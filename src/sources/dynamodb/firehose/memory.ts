import type { Groups } from "../../input/index.ts";
import { readMemory } from "../../read-memory.ts";

/** The channel's memory: stands in the `end` of each batch manifest. */
export interface DeliveryMemory {
  readonly format: 1;
  readonly epoch: number;
  /** Of the filter that its records are read through. */
  readonly filter?: string;
  /** When the first of the files was there, ms: every change since then is in a file, or will be. */
  readonly sinceMs: number;
  /** Of an epoch that the files follow: nothing that they brought in an earlier one is newer, ms. */
  readonly epochMs?: number;
  /** When all of the place was last listed, ms. */
  readonly wholeMs: number;
  /** Ten digits: the newest hour of any file that is in; empty where paths have no time. */
  readonly newest: string;
  /** Series of paths of which everything was listed; null where there are too many to remember: then everything is listed each time. */
  readonly series: readonly string[] | null;
  readonly groups: Groups;
  /** Files of what Firehose could not process, by the day of their prefixes (eight digits, or none); absent where there are none. */
  readonly failed?: Readonly<Record<string, FailedFiles>>;
}

/** How many there are, when the newest was written (ms), and the path of one. */
export type FailedFiles = readonly [files: number, newestMs: number, path: string];

export function encodeDeliveries(memory: DeliveryMemory | undefined): string {
  return memory === undefined ? "{}" : JSON.stringify(memory);
}

export function decodeDeliveries(text: string | undefined): DeliveryMemory | undefined {
  return readMemory(text) as DeliveryMemory | undefined;
}
