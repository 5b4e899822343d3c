import { changesEpochOf, decodeCoverage } from "../plan/coverage.ts";
import { decodeDeliveries } from "../firehose/memory.ts";
import { decodeIncrements } from "../increments/increment-state.ts";
import { decodeKinesis, type KinesisState } from "../kinesis/kinesis-state.ts";
import { decodeScan } from "./scan-state.ts";
import { OVERLAP_MS, decodeStream, overlapsFrom, type StreamState } from "./stream-state.ts";

/** The channels that bring changes while they happen, and the memory of each. */
export type Memories = ReadonlyMap<string, string> | undefined;

/** What a snapshot must know of the changes that are read beside it. */
export interface Changes {
  readonly epoch: number;
  /** From when on a snapshot may be for nothing to fall between it and the changes, ms; 0 for any; undefined before it is known. */
  readonly fromMs: number | undefined;
  /**
   * Where the epoch is another one than that of records that may come again, or late: until when they had been read, ms. Of an item that went
   * before that the delete may stand in the epoch of before, and its insert come again in this one, unless a snapshot is above it.
   */
  readonly movedMs?: number | undefined;
  /** Where the epoch began with a gap that windows of exports may fill: the moment up to which everything had been read, ms. */
  readonly gapFromMs?: number | null | undefined;
}

/** Of several such channels each brings every change: a snapshot must reach into all of them, so that any may be taken away later. */
export function changesBeside(beside: Memories, names: readonly string[]): Changes {
  const all = names.map((name) => changesOf(name, beside?.get(name)));
  const newest = all.reduce((best, one) => (one.epoch > best.epoch ? one : best), { epoch: 0, fromMs: 0 } as Changes);
  const isKnown = all.every(({ fromMs }) => fromMs !== undefined);
  return {
    epoch: newest.epoch,
    gapFromMs: newest.gapFromMs,
    movedMs: all.reduce<number | undefined>(
      (most, { movedMs }) => (movedMs === undefined ? most : Math.max(movedMs, most ?? 0)),
      undefined,
    ),
    fromMs: isKnown ? all.reduce((most, { fromMs = 0 }) => Math.max(most, fromMs), 0) : undefined,
  };
}

/** What a channel's memory tells of the changes that it brings. */
export function changesOf(name: string, memory: string | undefined): Changes {
  if (name === "firehose") return mayComeAgain(decodeDeliveries(memory));
  if (name === "kinesis") return mayComeAgain(decodeKinesis(memory));
  if (name === "incremental") {
    const increments = decodeIncrements(memory);
    // What they bring reaches behind the moment at which they were first looked at.
    return { epoch: increments?.epoch ?? 0, fromMs: increments === undefined ? undefined : 0 };
  }
  const stream = decodeStream(memory);
  return changesOfStream(stream);
}

/** Of channels whose records may come again, or late. */
function mayComeAgain(state: Pick<KinesisState, "epoch" | "sinceMs" | "epochMs"> | undefined): Changes {
  if (state?.sinceMs === undefined) return { epoch: state?.epoch ?? 0, fromMs: undefined };
  const { epoch, sinceMs, epochMs } = state;
  return { epoch, fromMs: Math.max(sinceMs, epochMs ?? 0) + OVERLAP_MS, movedMs: epochMs };
}

export function changesOfStream(stream: StreamState | undefined): Changes {
  return { epoch: stream?.epoch ?? 0, fromMs: overlapsFrom(stream), gapFromMs: stream?.gap?.fromMs };
}

/** The newest epoch that any other channel is in. */
export function epochBeside(beside: Memories): number {
  const { epoch } = changesBeside(beside, ["stream", "kinesis", "firehose"]);
  const coverage = decodeCoverage(beside?.get("export"));
  const exported = coverage === undefined ? 0 : changesEpochOf(coverage);
  return Math.max(epoch, exported, decodeScan(beside?.get("scan"))?.epoch ?? 0);
}
