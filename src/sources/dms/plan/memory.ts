import { readMemory } from "../../read-memory.ts";
import type { Groups } from "../../input/index.ts";

/** The channel's memory: stands in the `end` of each batch manifest. */
export interface Memory {
  readonly format: 1;
  readonly epoch: number;
  /** When the first file of the epoch's load was written, ms; 0 where no load is in. */
  readonly loadedMs: number;
  /** Whether the epoch's load replaces an earlier one and may still be running. */
  readonly isLoading: boolean;
  readonly groups: Groups;
}

export function encodeMemory(memory: Memory | undefined): string {
  return memory === undefined ? "{}" : JSON.stringify(memory);
}

export function decodeMemory(text: string): Memory | undefined {
  return readMemory(text) as Memory | undefined;
}
