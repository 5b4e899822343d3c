import { readMemory } from "../../read-memory.ts";

/**
 * The channel's memory: what of the table's history is in Bronze. It stands in the `end` of each batch manifest.
 * Times are ISO texts of one form (`2011-09-01T00:00:00.000Z`), which compare as times do.
 */
export interface Coverage {
  readonly format: 1;
  readonly tableId: string;
  readonly epoch: number;
  /** Where the epoch begins: the time of its first snapshot, or the start of its first window. */
  readonly base: string;
  /** Everything before this moment is in; null while the epoch's first export is under way. */
  readonly coveredTo: string | null;
  /** Times of the epoch's full exports that are in. */
  readonly snapshots: readonly string[];
  /** The newest full export of the epochs before, where windows follow on it. */
  readonly newestFull?: string;
  /** Whether windows belong to the epoch: then a hole may be waited for. */
  readonly hasWindows: boolean;
  /** The epoch of the stream beside it that this is the coverage of; undefined: there is none. */
  readonly streamEpoch?: number;
  /** The export that is in with only some of its files. */
  readonly partial?: PartialUnit;
  /** Exports that need no look any more, by folder and first characters of their ids: a digest of the ids. */
  readonly settled: Settled;
}

export interface PartialUnit {
  /** `full <time>` or `window <from> <to>`. */
  readonly unit: string;
  readonly filesTaken: number;
  /** Of the checksums of the files taken, in order: tells that a copy of the export is the same. */
  readonly digest: string;
}

export type Settled = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The epoch of the changes beside them that exports are of; of exports alone, their own. */
export function changesEpochOf({ streamEpoch, epoch }: Pick<Coverage, "streamEpoch" | "epoch">): number {
  return streamEpoch ?? epoch;
}

export function encodeCoverage(coverage: Coverage | undefined): string {
  return coverage === undefined ? "{}" : JSON.stringify(coverage);
}

export function decodeCoverage(text: string | undefined): Coverage | undefined {
  return readMemory(text) as Coverage | undefined;
}
