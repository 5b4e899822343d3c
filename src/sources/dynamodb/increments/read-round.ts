import { must } from "../../../base/index.ts";
import { EXPORT_SHIFT_MICROS } from "../../../contract/index.ts";
import type { PlannedBatch, StageContext } from "../../source.ts";
import { ImageFilter } from "../live/filtered-image.ts";
import type { Spooled } from "../live/spool.ts";
import {
  describeIndex,
  keysOf,
  openBatch,
  type IncrementOptions,
  type IncrementParts,
  type RoundStart,
} from "./increment-channel.ts";
import { decodeIncrements, isRead, nextRound, type IncrementState } from "./increment-state.ts";
import { readIncrements } from "./read-increments.ts";

const BATCH_BYTES = 64 * 1_048_576;

export interface ReadRound {
  readonly spooled: Spooled;
  readonly state: IncrementState;
  /** What is left of the round. */
  readonly behind?: PlannedBatch;
}

/** Reads one batch of a round, with the items whole. */
export async function readRound(
  options: IncrementOptions,
  { client: indexClient, needs: { world, client, itemLimit } }: IncrementParts,
  { batch, context }: { readonly batch: PlannedBatch; readonly context: StageContext },
): Promise<ReadRound> {
  const { state, scanTime, isResumed } = startOf(batch);
  const facts = await describeIndex(options, indexClient);
  const limit = itemLimit === undefined ? {} : { readLimit: itemLimit };
  const filter = options.filter === undefined ? undefined : new ImageFilter(options.filter);
  const read = await readIncrements(state, {
    ...limit,
    ...options,
    client: indexClient,
    where: client.where,
    world,
    context,
    indexKeys: keysOf(facts),
    isWhole: facts.isWhole,
    filter,
    floorMicros: scanTime === undefined ? 0n : BigInt(Date.parse(scanTime)) * 1_000n - EXPORT_SHIFT_MICROS,
    bytesMax: options.batchBytes ?? BATCH_BYTES,
  });
  const next = behindOf({ state: read.state, scanTime, isResumed }, options, world.nowMs());
  const left = next === undefined ? {} : { behind: openBatch(next) };
  if (facts.isWhole) return { ...read, ...left };
  const { fetchImages } = await import("../live/fetch-images.ts");
  const fetching = { client, world, context, keys: options.keys, filter, ...limit };
  return { ...read, spooled: await fetchImages(read.spooled, fetching), ...left };
}

function startOf(batch: PlannedBatch): RoundStart {
  const { state, ...start } = JSON.parse(batch.start) as Omit<RoundStart, "state"> & { readonly state: string };
  return { ...start, state: must(decodeIncrements(state), "a batch of changes has a beginning") };
}

/** What is left of the round; behind one that an earlier run began, what has changed since. */
function behindOf(read: RoundStart, { overlapMs }: IncrementOptions, nowMs: number): RoundStart | undefined {
  if (!isRead(read.state)) return read;
  if (read.isResumed !== true) return undefined;
  return { ...read, state: nextRound(read.state, { overlapMs, nowMs }), isResumed: false };
}
