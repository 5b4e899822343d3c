import { must, type SluiceError, type World } from "../../../base/index.ts";
import type { StructType } from "../../../contract/index.ts";
import { localStore } from "../../../storage/index.ts";
import type {
  Channel,
  ChannelPlan,
  ChannelState,
  Notice,
  PlannedBatch,
  StageContext,
  StagedBatch,
} from "../../source.ts";
import type { Shape } from "../columns/shapes.ts";
import { ImageFilter, filterMark } from "../live/filtered-image.ts";
import { UNKNOWN_SINCE_SCAN, epochAbove, firstEpoch, inNewestEpoch } from "../live/first-epoch.ts";
import { filteredOtherwise } from "../live/stream-gaps.ts";
import { OVERLAP_MS } from "../live/stream-state.ts";
import { isFault } from "../live/table-client.ts";
import type { RecordOptions } from "../options.ts";
import type { ScanThreads } from "../scan/scan-threads.ts";
import type { KinesisClient } from "./kinesis-client.ts";
import { lostFromKinesis, noKinesis, notFed } from "./kinesis-gaps.ts";
import { KinesisMemory } from "./kinesis-memory.ts";
import { firstKinesis, listedKinesis } from "./kinesis-order.ts";
import { kinesisSpans } from "./kinesis-spans.ts";
import { decodeKinesis, encodeKinesis, type KinesisState } from "./kinesis-state.ts";

export interface KinesisOptions extends RecordOptions {
  /** Name or ARN. */
  readonly stream: string;
  /** The moment from which on it is read; the oldest record that it keeps unless told. */
  readonly sinceMs?: number;
  /** Whether a scan, or exports that are asked for, may fill a gap. */
  readonly canFill: boolean;
  readonly hasScan?: boolean;
  /** The other channels that bring every change. */
  readonly others?: readonly string[];
  /** Bytes of records that a batch takes in. 64 MiB unless told. */
  readonly streamBatchBytes?: number;
}

export interface KinesisParts {
  readonly client: KinesisClient;
  readonly world: World;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
}

const KINESIS_BATCH_BYTES = 64 * 1_048_576;

/**
 * Reads the changes that a table sends to a Kinesis stream: every shard, those that it came from first. Kinesis delivers some records twice, and the
 * changes of an item in any order: a change's own time and content say where it belongs. What the stream no longer has, unread, is named.
 */
export function kinesisChannel(options: KinesisOptions, parts: KinesisParts): Channel {
  const memory = new KinesisMemory();
  return {
    name: "kinesis",
    isLive: true,
    mayRepeat: true,
    covered: kinesisSpans,
    plan: async (state) => await planKinesis(options, { ...parts, memory }, state),
    stage: async (batch, known, context) => await stage(options, parts, { batch, known, context, memory }),
  };
}

const NOTHING: ChannelPlan = { batches: [], waiting: [], skipped: [] };

async function planKinesis(
  options: KinesisOptions,
  { client, world, memory }: KinesisParts & { readonly memory: KinesisMemory },
  { last, moved, beside, pace, newestEpoch }: ChannelState,
): Promise<ChannelPlan> {
  const { table, stream: name, canFill } = options;
  const filter = filterMark(options.filter);
  const before = decodeKinesis(moved ?? last?.end);
  const look = await looked(async () => await memory.look(client, world, pace !== undefined));
  if (look === undefined) return { ...NOTHING, problem: notThere(before, name, client) };
  const { stream, seenMs } = look;
  const isFed = await memory.isFed(client, world, pace !== undefined);
  const unfed = isFed === false ? { problem: notFed(table, name) } : {};
  const nowMs = world.nowMs();
  const begin = (epoch: number): PlannedBatch =>
    openBatch(firstKinesis(stream, { epoch, nowMs, isFed: isFed === true, filter }));
  if (before === undefined) {
    // Nothing is begun of a stream that does not get the table's changes.
    if (isFed === false) return { ...NOTHING, ...unfed };
    const newest = await newestEpoch?.();
    const { epoch, isBehindScan } = firstEpoch(beside, { ...options, fromMs: nowMs + OVERLAP_MS, newest });
    return { ...NOTHING, batches: [begin(epoch)], waiting: isBehindScan ? [behindScan(table)] : [] };
  }
  const { lost } = listedKinesis(before, stream, { nowMs, seenMs });
  const isOther = before.filter !== filter;
  if (lost.length === 0 && !isOther)
    return {
      ...NOTHING,
      batches: [openBatch(await inNewestEpoch(before, { beside, newestEpoch }, movedOn))],
      ...unfed,
    };
  const broken = lost.length > 0 ? lostFromKinesis(before, lost) : filteredOtherwise(table);
  if (!canFill) return { ...NOTHING, problem: broken };
  const notice = { what: `Kinesis stream of ${table}`, why: `${broken.message}; a new snapshot fills the gap` };
  const epoch = await epochAbove(before, { beside, newestEpoch });
  return { ...NOTHING, batches: isFed === false ? [] : [begin(epoch)], waiting: [notice], ...unfed };
}

/** The stream in another epoch, to which nothing belongs that it brought until now: no record is of a later change than it arrived. */
function movedOn(state: KinesisState): KinesisState {
  const takenMs = Math.max(0, ...Object.values(state.shards).map(({ afterMs = 0 }) => afterMs));
  return takenMs === 0 ? state : { ...state, epochMs: takenMs };
}

function notThere(before: KinesisState | undefined, name: string, { where }: KinesisClient): SluiceError {
  return before === undefined ? noKinesis(name, where) : lostFromKinesis(before, ["the whole stream"]);
}

function behindScan(table: string): Notice {
  return { what: `Kinesis stream of ${table}`, why: UNKNOWN_SINCE_SCAN };
}

/** Undefined where the stream is not there. */
async function looked<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isFault(error, "missing")) return undefined;
    throw error;
  }
}

function openBatch(state: KinesisState): PlannedBatch {
  return { epoch: state.epoch, files: [], start: encodeKinesis(state), end: undefined, title: "Kinesis stream" };
}

interface KinesisWork {
  readonly batch: PlannedBatch;
  readonly known: StructType | undefined;
  readonly context: StageContext;
  readonly memory: KinesisMemory;
}

async function stage(
  options: KinesisOptions,
  { client, world, hints, threads }: KinesisParts,
  { batch, known, context, memory }: KinesisWork,
): Promise<StagedBatch> {
  const [{ readKinesis }, { noRows, stageSpool, truncateFile }] = await Promise.all([
    import("./read-kinesis.ts"),
    import("../live/stage-live.ts"),
  ]);
  const start = must(decodeKinesis(batch.start), "a batch of a Kinesis stream has a beginning");
  const { table, sinceMs, streamBatchBytes: bytesMax = KINESIS_BATCH_BYTES } = options;
  const filter = options.filter === undefined ? undefined : new ImageFilter(options.filter);
  const read = await readKinesis(start, { client, world, context, memory, table, filter, sinceMs, bytesMax });
  const { spooled, state, newestMs } = read;
  const ends = { end: encodeKinesis(state), ...(read.isDrained ? {} : { behind: openBatch(state) }) };
  if (spooled.lines === 0 && read.unreadable.length === 0 && known !== undefined) return { ...noRows(known), ...ends };
  const staging = { options, store: localStore(context.folder, { world: context.world }), hints, known, context, threads }; // prettier-ignore
  const constants = { event: undefined, meta: '{"kinesis":true}' };
  const lines = { spooled, kind: "stream", epoch: state.epoch, constants } as const;
  const staged = await stageSpool(staging, lines, [truncateFile(staging, [])]);
  const refused = staged.unreadable.map((line) => ({ ...line, file: read.places[line.line - 1] ?? line.file, line: 1, byteOffset: 0 })); // prettier-ignore
  return {
    ...staged,
    unreadable: [...read.unreadable, ...refused],
    ...(newestMs === undefined ? {} : { newestMs }),
    ...ends,
  };
}
