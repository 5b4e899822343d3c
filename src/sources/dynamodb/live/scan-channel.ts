import { isFault, type TableClient, type TableFacts } from "./table-client.ts";
import { SluiceError, type RateLimit, type World } from "../../../base/index.ts";
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
import type { RecordOptions } from "../options.ts";
import type { ScanThreads } from "../scan/scan-threads.ts";
import { filterMark } from "./filtered-image.ts";
import type { RaisedRead } from "./raised-read.ts";
import type { ReadBudget } from "./read-budget.ts";
import { shortTime } from "../plan/cut-batches.ts";
import { PagesAhead } from "./pages-ahead.ts";
import { OVERLAP_MS } from "./stream-state.ts";
import type { SourceClock } from "./source-clock.ts";
import { changesBeside, type Changes } from "./beside.ts";
import { decodeScan, encodeScan, isWhole, newScan, segmentsFor, type ScanState } from "./scan-state.ts";
import { scanSpans } from "./covered-spans.ts";

export interface ScanOptions extends RecordOptions {
  /** Segments read side by side; by the table's size unless told. */
  readonly segments?: number;
  /** Bytes of items that a batch takes in. 256 MiB unless told. */
  readonly batchBytes?: number;
  /** Begins anew this long after the last one began; undefined: once. */
  readonly everyMs?: number;
  /** Whether the table's stream is read, too: then the scan waits until it is sure to overlap. */
  readonly hasStream: boolean;
  /** The channels that bring changes beside it; the stream alone unless told. */
  readonly changes?: readonly string[];
}

export interface LiveNeeds {
  readonly client: TableClient;
  /** The same, but it does not ask again when it is refused. */
  readonly impatient?: TableClient;
  readonly world: World;
  /** What `world` has its time from; undefined: from this machine. */
  readonly clock?: SourceClock;
  /** What may be used; undefined: as much as the table gives. */
  readonly budget?: ReadBudget;
  /** Where capacity is raised for the scan. */
  readonly raised?: RaisedRead;
  /** Read units a second for the items that a stream without images tells of. */
  readonly itemLimit?: RateLimit;
}

/** What the channels of one table share. */
export interface ChannelParts {
  readonly needs: LiveNeeds;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
}

/**
 * Scans a table in segments side by side, which go on where they were after a stop. Its rows stand at the moment at which the scan began;
 * the last batch ends it with a `T`: keys that the scan did not see are gone.
 */
export function scanChannel(options: ScanOptions, parts: ChannelParts): Channel {
  const ahead = new PagesAhead(async (start, context) => {
    // Loaded where there is something to read.
    const { readPages } = await import("./read-pages.ts");
    const readLimit = parts.needs.budget?.limit;
    return await readPages(start, options, {
      ...parts.needs,
      context,
      ...(readLimit === undefined ? {} : { readLimit }),
    });
  });
  return {
    name: "scan",
    movesWithoutRecords: options.filter !== undefined,
    plan: async (state) => await planScan(options, parts.needs, state),
    stage: async (batch, known, context) => await stage(options, { ...parts, ahead }, { batch, known, context }),
    finish: async () => {
      let left: readonly Notice[] = [];
      try {
        await ahead.close();
      } finally {
        left = (await parts.needs.raised?.putBack()) ?? [];
      }
      return left;
    },
    covered: scanSpans,
  };
}

async function planScan(options: ScanOptions, needs: LiveNeeds, state: ChannelState): Promise<ChannelPlan> {
  const before = decodeScan(state.moved ?? state.last?.end);
  const names = changesOf(options);
  const changes = await changesOrNewest(state, names);
  if (before === undefined) return await planNew(options, needs, changes);
  const isSameFilter = before.filter === filterMark(options.filter);
  const isDue = isSameFilter ? await isDueAgain(before, options, needs) : names.length === 0;
  // The epoch of the changes, which a gap or another filter moves on; without them one each time that the table is scanned again.
  const epoch = Math.max(changes.epoch, before.epoch + (isDue && names.length === 0 ? 1 : 0));
  const isTooOld = names.length === 0 && !isWhole(before) && Date.parse(before.time) < (changes.fromMs ?? 0);
  if (isDue || isTooOld || epoch > before.epoch) return await planNew(options, needs, { ...changes, epoch });
  if (isSameFilter) return await planSame(options, needs, { before, changes });
  const why = "changes are read through the new filter first";
  return { ...NOTHING, waiting: [{ what: `scan of ${options.table}`, why }] };
}

/** The channels that bring changes beside the scan. */
function changesOf({ changes, hasStream }: ScanOptions): readonly string[] {
  return changes ?? (hasStream ? ["stream"] : []);
}

/**
 * The changes beside a scan. Without any that go on, nothing that is in may stand above it: it goes by the newest epoch, and is younger than
 * whatever others brought (DESIGN, "Order").
 */
async function changesOrNewest(
  { beside, newestEpoch, othersMs }: ChannelState,
  names: readonly string[],
): Promise<Changes> {
  const changes = changesBeside(beside, names);
  if (names.length > 0) return changes;
  const lastMs = await othersMs?.(["scan"]);
  return { epoch: (await newestEpoch?.()) ?? 0, fromMs: lastMs === undefined ? 0 : lastMs + OVERLAP_MS };
}

/** Goes on with a scan; where it is through there is nothing to read. */
async function planSame(
  options: ScanOptions,
  needs: LiveNeeds,
  { before, changes }: { readonly before: ScanState; readonly changes: Changes },
): Promise<ChannelPlan> {
  if (isWhole(before)) return await planPutBack(options, needs, before);
  const facts = await describe(needs.client, options);
  // Places in one table mean nothing in another one of its name.
  if (before.tableId === facts.id) return await planned(needs, facts, before);
  return await planNew(options, needs, { ...changes, epoch: before.epoch + 1 });
}

async function planNew(options: ScanOptions, needs: LiveNeeds, { epoch, fromMs }: Changes): Promise<ChannelPlan> {
  const facts = await describe(needs.client, options);
  const nowMs = needs.world.nowMs();
  const older = changesOf(options).length > 0 ? "the stream" : "what other channels brought";
  const waiting = waitFor(fromMs, { nowMs, table: options.table, older });
  if (waiting !== undefined) return { ...NOTHING, waiting: [waiting] };
  const { id: tableId, items: expected, sizeBytes } = facts;
  const segments = options.segments ?? segmentsFor(sizeBytes);
  const filter = filterMark(options.filter);
  return await planned(needs, facts, newScan({ tableId, epoch, filter, nowMs, segments, expected }));
}

/** A scan, with what it may use said. */
async function planned(
  { client, budget, raised }: LiveNeeds,
  facts: TableFacts,
  scan: ScanState,
): Promise<ChannelPlan> {
  const { facts: then, notice } = raised?.planned(facts) ?? { facts };
  const pace = await budget?.fit(client, then);
  const raises = then === facts || raised === undefined ? undefined : `read capacity raised to ${raised.raiseTo}`;
  const title = [titleOf(scan), ...(pace === undefined ? [] : [pace]), ...(raises === undefined ? [] : [raises])].join(
    ", ",
  );
  return { ...NOTHING, batches: [{ ...openBatch(scan), title }], waiting: notice === undefined ? [] : [notice] };
}

/** Nothing is scanned; where an earlier run could not put the capacity back, this one does. */
async function planPutBack(
  options: ScanOptions,
  { client, raised }: LiveNeeds,
  whole: ScanState,
): Promise<ChannelPlan> {
  if (raised === undefined) return NOTHING;
  const facts = await describe(client, options);
  const from = await raised.left(facts);
  if (from === undefined) return NOTHING;
  const later = raised.later(facts, from);
  if (later !== undefined) return { ...NOTHING, waiting: [later] };
  return { ...NOTHING, batches: [{ ...openBatch(whole), title: `read capacity put back to ${from}` }] };
}

async function isDueAgain(
  before: ScanState,
  options: ScanOptions,
  { client, world, clock }: LiveNeeds,
): Promise<boolean> {
  if (!isWhole(before) || options.everyMs === undefined) return false;
  const dueMs = Date.parse(before.time) + options.everyMs;
  if (world.nowMs() < dueMs || clock === undefined) return world.nowMs() >= dueMs;
  // The scan of before is dated by the table's clock, which its answer tells.
  await describe(client, options);
  return world.nowMs() >= dueMs;
}

const NOTHING: ChannelPlan = { batches: [], waiting: [], skipped: [] };

/** Until the changes beside it reach back far enough, or lie far enough behind it, that nothing can fall between them and the scan. */
function waitFor(
  fromMs: number | undefined,
  { nowMs, table, older }: { readonly nowMs: number; readonly table: string; readonly older: string },
): { what: string; why: string } | undefined {
  const what = `scan of ${table}`;
  if (fromMs === undefined) return { what, why: "the stream's position must be known first" };
  if (nowMs >= fromMs) return undefined;
  const from = shortTime(new Date(fromMs).toISOString());
  return { what, why: `it begins at ${from} or later: ${older} must be five minutes older` };
}

/** Fails where the table is not there, or is another one than the definition says. */
export async function describe(
  client: Pick<TableClient, "describeTable" | "where">,
  { table, keys }: RecordOptions,
): Promise<TableFacts> {
  try {
    const facts = await client.describeTable();
    checkKeys(facts, keys);
    return facts;
  } catch (error) {
    if (!isFault(error, "missing")) throw error;
    throw new SluiceError("source.missing", "Cannot read the table: it is not there", {
      facts: { table, at: client.where },
      advice: "Correct `table`, `region` or `endpoint` of the source.",
    });
  }
}

/** Fails where the table is not what the definition says. */
function checkKeys(facts: TableFacts, keys: readonly string[]): void {
  if (facts.keys.length === keys.length && facts.keys.every((key, index) => key === keys[index])) return;
  throw new SluiceError("source.invalid", "Cannot read the table: its primary key is another one than `keys` says", {
    facts: { table: facts.arn, keys: keys.join(", "), found: facts.keys.join(", ") },
    advice: "Correct `keys` of the source.",
  });
}

function titleOf({ time, items, expected }: ScanState): string {
  const of = expected > items ? ` of about ${expected.toLocaleString("en-US")}` : "";
  return `scan ${shortTime(time)}${items === 0 ? "" : `, ${items.toLocaleString("en-US")}${of} items in`}`;
}

function openBatch(state: ScanState): PlannedBatch {
  return {
    epoch: state.epoch,
    files: [],
    start: encodeScan(state),
    end: undefined,
    title: titleOf(state),
    records: isWhole(state) ? 0 : Math.max(0, state.expected - state.items),
  };
}

async function stage(
  options: ScanOptions,
  { ahead, ...parts }: ChannelParts & { readonly ahead: PagesAhead },
  { batch, known, context }: { batch: PlannedBatch; known: StructType | undefined; context: StageContext },
): Promise<StagedBatch> {
  const { stageSnapshot } = await import("./stage-live.ts");
  const start = decodeScan(batch.start);
  if (start === undefined) throw new SluiceError("internal.bug", "A scan's batch has a beginning");
  if (!isWhole(start)) await ready(parts.needs, context.signal);
  return await ahead.with(start, context, async ({ spooled, state }, folder) => {
    const store = localStore(folder, { world: context.world });
    const staging = { options, store, hints: parts.hints, known, context, threads: parts.threads };
    const snapshot = { channel: "scan", time: state.time, epoch: state.epoch } as const;
    const staged = await stageSnapshot(staging, spooled, { snapshot, isWhole: isWhole(state) && !isWhole(start) });
    return { ...staged, end: encodeScan(state), ...(isWhole(state) ? {} : { behind: openBatch(state) }) };
  });
}

/** The table's capacity and our budget as they are to be while it is scanned. */
async function ready({ client, budget, raised }: LiveNeeds, signal: AbortSignal | undefined): Promise<void> {
  if (raised !== undefined) await budget?.fit(client, await raised.raise(signal));
  else if (budget !== undefined && budget.limit === undefined) await budget.fit(client, await client.describeTable());
}
