import { SluiceError } from "../../../base/index.ts";
import type { StructType } from "../../../contract/index.ts";
import { localStore } from "../../../storage/index.ts";
import type { Channel, ChannelPlan, ChannelState, PlannedBatch, StageContext, StagedBatch } from "../../source.ts";
import { inNewestEpoch } from "../live/first-epoch.ts";
import { filterMark } from "../live/filtered-image.ts";
import type { ChannelParts } from "../live/scan-channel.ts";
import { decodeScan, type ScanState } from "../live/scan-state.ts";
import type { RecordOptions } from "../options.ts";
import { shortTime } from "../plan/cut-batches.ts";
import { incrementSpans } from "./increment-spans.ts";
import {
  decodeIncrements,
  encodeIncrements,
  isRead,
  markOf,
  nextRound,
  type IncrementState,
} from "./increment-state.ts";
import type { IndexClient, IndexFacts } from "./index-client.ts";

export interface IncrementOptions extends RecordOptions {
  readonly index: string;
  /** The index's sort key. */
  readonly attribute: string;
  /** Values of the index's partition key, as DynamoDB JSON. */
  readonly partitions: readonly string[];
  /** Each round begins so long before where the last one ended. */
  readonly overlapMs: number;
  /** From one round to the next; undefined: one each time. */
  readonly everyMs?: number;
  /** Whether a scan brings what was there before. */
  readonly hasScan: boolean;
  /** Bytes of items that a batch takes in. 64 MiB unless told. */
  readonly batchBytes?: number;
}

export interface IncrementParts extends ChannelParts {
  readonly client: IndexClient;
}

/** A process that stays asks no more often than this where nobody says. */
const STAYING_MS = 10_000;

/**
 * Reads what changed since the last time from an index whose sort key says when an item was changed, by pages and with an overlap. Deletes are not
 * in it, nor items without the attribute: a scan beside it finds those.
 */
export function incrementChannel(options: IncrementOptions, parts: IncrementParts): Channel {
  return {
    name: "incremental",
    isLive: true,
    mayRepeat: true,
    covered: (history) => incrementSpans(history, options),
    plan: async (state) => await planIncrements(options, parts, state),
    stage: async (batch, known, context) => await stage(options, parts, { batch, known, context }),
  };
}

async function planIncrements(
  options: IncrementOptions,
  parts: IncrementParts,
  state: ChannelState,
): Promise<ChannelPlan> {
  const before = decodeIncrements(state.moved ?? state.last?.end);
  if (
    before !== undefined &&
    isEarly(before, options, { nowMs: parts.needs.world.nowMs(), isStaying: state.pace !== undefined })
  )
    return NOTHING;
  const facts = await describeIndex(options, parts.client);
  const scan = decodeScan(state.beside?.get("scan"));
  const newest = before === undefined ? ((await state.newestEpoch?.()) ?? 0) : 0;
  const known = before === undefined ? undefined : await inNewestEpoch(before, state, (round) => round);
  const round = await roundAfter(known, options, { parts, facts, scan, newest });
  const isResumed = before !== undefined && round.startedMs === before.startedMs;
  return { ...NOTHING, batches: [openBatch({ state: round, scanTime: scan?.time, isResumed })] };
}

/** Whether the next round is not due yet. */
function isEarly(
  before: IncrementState,
  options: IncrementOptions,
  { nowMs, isStaying }: { readonly nowMs: number; readonly isStaying: boolean },
): boolean {
  const waitMs = Math.max(options.everyMs ?? 0, isStaying ? STAYING_MS : 0);
  const isSame = before.mark === markOf(options) && before.filter === filterMark(options.filter);
  return isSame && isRead(before) && nowMs < before.startedMs + waitMs;
}

interface RoundParts {
  readonly parts: IncrementParts;
  readonly facts: IndexFacts;
  /** The scan beside it. */
  readonly scan: ScanState | undefined;
  /** The newest epoch of what is in, for the first round. */
  readonly newest: number;
}

async function roundAfter(
  before: IncrementState | undefined,
  options: IncrementOptions,
  { parts, facts, scan, newest }: RoundParts,
): Promise<IncrementState> {
  // What changed since a scan that was there before is still to be read.
  const scannedMs = scan === undefined || scan.tableId !== facts.tableId ? Infinity : Date.parse(scan.time);
  const begin = async (epoch: number): Promise<IncrementState> =>
    await firstRound(options, parts, { facts, epoch, scannedMs });
  if (before === undefined) return await begin(Math.max(scan?.epoch ?? 0, newest));
  // Places in one table mean nothing in another one of its name.
  if (before.tableId !== facts.tableId) return await begin(before.epoch + 1);
  if (before.mark !== markOf(options)) {
    const round = await begin(before.epoch);
    return before.pages === undefined ? round : { ...round, pages: before.pages };
  }
  return roundBehind(before, options, parts.needs.world.nowMs());
}

/** The round that is under way, or the next one; in a new epoch where other items are taken in than before. */
function roundBehind(before: IncrementState, options: IncrementOptions, nowMs: number): IncrementState {
  const { filter: _filter, ...known } = before;
  const filter = filterMark(options.filter);
  const round = { ...known, ...(filter === undefined ? {} : { filter }) };
  if (before.filter === filter)
    return isRead(before) ? nextRound(round, { overlapMs: options.overlapMs, nowMs }) : round;
  const next = nextRound(round, { overlapMs: options.overlapMs, nowMs });
  return { ...next, epoch: before.epoch + 1, sinceMs: nowMs, seen: [] };
}

/** Everything that the index has; where a scan brings that, from its newest items on, and from the beginning of a scan that was there before. */
async function firstRound(
  options: IncrementOptions,
  { client, needs: { client: table, world } }: IncrementParts,
  { facts, epoch, scannedMs }: { readonly facts: IndexFacts; readonly epoch: number; readonly scannedMs: number },
): Promise<IncrementState> {
  const { tableId } = facts;
  const nowMs = world.nowMs();
  const sinceMs = options.hasScan ? Math.min(nowMs, scannedMs) : 0;
  const filter = filterMark(options.filter);
  const seen = filter === undefined ? {} : { filter };
  const parts = options.partitions.map(() => ({}));
  const state: IncrementState = {
    format: 1,
    tableId,
    epoch,
    mark: markOf(options),
    ...seen,
    sinceMs,
    startedMs: nowMs,
    parts,
    seen: [],
  };
  if (!options.hasScan) return state;
  const { newestOf } = await import("./read-increments.ts");
  const newest = await newestOf({ ...options, client, where: table.where, world, indexKeys: keysOf(facts) });
  const highs = newest.map((high) => (high === undefined ? {} : { high }));
  const round = nextRound({ ...state, startedMs: sinceMs, parts: highs }, { overlapMs: options.overlapMs, nowMs });
  const begun = round.parts.map((part) => (part.since === undefined ? part : { ...part, first: part.since }));
  return { ...round, parts: begun };
}

const NOTHING: ChannelPlan = { batches: [], waiting: [], skipped: [] };

/** Fails where there is no such index, or another one than the definition says. */
export async function describeIndex(
  { table, index, attribute }: IncrementOptions,
  client: IndexClient,
): Promise<IndexFacts> {
  const facts = await client.describeIndex(index);
  if (facts?.keys[1] === attribute) return facts;
  const why = facts === undefined ? "it is not there" : `its sort key is ${facts.keys[1] ?? "none"}, not ${attribute}`;
  throw new SluiceError("source.invalid", `Cannot read changes from the index ${index}: ${why}`, {
    facts: { table, index, attribute },
    advice: "Correct `incremental` of the source: it takes an index whose sort key says when an item was changed.",
  });
}

export function keysOf({ keys: [partition = "", sort = ""] }: IndexFacts): readonly [partition: string, sort: string] {
  return [partition, sort];
}

/** What a batch begins with. */
export interface RoundStart {
  readonly state: IncrementState;
  /** When the newest scan began: what is read now counts as no older than its rows. */
  readonly scanTime?: string | undefined;
  /** An earlier run began the round: another one follows it. */
  readonly isResumed?: boolean | undefined;
}

export function openBatch({ state, scanTime, isResumed }: RoundStart): PlannedBatch {
  const start = JSON.stringify({ state: encodeIncrements(state), scanTime, isResumed });
  const title = `changes by index, ${shortTime(new Date(state.startedMs).toISOString())}`;
  return { epoch: state.epoch, files: [], start, end: undefined, title };
}

async function stage(
  options: IncrementOptions,
  parts: IncrementParts,
  { batch, known, context }: { batch: PlannedBatch; known: StructType | undefined; context: StageContext },
): Promise<StagedBatch> {
  const [{ readRound }, { stageSpool, truncateFile }] = await Promise.all([
    import("./read-round.ts"),
    import("../live/stage-live.ts"),
  ]);
  const { spooled, state, behind } = await readRound(options, parts, { batch, context });
  const store = localStore(context.folder, { world: context.world });
  const staging = { options, store, hints: parts.hints, known, context, threads: parts.threads };
  const meta = JSON.stringify({ index: options.index });
  const work = { spooled, kind: "stream", epoch: state.epoch, constants: { event: undefined, meta } } as const;
  const staged = await stageSpool(staging, work, [truncateFile(staging, [])]);
  return { ...staged, end: encodeIncrements(state), ...(behind === undefined ? {} : { behind }) };
}
