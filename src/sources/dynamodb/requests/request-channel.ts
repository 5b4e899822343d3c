import { SluiceError, type World } from "../../../base/index.ts";
import { CONTRACT_COLUMNS, struct, type StructType } from "../../../contract/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import type { Channel, ChannelPlan, ChannelState, Notice, PlannedBatch, StagedBatch } from "../../source.ts";
import { changesBeside } from "../live/beside.ts";
import type { RecordOptions } from "../options.ts";
import { decodeCoverage, type Coverage } from "../plan/coverage.ts";
import { aloneFrom, besideFrom, isJoined } from "../plan/goes-on-from.ts";
import { describe } from "../live/scan-channel.ts";
import { endMsOf, type ExportClient, type ExportOrder, type ExportPlace } from "./export-client.ts";
import { knownExports, type EndedExports } from "./known-exports.ts";
import { planRequests, titleOf, type Wanted } from "./plan-requests.ts";
import { decodeRequests, encodeRequests, type Requests } from "./request-memory.ts";

/** What is asked for. */
export interface RequestSettings {
  readonly place: ExportPlace;
  /** How much a window holds; beside a stream there are none but those that fill a gap. */
  readonly everyMs: number;
}

export interface RequestOptions extends RecordOptions, RequestSettings {
  readonly hasStream: boolean;
  /** The channels that bring changes beside it; the stream alone unless told. */
  readonly changes?: readonly string[];
}

export interface RequestParts {
  readonly client: ExportClient;
  /** Its root is the folder that the exports are written to. */
  readonly store: ObjectStore;
  readonly world: World;
}

/**
 * Asks DynamoDB for the exports that the export channel reads. It brings no records: what it did is its memory, and where that is lost
 * DynamoDB's own list of exports tells.
 */
export function requestChannel(options: RequestOptions, parts: RequestParts): Channel {
  const ended: EndedExports = new Map();
  let seen: { readonly key: string; readonly untilMs: number; readonly plan: ChannelPlan } | undefined;
  return {
    name: "export-requests",
    isLive: true,
    plan: async (state) => {
      const wanted = wantedNow(options, state);
      if (wanted === undefined || "why" in wanted) return { ...NOTHING, waiting: wanted === undefined ? [] : [wanted] };
      const key = JSON.stringify([state.moved, ...(state.beside ?? [])]);
      const nowMs = parts.world.nowMs();
      if (seen?.key === key && nowMs < seen.untilMs) return seen.plan;
      const reached = await reachedIn(options, state);
      if (isTooEarly(options, { ...reached, moved: state.moved }, nowMs)) return NOTHING;
      const plan = await planFrom(options, { ...parts, ended, wanted, reached }, state);
      seen = plan.batches.length > 0 ? undefined : { key, untilMs: nowMs + LOOK_MS, plan };
      return plan;
    },
    stage: async (batch, known) => await ask(options, parts, { batch, known }),
    // What comes of its requests the export channel covers.
    covered: () => [],
  };
}

/** An export takes minutes at least: who runs all the time need not look more often. */
const LOOK_MS = 30_000;

const NOTHING: ChannelPlan = { batches: [], waiting: [], skipped: [] };

/** What exports are wanted for; a notice where that is not known yet, undefined where there is nothing to want. */
function wantedNow(
  { hasStream, everyMs, table, changes = ["stream"] }: RequestOptions,
  { beside }: ChannelState,
): Wanted | Notice | undefined {
  if (!hasStream) return { kind: "windows", everyMs };
  const live = changesBeside(beside, changes);
  const goalMs = live.fromMs;
  if (goalMs === undefined) return { what: `export of ${table}`, why: "the stream's position must be known first" };
  const coverage = decodeCoverage(beside?.get("export"));
  if (coverage?.coveredTo !== null && coverage !== undefined && isJoined(live, coverage)) return undefined;
  return { kind: "reach", goalMs: Math.ceil(goalMs / 1_000) * 1_000, epoch: live.epoch };
}

/** Where the exports are to go on, and from when on a full one is needed for that. */
interface Reached {
  readonly coverage: Coverage | undefined;
  readonly fullFrom?: string;
}

async function reachedIn(
  { hasStream, changes = ["stream"] }: RequestOptions,
  { beside, newestEpoch, othersMs }: ChannelState,
): Promise<Reached> {
  const before = decodeCoverage(beside?.get("export"));
  if (hasStream) {
    const others = { othersMs: await othersMs?.(["export", ...changes]) };
    return behindEpoch(besideFrom(changesBeside(beside, changes), before, others));
  }
  return aloneFrom(before, { newestEpoch: (await newestEpoch?.()) ?? 0, othersMs: await othersMs?.(["export"]) });
}

/** An epoch of the stream that no export belongs to yet is begun by a full one that is younger than those of before. */
function behindEpoch(reached: Reached): Reached {
  const { coverage, fullFrom = "" } = reached;
  if (coverage === undefined || reachedBy(coverage) !== undefined) return reached;
  const afterMs = Date.parse(coverage.base) + 1_000;
  const after = new Date(afterMs - (afterMs % 1_000)).toISOString();
  return { coverage, fullFrom: after > fullFrom ? after : fullFrom };
}

/** Alone: when no window is complete yet, and none is under way. */
function isTooEarly(
  { hasStream, everyMs }: RequestOptions,
  { coverage, moved }: Reached & Pick<ChannelState, "moved">,
  nowMs: number,
): boolean {
  const reached = coverage?.coveredTo ?? null;
  if (hasStream || reached === null) return false;
  const reachedMs = Date.parse(reached);
  const isAwaited = decodeRequests(moved).asked.some(({ endMs }) => endMs > reachedMs);
  return !isAwaited && nowMs - reachedMs < everyMs;
}

interface RequestWork {
  readonly ended: EndedExports;
  readonly wanted: Wanted;
  readonly reached: Reached;
}

async function planFrom(
  options: RequestOptions,
  { client, store, world, ended, wanted, reached }: RequestParts & RequestWork,
  { beside, moved }: ChannelState,
): Promise<ChannelPlan> {
  const { place, table } = options;
  const { arn: tableArn, id: tableId } = await describe(client, options);
  const before = decodeCoverage(beside?.get("export"));
  const { coverage, fullFrom } = reached;
  const reachedMs = coverage?.tableId === tableId ? reachedBy(coverage) : undefined;
  const behindMs = before?.tableId === tableId ? behindWhich(reached, before) : undefined;
  const { asked, refused } = decodeRequests(moved);
  const arns = asked.filter((one) => one.endMs > (behindMs ?? -1)).map((one) => one.arn);
  const known = await knownExports({ client, store, place, tableArn, tableId, behindMs, asked: arns }, ended);
  const recovery = await client.recovery();
  const nowMs = world.nowMs();
  const full = fullFrom === undefined ? {} : { fullFromMs: Date.parse(fullFrom) };
  const plan = planRequests({ table, tableId, place, nowMs, recovery, reachedMs, known, wanted, ...full });
  const running = known.filter(({ status }) => status === "running");
  const start: Requests = {
    format: 1,
    asked: running.map(({ arn, content }) => ({ arn, endMs: endMsOf(content) })),
    orders: plan.orders,
    tableArn,
  };
  // What was refused is asked for again now; told only as long as there is something to ask for.
  const isRefused = refused !== undefined && plan.orders.length > 0;
  const waiting = isRefused ? [{ what: `export of ${table}`, why: refused }, ...plan.waiting] : plan.waiting;
  const batches = plan.orders.length === 0 ? [] : [requestBatch(start)];
  return { ...NOTHING, batches, waiting, ...(plan.problem === undefined ? {} : { problem: plan.problem }) };
}

/** What ends at that moment or before it, ms, is of no use any more. A full export that begins anew may lie before the end of what is in. */
function behindWhich({ coverage, fullFrom }: Reached, before: Coverage): number {
  if (coverage === undefined && fullFrom !== undefined) return Date.parse(fullFrom) - 1;
  const reachedMs = coverage === undefined ? undefined : reachedBy(coverage);
  return Math.max(reachedMs ?? -1, reachedBy(before) ?? -1);
}

function reachedBy({ coveredTo, base, partial }: Coverage): number | undefined {
  if (coveredTo !== null) return Date.parse(coveredTo);
  // A full export that is in with some of its files.
  return partial === undefined ? undefined : Date.parse(base);
}

function requestBatch(start: Requests): PlannedBatch {
  const titles = (start.orders ?? []).map(({ content }) => titleOf(content));
  const title = `request of ${titles.join(", ")}`;
  return { epoch: 0, files: [], start: encodeRequests(start), end: undefined, title };
}

async function ask(
  { place }: RequestOptions,
  { client }: RequestParts,
  { batch, known }: { readonly batch: PlannedBatch; readonly known: StructType | undefined },
): Promise<StagedBatch> {
  const { orders = [], tableArn, asked: before } = decodeRequests(batch.start);
  if (tableArn === undefined) throw new SluiceError("internal.bug", "A request of exports names its table");
  const asked = [...before];
  let refused: string | undefined;
  for (const order of orders) {
    refused = await askFor(client, tableArn, { order, place, asked });
    // What comes behind it must follow on what DynamoDB has.
    if (refused !== undefined) break;
  }
  const schema = known ?? struct(CONTRACT_COLUMNS);
  const relation = { sql: "SELECT * FROM nothing", inputs: { nothing: { kind: "rows", schema, rows: [] } } } as const;
  const end = encodeRequests({ format: 1, asked, ...(refused === undefined ? {} : { refused }) });
  return { relation, schema, files: [], rows: 0, unreadable: [], end };
}

/** Why it was refused for now; undefined where it was accepted. */
async function askFor(
  client: ExportClient,
  tableArn: string,
  {
    order,
    place,
    asked,
  }: { readonly order: ExportOrder; readonly place: ExportPlace; readonly asked: Requests["asked"][number][] },
): Promise<string | undefined> {
  const answer = await client.request(tableArn, order, place);
  if (answer.kind === "too-many")
    return "DynamoDB took no more requests: too many exports of the account are under way";
  if (answer.kind === "asked-before") return "DynamoDB has been asked for it before: it is waited for";
  if (!asked.some(({ arn }) => arn === answer.arn)) asked.push({ arn: answer.arn, endMs: endMsOf(order.content) });
  return undefined;
}
