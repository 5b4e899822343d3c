import { isFailure, must } from "../../../base/index.ts";
import type { PlannedBatch, StageContext } from "../../source.ts";
import { ImageFilter } from "./filtered-image.ts";
import type { LiveNeeds } from "./scan-channel.ts";
import type { ReadShards } from "./read-shards.ts";
import type { ShardMemory } from "./shard-memory.ts";
import type { StreamOptions } from "./stream-channel.ts";
import { decodeStream } from "./stream-state.ts";
import type { StreamView } from "./table-client.ts";

const STREAM_BATCH_BYTES = 64 * 1_048_576;

export interface StreamWork {
  readonly batch: PlannedBatch;
  readonly context: StageContext;
  readonly memory: ShardMemory;
}

/**
 * Reads one batch of the stream's records. Where records turn out to be gone that nobody has read, and something can fill the gap, that is
 * the batch's outcome: the next look begins an epoch.
 */
export async function readStream(
  options: StreamOptions,
  needs: LiveNeeds,
  work: StreamWork,
): Promise<Omit<ReadShards, "view">> {
  try {
    return await readBatch(options, needs, work);
  } catch (error) {
    const isFilled = options.hasScan || options.hasRequests === true;
    if (!isFilled || !isFailure(error, "source.gap")) throw error;
    // What was read is read again in the epoch that begins now.
    work.memory.forget();
    const { Spool } = await import("./spool.ts");
    const spool = await Spool.create(work.context.folder, `stream-${needs.world.uuid()}.ndjson`);
    const start = must(decodeStream(work.batch.start), "a stream's batch has a beginning");
    const state = { ...start, lost: String(error.facts["lost"]) };
    return { spooled: await spool.finish(), state, isDrained: true, newestMs: undefined };
  }
}

/** Reads one batch of the stream's records, with their images as far as those are to be had. */
async function readBatch(
  { fetchesItems = false, keys, filter: wanted, streamBatchBytes: bytesMax = STREAM_BATCH_BYTES }: StreamOptions,
  { client, impatient, world, clock, itemLimit }: LiveNeeds,
  { batch, context: given, memory }: StreamWork,
): Promise<Omit<ReadShards, "view">> {
  const { readShards } = await import("./read-shards.ts");
  const start = must(decodeStream(batch.start), "a stream's batch has a beginning");
  const context = { ...given, ...clock?.paced(given.pace) };
  const filter = wanted === undefined ? undefined : new ImageFilter(wanted);
  const reading = {
    client,
    world,
    context,
    memory,
    bytesMax,
    filter,
    ...(impatient === undefined ? {} : { impatient }),
  };
  if (!fetchesItems) {
    const { view, state, ...read } = await readShards(start, reading);
    const isWithout = !hasNewImages(view) && read.spooled.lines > 0;
    return { ...read, state: isWithout ? { ...state, lacksImages: true } : state };
  }
  const { fetchImages } = await import("./fetch-images.ts");
  const { view: _, ...read } = await readShards(start, { ...reading, fetchesItems });
  const limit = itemLimit === undefined ? {} : { readLimit: itemLimit };
  return { ...read, spooled: await fetchImages(read.spooled, { client, world, context, keys, filter, ...limit }) };
}

/** Whether a stream says what becomes of its items; undefined: nobody looked. */
export function hasNewImages(view: StreamView | undefined): boolean {
  return view === undefined || view.startsWith("NEW_");
}
