import { must, type SluiceError } from "../../../base/index.ts";
import type { StructType } from "../../../contract/index.ts";
import { localStore } from "../../../storage/index.ts";
import type { Channel, ChannelPlan, ChannelState, Notice, PlannedBatch, StagedBatch } from "../../source.ts";
import type { RecordOptions } from "../options.ts";
import { decodeCoverage } from "../plan/coverage.ts";
import { UNKNOWN_SINCE_SCAN, epochAbove, firstEpoch, inNewestEpoch } from "./first-epoch.ts";
import { filterMark } from "./filtered-image.ts";
import { gapBehind } from "./gap-behind.ts";
import { describe, type ChannelParts } from "./scan-channel.ts";
import { ShardMemory } from "./shard-memory.ts";
import { firstState, listed } from "./shard-order.ts";
import { lateNotice } from "./stream-horizon.ts";
import { hasNewImages, readStream, type StreamWork } from "./read-stream.ts";
import {
  filterNeedsImages,
  lostRecords,
  missingImages,
  noImages,
  noStream,
  otherFilter,
  otherStream,
} from "./stream-gaps.ts";
import { streamSpans } from "./covered-spans.ts";
import {
  decodeStream,
  encodeStream,
  newestTaken,
  overlapsFrom,
  type StreamGap,
  type StreamState,
} from "./stream-state.ts";
import { isFault, type StreamFacts, type TableClient, type TableFacts } from "./table-client.ts";

export interface StreamOptions extends RecordOptions {
  /** Whether a scan may fill a gap. */
  readonly hasScan: boolean;
  /** The other channels that bring every change. */
  readonly others?: readonly string[];
  /** Whether exports are asked for, which fill a gap, too. */
  readonly hasRequests?: boolean;
  /** Bytes of records that a batch takes in. 64 MiB unless told. */
  readonly streamBatchBytes?: number;
  /** Whether the items are read that records without new images tell of. */
  readonly fetchesItems?: boolean;
}

/**
 * Reads a table's stream: every shard, a parent to its end before its children. Each record is in Bronze exactly once, since the position
 * is committed with the rows. What the stream no longer has, unread, stops the channel and is named.
 */
export function streamChannel(options: StreamOptions, parts: ChannelParts, memory = new ShardMemory()): Channel {
  /** The table was looked at then, and all was well. */
  let checked: (Pick<ChannelPlan, "unfit"> & { readonly arn: string; readonly atMs: number }) | undefined;
  return {
    name: "stream",
    isLive: true,
    plan: async (state) => {
      const { world } = parts.needs;
      const before = decodeStream(state.moved ?? state.last?.end);
      const isChecked = isStillGood(before, checked, world.nowMs());
      const waiting = contended(options, memory);
      if (state.pace !== undefined && before !== undefined && isChecked)
        return { ...NOTHING, ...flawOf(checked), batches: [openBatch(before)], waiting };
      checked = undefined;
      const plan = await planTable(options, parts, state);
      // The table's answer has set the clock.
      const atMs = world.nowMs();
      memory.cameMs = state.pace === undefined ? atMs : undefined;
      const [batch] = plan.batches;
      if (batch !== undefined) {
        const { streamArn: arn } = must(decodeStream(batch.start), "a stream's batch has a beginning");
        checked = { ...flawOf(plan), arn, atMs };
      }
      return { ...plan, waiting: [...plan.waiting, ...waiting] };
    },
    stage: async (batch, known, context) => {
      try {
        return await stage(options, parts, { batch, known, context, memory });
      } catch (error) {
        checked = undefined;
        memory.forget();
        throw error;
      }
    },
    covered: streamSpans,
  };
}

/** A process that stays looks so often whether the table still has the same stream. */
const CHECK_MS = 60_000;

function isStillGood(
  before: StreamState | undefined,
  checked: { readonly arn: string; readonly atMs: number } | undefined,
  nowMs: number,
): boolean {
  if (checked === undefined || before?.lost !== undefined) return false;
  // A clock that was put back tells nothing of how long ago that was.
  const isRecent = nowMs >= checked.atMs && nowMs < checked.atMs + CHECK_MS;
  return before?.streamArn === checked.arn && isRecent;
}

/** FAULTS F38: a shard that is refused again and again has other readers. */
function contended({ table }: StreamOptions, { contended: shards }: ShardMemory): readonly Notice[] {
  const [first] = shards;
  if (first === undefined) return [];
  const which = shards.length === 1 ? `shard ${first}` : `${shards.length} shards, such as ${first},`;
  const why = `${which} refused us again and again: a shard has two readers at most; look for another consumer`;
  return [{ what: `stream of ${table}`, why }];
}

function flawOf(plan: Pick<ChannelPlan, "unfit"> | undefined): Pick<ChannelPlan, "unfit"> {
  return plan?.unfit === undefined ? {} : { unfit: plan.unfit };
}

async function planTable(options: StreamOptions, parts: ChannelParts, state: ChannelState): Promise<ChannelPlan> {
  const facts = await describe(parts.needs.client, options);
  if (facts.stream === undefined) return { ...NOTHING, problem: noStream(options.table) };
  const { arn, view } = facts.stream;
  if (options.filter !== undefined && options.fetchesItems !== true && !hasNewImages(view)) {
    return { ...NOTHING, problem: filterNeedsImages(options.table, view) };
  }
  const plan = await planStream({ ...options, facts, arn }, parts, state);
  const canFeedRows = options.fetchesItems === true || hasNewImages(view);
  return canFeedRows ? plan : { ...plan, unfit: noImages(options.table, view) };
}

async function planStream(
  options: StreamOptions & { readonly facts: TableFacts; readonly arn: string },
  { needs: { client, world } }: ChannelParts,
  { last, moved, beside, newestEpoch, othersMs }: ChannelState,
): Promise<ChannelPlan> {
  const { facts, arn } = options;
  const nowMs = world.nowMs();
  const filter = filterMark(options.filter);
  const first = async (epoch: number): Promise<StreamState> => {
    const state = firstState(await streamOf(client, arn), { table: facts, epoch, nowMs });
    return filter === undefined ? state : { ...state, filter };
  };
  const before = decodeStream(moved ?? last?.end);
  if (before === undefined) {
    const state = await first(0);
    const begun = firstEpoch(beside, {
      ...options,
      fromMs: overlapsFrom(state) ?? Infinity,
      newest: await newestEpoch?.(),
    });
    return beginning(options, { ...state, epoch: begun.epoch }, begun.isBehindScan);
  }
  const broken = await breakIn(client, before, { arn, nowMs, needsImages: options.fetchesItems === true });
  if (broken === undefined && before.filter !== filter) {
    const epoch = await epochAbove(before, { beside, newestEpoch });
    return refiltered(options, before, { filter, nowMs, epoch });
  }
  if (broken === undefined) {
    const late = lateNotice(before, { table: options.table, nowMs });
    const batches = [openBatch(await inNewestEpoch(before, { beside, newestEpoch }, movedOn))];
    return { ...NOTHING, batches, waiting: late === undefined ? [] : [late] };
  }
  const epoch = await epochAbove(before, { beside, newestEpoch });
  const gapOf = async (): Promise<StreamGap> =>
    gapBehind(before, {
      tableId: facts.id,
      coverage: decodeCoverage(beside?.get("export")),
      othersMs: await othersMs?.(["stream", "export"]),
    });
  const filled = await fillOf(options, gapOf);
  if (filled === undefined) return { ...NOTHING, problem: broken };
  const notice = { what: `stream of ${options.table}`, why: `${broken.message}; ${filled.by}` };
  const { gap } = filled;
  const state = await first(epoch);
  return { ...NOTHING, batches: [openBatch(gap === undefined ? state : { ...state, gap })], waiting: [notice] };
}

/** The stream in another epoch, to which nothing belongs that it brought until now. */
function movedOn({ gap, ...state }: StreamState): StreamState {
  const takenMs = newestTaken(state);
  // Windows over the gap would be of an epoch in which the stream has not told of what came before them.
  const behind = gap === undefined ? {} : { gap: { ...gap, fromMs: null } };
  return { ...state, ...behind, ...(takenMs === 0 ? {} : { epochMs: takenMs }) };
}

/** Another filter: the stream goes on where it is, in a new epoch, and a scan brings what the filter of before left out. */
function refiltered(
  { table, hasScan }: StreamOptions,
  before: StreamState,
  { filter, nowMs, epoch }: { filter: string | undefined; nowMs: number; epoch: number },
): ChannelPlan {
  if (!hasScan) return { ...NOTHING, problem: otherFilter(before) };
  const { filter: _before, ...known } = before;
  const state = { ...known, ...(filter === undefined ? {} : { filter }), filterMs: nowMs, epoch };
  const why = "other items or attributes are taken in than before; a new scan brings those that were left out";
  return { ...NOTHING, batches: [openBatch(state)], waiting: [{ what: `stream of ${table}`, why }] };
}

/** How a gap is filled; undefined where nothing can fill it. What fills it belongs to the new epoch, as everything does that comes after it. */
async function fillOf(
  { hasScan, hasRequests = false }: StreamOptions,
  gapOf: () => Promise<StreamGap>,
): Promise<{ readonly by: string; readonly gap?: StreamGap } | undefined> {
  if (hasScan) return { by: "a new scan fills the gap" };
  if (!hasRequests) return undefined;
  return { by: "exports are asked for that fill the gap", gap: await gapOf() };
}

/** The first that is read of a stream. Where it does not reach back to the scan, nobody knows what happened between the two. */
function beginning({ table }: StreamOptions, state: StreamState, isBehindScan: boolean): ChannelPlan {
  // The stream came after the scan, or what was known of it is lost.
  const waiting = isBehindScan ? [{ what: `stream of ${table}`, why: UNKNOWN_SINCE_SCAN }] : [];
  return { ...NOTHING, batches: [openBatch(state)], waiting };
}

/** What makes that the stream cannot be gone on with; undefined: nothing. A stream that was switched off is read to its end first. */
async function breakIn(
  client: TableClient,
  before: StreamState,
  { arn, nowMs, needsImages }: { readonly arn: string; readonly nowMs: number; readonly needsImages: boolean },
): Promise<SluiceError | undefined> {
  if (needsImages && before.lacksImages === true) return missingImages(before);
  if (before.lost !== undefined) return lostRecords(before, [before.lost]);
  const left = await findStream(client, before.streamArn);
  if (left === undefined) return lostRecords(before, ["the whole stream"]);
  const { lost, readable, waiting } = listed(before, left, nowMs);
  if (lost.length > 0) return lostRecords(before, lost);
  const isOver = before.streamArn !== arn && readable.length + waiting === 0;
  return isOver ? otherStream(before, arn) : undefined;
}

const NOTHING: ChannelPlan = { batches: [], waiting: [], skipped: [] };

async function streamOf(client: TableClient, arn: string): Promise<StreamFacts> {
  return must(await findStream(client, arn), "a table's own stream is there");
}

/** A stream that was switched off can be read for another day. */
async function findStream(client: TableClient, streamArn: string): Promise<StreamFacts | undefined> {
  try {
    return await client.describeStream(streamArn);
  } catch (error) {
    if (isFault(error, "missing")) return undefined;
    throw error;
  }
}

function openBatch(state: StreamState): PlannedBatch {
  return { epoch: state.epoch, files: [], start: encodeStream(state), end: undefined, title: "stream" };
}

async function stage(
  options: StreamOptions,
  parts: ChannelParts,
  { known, ...work }: StreamWork & { readonly known: StructType | undefined },
): Promise<StagedBatch> {
  const { noRows, stageSpool, truncateFile } = await import("./stage-live.ts");
  const { context } = work;
  const { spooled, state, isDrained, newestMs } = await readStream(options, parts.needs, work);
  const ends = { end: encodeStream(state), ...(isDrained ? {} : { behind: openBatch(state) }) };
  if (spooled.lines === 0 && known !== undefined) return { ...noRows(known), ...ends };
  const store = localStore(context.folder, { world: context.world });
  const staging = { options, store, hints: parts.hints, known, context, threads: parts.threads };
  const meta = JSON.stringify({ stream: state.streamArn.slice(state.streamArn.lastIndexOf("/") + 1) });
  const lines = { spooled, kind: "stream", epoch: state.epoch, constants: { event: undefined, meta } } as const;
  const staged = await stageSpool(staging, lines, [truncateFile(staging, [])]);
  return { ...staged, ...(newestMs === undefined ? {} : { newestMs }), ...ends };
}
